"""Prepares the site of the documentation in `build/docs`: `make docs` builds it from there.

    python docs/site_pages.py

The generator wants its configuration above the pages. A link to a file outside of them becomes its text, since the site
does not have that file.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build" / "docs"
LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#]*)[^)]*\)")


def prepare() -> Path:
    """Copies the pages and the configuration; returns where the latter is."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(DOCS, BUILD / "pages", ignore=shutil.ignore_patterns("*.py", "*.yml", "__pycache__", "notebooks"))
    for page in (BUILD / "pages").rglob("*.md"):
        page.write_text(without_outside_links(page.read_text(encoding="utf-8"), page), encoding="utf-8")
    return Path(shutil.copy(DOCS / "site.yml", BUILD / "mkdocs.yml"))


def without_outside_links(text: str, page: Path) -> str:
    """Returns the text of a copied page, whose links all lead to others."""
    pages = BUILD / "pages"

    def kept(link: re.Match[str]) -> str:
        return link[0] if (page.parent / link[2]).resolve().is_relative_to(pages) else link[1]

    return LINK.sub(kept, text)


if __name__ == "__main__":
    prepare()
