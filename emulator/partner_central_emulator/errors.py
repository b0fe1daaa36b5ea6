"""The errors that the service answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

REQUEST_VALIDATION = "REQUEST_VALIDATION_FAILED"

_STATUS = {
    "InternalServerException": 500,
    "MissingAuthenticationTokenException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "UnrecognizedClientException": 403,
    "ExpiredTokenException": 403,
}


class FieldError(TypedDict):
    """One entry of a `ValidationException`'s `ErrorList`."""

    FieldName: str
    Message: str
    Code: str


class ServiceError(Exception):
    """An answer that is an error: its code, HTTP status and the members of its body."""

    def __init__(self, code: str, message: str, **members: Any) -> None:  # noqa: ANN401
        super().__init__(message)
        self.code = code
        self.status = _STATUS.get(code, 400)
        self.body: dict[str, Any] = {
            "__type": f"com.amazonaws.partnercentralselling#{code}",
            "Message": message,
            **members,
        }


def invalid(errors: Sequence[FieldError]) -> ServiceError:
    """Returns the `ValidationException` for a request whose fields are wrong."""
    found = "; ".join(f"{error['FieldName']}: {error['Message']}" for error in errors)
    count = f"{len(errors)} validation error{'' if len(errors) == 1 else 's'} detected"
    return ServiceError("ValidationException", f"{count}: {found}", Reason=REQUEST_VALIDATION, ErrorList=list(errors))


def invalid_field(name: str, message: str, code: str = "INVALID_VALUE") -> ServiceError:
    """Returns the `ValidationException` for one field."""
    return invalid([FieldError(FieldName=name, Message=message, Code=code)])
