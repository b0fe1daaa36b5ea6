"""Invented records, the lists of them, and events over days.

- Opportunities: `records.py`, `words.py` invented ones · `store.py`, `row.py` those of a catalog · `query.py`,
  `listing.py` the list · `life.py` events
- What is read one by one: `details.py` opportunities · `aws_side.py`, `aws_summary.py`, `aws_insights.py` the summaries
  of AWS · `members.py` members of engagements · `single_reads.py` how those reads behave
- The search for them: `search_records.py` the keys · `search_filter.py` the filter · `search_index.py` the index
- Lists that are read whole: `collection.py` any · `collections.py` which there are · `deals.py`, `draws.py` what fits
  together · `invitations.py`, `engagements.py`, `leads.py`, `tasks.py` the records
- `news.py` changes as events
- `pager.py` pages of any list · `catalog.py` one catalog, safe for threads
"""
