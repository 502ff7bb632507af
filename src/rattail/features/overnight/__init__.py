"""Work done at night, by Luigi."""
