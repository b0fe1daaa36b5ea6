"""One sync, and what surrounds it: settings, accounts, working folder, removals, run log."""
