"""The integrity code 诚信码: one-time tickets, the rotating code shown from them, and their burning at first use."""
