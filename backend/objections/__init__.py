"""Objections 异议: a person says that a record about them is wrong, and the authority marks, examines and decides by the day."""
