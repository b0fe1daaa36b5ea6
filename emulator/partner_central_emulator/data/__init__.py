"""Invented records, the lists of them, and events over days.

- Opportunities: `records.py`, `words.py` invented ones · `store.py`, `row.py` those of a catalog · `query.py`,
  `listing.py` the list · `life.py` events
- The search for them: `search_records.py` the records · `search_filter.py` the filter · `search_index.py` the index
- Lists that are read whole: `collection.py` any · `collections.py` which there are · `deals.py`, `draws.py` what fits
  together · `invitations.py`, `engagements.py`, `leads.py`, `tasks.py` the records
- `pager.py` pages of any list · `catalog.py` one catalog, safe for threads
"""
