"""Pure: code formats, signatures, eligibility, order and deposit states; and the client that partners install."""
