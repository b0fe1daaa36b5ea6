"""Where rows go: one file a destination, and what they share."""
