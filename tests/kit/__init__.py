"""Tools of the tests: real environments, snapshots, other users."""
