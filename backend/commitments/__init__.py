"""Commitments 信用承诺: what an enterprise promises an authority, whether it kept its word, and who found so."""
