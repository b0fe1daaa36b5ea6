"""Writes `docs/views.md` from the heads of the SQL files: `python docs/generate.py`."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import sqlglot

from partner_central_sync.sync.views import view_texts

PAGE = Path(__file__).parent.parent / "docs" / "views.md"
ORDER = (
    *("data_freshness", "opportunity_current", "opportunity_standing", "opportunity_spend"),
    *("pipeline_by_stage", "expected_spend_by_month"),
    *("past_target_close", "slipped_close_dates", "stalled", "review_ageing", "action_required"),
    *("stage_transitions", "stage_velocity", "stage_periods", "life_cycle_stages"),
    *("win_rate_by_quarter", "closed_lost_reasons", "launched_monthly_recurring"),
    *("changes_last_7_days", "changes"),
)
IDENTIFIER = re.compile(r"(?i)\b[a-z]+(_[a-z]+)+(\.[a-z_]+)?\b")
BEGINNING = """# Views

A sync creates these views beside the tables. They are plain SQL, one file each in
[`pipelines/views`](../pipelines/views), written for DuckDB and translated for the destination. What holds for all:

- **Now is the newest change AWS has shown**, `data_freshness.as_of`, never the clock of a machine. Days are whole days
  between UTC dates. In an account where nothing changes, time stands still: look at `data_freshness.last_success_at`.
- **Amounts are a month's, and currencies are never added.** What sums, groups by `currency_code`.
- **Open** is neither Launched nor Closed Lost; a stage that AWS adds tomorrow is open. **Gone** opportunities (see
  `opportunity_presence`) are in `opportunity_current`, marked, and in no view of the open pipeline.
- **History begins with the first sync.** Where it decides, a column says whether the day was seen or is a bound.
- **Review fields** are those of opportunities that the partner originated; AWS fills them for no others.

A view is replaced when its file changes with an upgrade. Build your own on top under other names; in PostgreSQL, views
of yours on these keep them from being replaced where their columns change, and the sync says so.
"""


def page() -> str:
    """The page: each view with its question, definition, pitfalls and columns."""
    texts = view_texts()
    if missing := set(ORDER) ^ texts.keys():
        raise SystemExit(f"ORDER and pipelines/views differ: {', '.join(sorted(missing))}")
    return "\n".join([BEGINNING, *(_section(name, texts[name]) for name in ORDER)])


def _section(name: str, text: str) -> str:
    head = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    question, rest = head[0], " ".join(head[1:]).strip()
    paragraphs = re.split(r"(?=Definition: |Pitfalls: )", rest)[1:]
    columns = ", ".join(f"`{column}`" for column in sqlglot.parse_one(text, dialect="duckdb").named_selects)
    lines = [f"## {name}", "", f"*{question}*", ""]
    for paragraph in [*paragraphs, f"Columns: {columns}."]:
        word, _, said = paragraph.partition(": ")
        said = said.strip()
        said = said if "_" in said.split()[0] else said[:1].upper() + said[1:]
        if word != "Columns":
            said = IDENTIFIER.sub(r"`\g<0>`", said)
        lines += [textwrap.fill(f"**{word}.** {said}", 120, break_on_hyphens=False), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
