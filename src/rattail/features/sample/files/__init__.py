"""Files as vendors and counters send them, about the goods of the made-up shop."""
