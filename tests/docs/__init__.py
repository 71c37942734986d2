"""The documentation is run and checked like code."""
