"""`forget`: removes personal data that was stored in clear."""
