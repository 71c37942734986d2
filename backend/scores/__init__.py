"""Scores 信用分: computed with consent only, from catalogue records, by the rule set in force; explained line by line."""
