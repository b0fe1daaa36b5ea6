"""The stream of opportunities as tests of single modules need it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from partner_central.public import OPPORTUNITIES, RecordModel, hint_rules, stream_model
from partner_central.read.filters import FilterSet
from partner_central.read.request import ListRequest
from partner_central.tables.hints import HintRules
from partner_central.tables.new_members import AssignedNames
from partner_central.tables.rows import RowMaker
from partner_central.tables.stored_columns import StoredColumns

MODEL = stream_model(OPPORTUNITIES)
MEMBERS, OPERATION = OPPORTUNITIES.members, OPPORTUNITIES.operation
RULES = hint_rules(OPPORTUNITIES)


def row_maker(
    model: RecordModel = MODEL,
    assigned_names: AssignedNames | None = None,
    account: str | None = None,
    stored: StoredColumns | None = None,
) -> RowMaker:
    """Makes rows of opportunities."""
    return RowMaker(model, OPPORTUNITIES.table_names, MEMBERS, assigned_names, account, stored)


def filter_set(**options: Sequence[str]) -> FilterSet:
    """Filters of opportunities."""
    return FilterSet.of(OPPORTUNITIES.filters, options)


def list_request(catalog: str = "AWS", filters: FilterSet | None = None, since: datetime | None = None) -> ListRequest:
    """A listing of opportunities."""
    return ListRequest(OPPORTUNITIES, catalog, filters or FilterSet(), since)


def rules_of(account: str | None = None) -> HintRules:
    """What the hints of all tables have in common."""
    return hint_rules(OPPORTUNITIES, account)
