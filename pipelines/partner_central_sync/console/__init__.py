"""Messages, exit codes, and the sentence for each failure."""
