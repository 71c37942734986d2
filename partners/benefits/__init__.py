"""信易+权益: terms, publication and eligibility as pure decisions."""
