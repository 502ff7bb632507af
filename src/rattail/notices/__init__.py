"""What a person has to hear of, until somebody was told: the outbox of mail, and of whatever else tells people."""
