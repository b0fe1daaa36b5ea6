"""One file for each family of operations: what it offers, filters and sorts."""
