"""诚信码: the code on the phone, as bytes, text and digits."""
