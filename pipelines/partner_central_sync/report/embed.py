"""The rows as the page carries them: columns, a list of values once where they repeat, compressed, in letters.

Base64 has no character that HTML could take for its own, so no name can end the element that it is in.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from .evaluate import Entry
from .fields import TABLES
from .snapshot import Snapshot, Table

LEVEL = 4  # half the time of the usual level, for a tenth more
SAFE = 2**53  # beyond, a number of a browser is not exact, so that it is sent as text
ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(value: object) -> str:
    """Returns JSON that can be in a page: nothing in it can end its element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED)


def pack(snapshot: Snapshot) -> str:
    """Returns all tables as one text."""
    tables = {
        name: {field.name: _encode(field.kind, table.columns[field.name]) for field in TABLES[name]}
        for name, table in snapshot.tables.items()
    }
    opportunities = {key: place for place, key in enumerate(_keys(snapshot.tables["opportunities"]))}
    for name in tables.keys() - {"opportunities"}:
        columns: dict[str, Any] = tables[name]
        ids = snapshot.tables[name].columns["id"]
        columns["id"] = [
            opportunities.get(key, -1) for key in _keys(snapshot.tables[name])
        ]  # the place of its row: a filter finds it by that
        columns["other"] = {place: key for place, key in enumerate(ids) if key is not None and columns["id"][place] < 0}
        if "customer" in columns:
            known = snapshot.tables["opportunities"].columns["customer"]
            names = zip(columns["id"], snapshot.tables[name].columns["customer"], strict=True)
            columns["customer"] = {
                n: text for n, (place, text) in enumerate(names) if place < 0 or known[place] != text
            }
    spends = {
        row: [[currency, _number(amount)] for currency, amount in pairs] for row, pairs in snapshot.spends.items()
    }
    sizes = {name: table.size for name, table in snapshot.tables.items()}
    text = json.dumps({"sizes": sizes, "tables": tables, "spends": spends}, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), LEVEL, mtime=0)).decode()


def written_entry(entry: Entry) -> dict[str, Any]:
    """Returns an entry of a figure as the programs of the page know it; the median stands for all of its values."""
    group = entry.group
    return {
        "label": entry.label,
        "key": entry.key,
        "counts": group.counts,
        "sums": [{currency: _number(amount) for currency, amount in sums.items()} for sums in group.sums],
        "values": [median(group.values)] if group.values else [],
    }


def _keys(table: Table) -> Iterable[tuple[str | None, str | None]]:
    """The account and the identifier of the opportunity of each row."""
    return zip(table.columns["account"], table.columns["id"], strict=True)


def _encode(kind: str, values: Sequence[Any]) -> object:
    if kind in {"name", "names"}:
        found: Mapping[Any, int] = {value: place for place, value in enumerate(dict.fromkeys(values))}
        return {"values": list(found), "of": list(map(found.__getitem__, values))}
    if kind == "money":
        return [_number(value) for value in values]
    return values


def _number(value: int | None) -> int | str | None:
    return value if value is None or abs(value) < SAFE else str(value)
