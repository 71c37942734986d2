"""Subjects 信用主体: who a record is about, as a pseudonymous id behind an identity number or a unified social credit code."""
