"""`xinyi bench codes`: what a signature, an offline code and a verification cost, beside others' ways of doing the same."""
