"""HTML, escaped in one place: text is escaped where it enters an element, and only `Html` is taken as it is."""

from __future__ import annotations

from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(_name: str, *children: str | None, **attributes: str | int | None) -> Html:
    """Returns an element. Children that are not `Html` are escaped; a None child or attribute is left out.

    Attributes are written with `-` for `_`, without a `_` at the end.
    """
    markup = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{_name}{markup}>{join(*children)}</{_name}>")


def join(*children: str | None) -> Html:
    """Joins children, each escaped if it is not `Html`."""
    return Html("".join(one if isinstance(one, Html) else escape(one) for one in children if one is not None))
