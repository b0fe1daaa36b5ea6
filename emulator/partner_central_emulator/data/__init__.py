"""Invented records, and what days do to them."""
