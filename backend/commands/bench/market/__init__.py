"""`xinyi bench market`: redemption of one hot benefit and of many, beside bare statements on the same database, and after a long history."""
