"""Every version of an opportunity that was seen, as a row of its own: Partner Central itself keeps none but the newest.

A row holds the columns of `opportunities`, the known lists as text a person can read, a hash of the record's content,
and when a run first read it. The hash is part of the key: with dates of whole seconds, a record can change twice within
one, and both versions are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from .model import Column, RecordModel
from .rows import ACCOUNT, Row

SEPARATOR = "; "


def _models(entries: Sequence[Row]) -> str:
    return SEPARATOR.join(entry["value"] for entry in entries if entry.get("value"))


def _spends(entries: Sequence[Row]) -> str:
    return SEPARATOR.join(filter(None, map(_spend, entries)))


def _spend(entry: Row) -> str:
    """`1,250.00 USD Monthly (AWS)`; what is null is left out."""
    amount, company = entry.get("amount"), entry.get("target_company")
    parts = (
        None if amount is None else f"{amount:,}",
        entry.get("currency_code"),
        entry.get("frequency"),
        f"({company})" if company else None,
    )
    return " ".join(filter(None, parts))


LISTS: dict[str, Callable[[Sequence[Row]], str]] = {
    "project_delivery_models": _models,
    "project_expected_customer_spend": _spends,
}
KEY = ("id", "last_modified_date", "content_hash")
OWN_COLUMNS = (
    Column((), "project_delivery_models", "text", "The delivery models, in the record's order, joined with '; '."),
    Column(
        (),
        "project_expected_customer_spend",
        "text",
        "The expected spend, joined with '; ', each as: amount, currency, frequency, target company in brackets.",
    ),
    Column((), "content_hash", "text", "Tells versions apart that were modified within the same second."),
    Column((), "read_order", "bigint", "Its place in the order in which versions were read, over all runs."),
    Column((), "order_is_known", "bool", "Whether that order is known."),
    Column(
        (), "first_seen_at", "timestamp", "When the run began that first read this version, by its machine's clock."
    ),
)


def history_model(model: RecordModel) -> RecordModel:
    """The table of versions of the records of a model: its columns and a few more, no lists."""
    return RecordModel((*model.columns, *OWN_COLUMNS), ())


class History:
    """Makes the rows of versions.

    Args:
        model: the columns and lists of `opportunities`.
        seen_at: when the run began that reads them.
    """

    def __init__(self, model: RecordModel, seen_at: datetime) -> None:
        self._seen_at = seen_at
        self._known = frozenset({"_dlt_id", ACCOUNT, *LISTS, *(column.name for column in model.columns)})

    def version(self, row: Row, read_order: int) -> Row:
        """The row of one version.

        Args:
            row: its row of `opportunities`, with its lists. Those the model does not know are left out.
            read_order: its place in the order of reading.
        """
        version = dict(row)
        for name, text in LISTS.items():
            if (entries := version.pop(name, None)) and (written := text(entries)):
                version[name] = written
        if not row.keys() <= self._known:
            version = {name: value for name, value in version.items() if not isinstance(value, list)}
        version["content_hash"] = version_hash({k: str(v) for k, v in row.items() if not k.startswith("_dlt")})
        version["read_order"], version["order_is_known"] = read_order, True
        version["first_seen_at"] = self._seen_at
        return version


def unheld(versions: Sequence[Row], held: set[str]) -> list[Row]:
    """The versions that a load does not hold yet, which are noted: the merge looks for a version in the table only."""
    new = []
    for version in versions:
        if version["content_hash"] not in held:
            held.add(version["content_hash"])
            new.append(version)
    return new


def version_hash(record: dict[str, Any]) -> str:
    """128 bits of BLAKE2 over a record's members and values, in hexadecimal.

    It is the same whatever the order of members, and whether one is left out, null or empty.
    """
    parts: list[str] = []
    _write(record, parts)
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _write(structure: dict[str, Any], parts: list[str]) -> None:
    """Write down a structure's members that hold something, by name; no text that is a column's value holds a NUL."""
    for name in sorted(structure):
        value = structure[name]
        if isinstance(value, str):
            parts += (name, value)
        elif value is None:
            continue
        elif isinstance(value, dict):
            _write_inner(name, value, parts)
        elif isinstance(value, list):
            _write_inner(name, _numbered(value), parts)
        else:
            parts += (f"{name} =", repr(value))


def _write_inner(name: str, structure: dict[str, Any], parts: list[str]) -> None:
    before = len(parts)
    parts.append(f"{name} {{")
    _write(structure, parts)
    if len(parts) > before + 1:
        parts.append("}")
    else:
        parts.pop()


def _numbered(entries: list[Any]) -> dict[str, Any]:
    """The entries of a list that are not null as a structure, in their order."""
    return {f"{number:06}": entry for number, entry in enumerate(entry for entry in entries if entry is not None)}
