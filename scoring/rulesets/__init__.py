"""Rule sets that come with the package, as data."""
