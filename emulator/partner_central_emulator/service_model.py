"""Requests validated and responses projected by the service model that botocore ships."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from .clock import parse_instant
from .errors import FieldError

SERVICE = "partnercentral-selling"

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "double": (int, float),
    "boolean": bool,
    "timestamp": str,
    "structure": dict,
    "list": list,
}
_LOADERS = [Loader()]


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """Returns the model of the Partner Central Selling API, as installed with botocore or as `use_loader` said."""
    return ServiceModel(_LOADERS[-1].load_service_model(SERVICE, "service-2"), SERVICE)


def use_loader(loader: Loader) -> None:
    """Takes the service model from a loader, such as one that knows more than the installed botocore.

    It is for the whole process, and for emulators that are made from then on.
    """
    _LOADERS.append(loader)
    service_model.cache_clear()


def operation_of(target: str) -> OperationModel | None:
    """Returns the operation that an `X-Amz-Target` header names; `None` if the model does not have it."""
    model = service_model()
    prefix, _, name = target.partition(".")
    if prefix != model.metadata["targetPrefix"] or name not in model.operation_names:
        return None
    return model.operation_model(name)


def field_errors(shape: Shape, value: object, path: str = "") -> Iterator[FieldError]:
    """Yields everything in a request that the model does not allow, each with its path.

    Args:
        shape: What the model says the value is.
        value: The value, as parsed from JSON. A `null` member counts as absent.
        path: Place of the value, such as `Sort.SortBy`; empty for the request itself.

    Yields:
        Entries for `ErrorList`.
    """
    expected = _PYTHON_TYPES.get(shape.type_name)
    wrong = expected is not None and not isinstance(value, expected)
    if wrong or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield _error(path, f"must be a {shape.type_name}", "INVALID_VALUE")
    elif isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _structure_errors(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _list_errors(shape, value, path)
    elif isinstance(value, str):
        yield from _text_errors(shape, value, path)
    elif isinstance(value, int):
        yield from _range_errors(shape, value, path, ("VALUE_OUT_OF_RANGE",) * 2, "the value")


def _error(path: str, message: str, code: str) -> FieldError:
    return FieldError(FieldName=path, Message=message, Code=code)


def _structure_errors(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[FieldError]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield _error(prefix + name, "is required", "REQUIRED_FIELD_MISSING")
    given = sorted(name for name, member in value.items() if member is not None)
    if shape.is_tagged_union and len(given) != 1:
        yield _error(path, f"must have exactly one member, not {len(given)}", "INVALID_VALUE")
    for name, member in value.items():
        if name not in shape.members:
            yield _error(prefix + name, "is not a member the service knows", "INVALID_VALUE")
        elif member is not None:
            yield from field_errors(shape.members[name], member, prefix + name)


def _list_errors(shape: ListShape, value: list[object], path: str) -> Iterator[FieldError]:
    yield from _range_errors(shape, len(value), path, ("NOT_ENOUGH_VALUES", "TOO_MANY_VALUES"), "the list's length")
    for position, member in enumerate(value):
        yield from field_errors(shape.member, member, f"{path}[{position}]")


def _text_errors(shape: Shape, value: str, path: str) -> Iterator[FieldError]:
    if shape.type_name == "timestamp":
        try:
            parse_instant(value)
        except ValueError:
            message = "must be an ISO 8601 timestamp with a zone"
            yield _error(path, message, "INVALID_STRING_FORMAT")
        return
    yield from _range_errors(shape, len(value), path, ("INVALID_VALUE",) * 2, "the text's length")
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield _error(path, f"must be one of {', '.join(shape.enum)}", "INVALID_ENUM_VALUE")
    pattern = shape.metadata.get("pattern")
    if pattern is not None and "\\p{" not in pattern and not re.fullmatch(pattern, value):
        yield _error(path, f"must match {pattern}", "INVALID_STRING_FORMAT")


def _range_errors(shape: Shape, measure: int, path: str, codes: tuple[str, str], what: str) -> Iterator[FieldError]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and measure < low:
        yield _error(path, f"{what} must be at least {low}", codes[0])
    if high is not None and measure > high:
        yield _error(path, f"{what} must be at most {high}", codes[1])


def projection(shape: Shape) -> Callable[[Any], Any]:
    """Returns a function that reduces a value to the members a shape has, absent ones as `None`.

    The service sends absent members, lists and whole structures as an explicit `null`, and members in
    alphabetical order. A value of another type than the shape's passes unchanged.
    """
    if isinstance(shape, StructureShape):
        absent: dict[str, Any] = dict.fromkeys(sorted(shape.members))
        members = {name: projection(member) for name, member in shape.members.items()}

        def structure(value: Any) -> Any:  # noqa: ANN401
            if not isinstance(value, dict):
                return value
            shown = absent.copy()
            for name, member in value.items():
                if name in members:
                    project = members[name]
                    shown[name] = member if project is _same else project(member)
            return shown

        return structure
    if isinstance(shape, ListShape):
        project_member = projection(shape.member)

        def sequence(value: Any) -> Any:  # noqa: ANN401
            return [project_member(member) for member in value] if isinstance(value, list) else value

        return sequence
    return _same


def _same(value: Any) -> Any:  # noqa: ANN401
    return value
