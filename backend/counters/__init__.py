"""Counter codes 台码: a printed sign of a store that a resident scans, confirms and is served by, without showing a code."""
