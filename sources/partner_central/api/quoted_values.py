"""Takes names of customers out of errors: AWS quotes in its message the value of a filter that it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from botocore.exceptions import ClientError

PERSONAL = frozenset({"CustomerCompanyName"})  # conditions of requests
HIDDEN = "***"


def hide_quoted(error: ClientError, request: Mapping[str, Any]) -> None:
    """Takes the personal values of a request out of the error itself, since its trace is stored as well."""
    texts = sorted(_personal(request), key=len, reverse=True)
    if not texts:
        return
    quoted = re.compile("|".join(map(re.escape, texts)), re.IGNORECASE)
    error.args = tuple(quoted.sub(HIDDEN, str(argument)) for argument in error.args)
    response = cast("dict[str, Any]", error.response)
    for entry in (response.get("Error", {}), response, *(response.get("ErrorList") or [])):
        for name in entry.keys() & {"Message", "message"}:
            entry[name] = quoted.sub(HIDDEN, str(entry[name]))


def _personal(value: object, *, is_personal: bool = False) -> Iterator[str]:
    """Yields the values of personal conditions, of a list of conditions or of a tree with `Key` and `Value`."""
    match value:
        case Mapping():
            is_personal = is_personal or value.get("Key") in PERSONAL
            for name, inner in value.items():
                if name != "Key":
                    yield from _personal(inner, is_personal=is_personal or name in PERSONAL)
        case list():
            for inner in value:
                yield from _personal(inner, is_personal=is_personal)
        case str() if is_personal and value:
            yield value
