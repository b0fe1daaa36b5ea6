"""The members of an operation's answer that the service model has, as paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.model import ServiceModel

DEPTH: Final = 12


def known_members(model: ServiceModel, operation: str) -> tuple[str, ...]:
    """Returns the path of every member of an answer."""
    return tuple(path for path, _ in _walk(model.operation_model(operation).output_shape))


def required_members(model: ServiceModel, operation: str) -> tuple[str, ...]:
    """Returns the path of every member that an answer, or a structure in it, always has."""
    return tuple(path for path, is_required in _walk(model.operation_model(operation).output_shape) if is_required)


def _walk(shape: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - botocore's
    while getattr(shape, "type_name", None) == "list":
        shape = shape.member
    if getattr(shape, "type_name", None) != "structure" or depth > DEPTH:
        return
    for name, member in shape.members.items():
        yield f"{prefix}{name}", name in shape.required_members
        yield from _walk(member, f"{prefix}{name}.", depth + 1)
