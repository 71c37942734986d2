"""Rule sets 评价规则: proposed, published by two people for a day to come, and held by every worker."""
