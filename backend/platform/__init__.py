"""What every room stands on: clock, database, cache, keys, problems, jobs and telemetry. It imports no room."""
