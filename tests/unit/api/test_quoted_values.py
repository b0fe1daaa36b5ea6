"""What AWS quotes of a customer in an error stands neither in the message nor in the trace."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from botocore.exceptions import ClientError

from partner_central.api.failures import to_source_error
from partner_central.api.quoted_values import PERSONAL
from partner_central.public import STREAMS, IncrementalStream
from partner_central.read.request import filter_tree

NAME, OTHER = "Geheimkunde GmbH", "Geheimkunde GmbH & Co"
MESSAGE = f"Value '{NAME}' at 'customerCompanyName.1.member' failed, and so did {OTHER.upper()}; Stage is Prospect"
CONDITIONS = {"CustomerCompanyName": [NAME, OTHER], "LifeCycleStage": ["Prospect"]}
REQUESTS: dict[str, dict[str, Any]] = {
    "a list": CONDITIONS,
    "a search": filter_tree(CONDITIONS),
    "a search of many": filter_tree(CONDITIONS | {"CustomerCompanyName": [NAME, OTHER, *map(str, range(50))]}),
}


def refused(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": MESSAGE}, "message": MESSAGE, **more}, "ListOpportunities")


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ConflictException"])
def test_the_name_of_a_customer_is_not_quoted(request_: dict[str, Any], code: str) -> None:
    error = refused(code, ErrorList=[{"FieldName": "customerCompanyName", "Message": MESSAGE, "Code": "INVALID"}])
    told = f"{to_source_error(error, {'Catalog': 'AWS', **request_}, None)} {error.response}"
    told += "".join(traceback.format_exception(error))
    assert "geheimkunde" not in told.lower()
    assert "failed, and so did ***; Stage is Prospect" in told


def test_an_error_of_a_request_without_customers_stays_as_it_is() -> None:
    error = refused("ValidationException")
    to_source_error(error, {"Catalog": "AWS", "LifeCycleStage": ["Prospect"]}, None)
    assert MESSAGE in str(error)
    assert error.response["Error"]["Message"] == MESSAGE


def test_the_conditions_are_the_personal_filters_of_all_streams() -> None:
    streams = [stream for stream in STREAMS if isinstance(stream, IncrementalStream)]
    assert {one.member for stream in streams for one in stream.filters if one.personal} == PERSONAL
