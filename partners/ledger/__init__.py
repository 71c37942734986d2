"""The ledger 账本: who pays for a benefit, postings that always balance, statements, and what the books must say. Pure."""
