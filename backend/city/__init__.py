"""The synthetic city: residents, organisations, benefits and records of a place that does not exist."""
