"""`query`: one read-only SELECT, and its rows as text."""
