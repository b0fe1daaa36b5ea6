"""The site of the documentation: what it is built from, and what becomes of links out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import site_pages

BUILD = Path("/build/docs")


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("how-to/cron.md", "See [the file](../../Dockerfile).", "See the file."),
        (
            "how-to/cron.md",
            "[Tables](../reference/tables.md#opportunities)",
            "[Tables](../reference/tables.md#opportunities)",
        ),
        ("index.md", "[x](../README.md#a) and [y](how-to/cron.md)", "x and [y](how-to/cron.md)"),
        ("how-to/dlt.md", "[web](https://example.com/../a)", "[web](https://example.com/../a)"),
    ],
)
def test_a_link_out_of_the_pages_becomes_its_text(
    page: str, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "BUILD", BUILD)
    assert site_pages.without_outside_links(text, BUILD / "pages" / page) == expected
