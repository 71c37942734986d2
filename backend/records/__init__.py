"""Records 信用记录: what sources deliver, checked against the catalogue, kept and corrected."""
