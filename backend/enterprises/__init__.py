"""Enterprises 企业: legal persons and other organisations that register by choice, and the agents who act for them."""
