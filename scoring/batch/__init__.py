"""The same rules over columns: Arrow batches in, Arrow batches out, a city in seconds. Reading and writing files and
databases is the shell's. `columns`, `tables`, `kernel` and `run` need numpy, numba and pyarrow; `sql` needs nothing."""
