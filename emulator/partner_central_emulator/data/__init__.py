"""Invented records, the lists of them, and events over days.

`records.py`, `words.py` invented opportunities · `store.py` the records of a catalog · `query.py`, `listing.py` lists
and their pages · `life.py` events · `catalog.py` one catalog, safe for threads
"""
