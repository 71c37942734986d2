"""The bench measures what it says; what it measures is never asserted."""
