"""The ledger 账本: budgets, subsidy plans, postings in the transaction of the redemption, and monthly statements."""
