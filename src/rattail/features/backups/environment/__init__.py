"""The environment a backup was made in: its record, its wheels, and how it is built again without a network."""
