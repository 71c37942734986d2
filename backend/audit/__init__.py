"""The audit 审计: every balance, counter and total derived anew from the events and compared to the fen."""
