"""Declarations 自主申报: what an enterprise says about itself, marked as its own word and verified by nobody."""
