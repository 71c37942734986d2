"""Piccolo's migrations, in the order of their names."""
