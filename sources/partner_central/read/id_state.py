"""The state of a stream that is read by ids. What is due is a question to the destination, so no id is here.

- `reading`: number of the newest reading of everything that was begun. Ids that were read in an earlier one are due.
- `reads`: how many ids were read since the tables were made. So each load changes the state, by which loads of two
  machines are told apart.
- `answered`: whether AWS ever gave a record of an id, or had none. So it does not refuse the operation.
- `versions`: the newest version of each id, where the destination is not asked for it; see `known_versions.py`.
- `order`: read_order of the newest version, where versions are kept.
- `catalog`, `account`, `members`: as in `state.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

READING, READS, ANSWERED, ORDER, VERSIONS = "reading", "reads", "answered", "order", "versions"


def reading_of(state: Mapping[str, Any], *, full: bool) -> int:
    """Returns the number of the reading under way.

    Args:
        state: of the stream.
        full: whether everything is to be read again.
    """
    number: int = state.get(READING, 1)
    return number + full


def forget_reads(state: MutableMapping[str, Any]) -> None:
    """Lets every id be due, because tables were lost."""
    if READING in state:
        state[READING] += 1
