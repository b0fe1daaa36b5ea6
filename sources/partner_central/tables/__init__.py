"""From a record to the rows of every table."""
