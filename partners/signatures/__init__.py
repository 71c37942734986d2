"""HTTP message signatures: our profile of RFC 9421, both ways."""
