"""The web side of the platform: operations, problems on the wire, signatures, request ids and metrics."""
