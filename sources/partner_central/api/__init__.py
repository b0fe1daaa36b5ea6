"""One call to Partner Central: connection, pace, retries, and what a failure means."""
