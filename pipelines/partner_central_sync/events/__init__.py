"""Reads events of Partner Central from an SQS queue. An event says what to read again, and nothing else.

`message.py` reads one message, `batch.py` keeps the messages of one load, `queue.py` receives, deletes and gives back.
`address.py` is the queue's URL with the permissions that it needs. `errors.py` has a sentence for each failure.
"""
