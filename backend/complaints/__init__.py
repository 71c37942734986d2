"""Complaints 投诉: one tap on a visit, accepted on the clock, answered in writing by the day; the partner learns what, never who."""
