"""The views: their SQL files, their translation, and what a sync does to keep them.

- `files.py`: the files of `pipelines/views`, and the comments at their heads.
- `absent_tables.py` and `user_tables.py`: tables that may be missing, and the ones that a user fills.
- `shared_files.py`: the views of a dataset that several accounts share. `by_account.py` rewrites them for each account,
  `all_accounts.py` for all together; `query_parts.py` takes queries apart.
- `translation.py`: the dialect of the destination.
- `keeping.py`: compares the views of an open destination with the files, and replaces what differs.
- `sync_step.py`: when a sync does so, and the warnings.

What a destination's statements are is in `destinations/views`.
"""
