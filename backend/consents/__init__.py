"""Consents 同意: to compute a score, and to show something from it; two consents, dated, ending by themselves (PIPL art. 15, 16)."""
