"""Whole populations by the columnar engine: from files or the database, a shard at a time. Loads numpy, numba and pyarrow,
which is why the server imports this package only where a batch runs."""
