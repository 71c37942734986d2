"""Signed requests in one line, as a partner or a source sends them; the answer's signature is checked too."""
