"""`xinyi bench scoring`: the engines beside a bare decode and beside other people's engines, in one run, after their results
compared equal."""
