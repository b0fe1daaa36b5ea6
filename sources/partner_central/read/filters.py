"""The filters of a stream that a user set, and the name of what they select."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import ConfigurationError
from ..operation import Filter

CONCEALED = "k"  # before the hash of a name for which values were hashed by the key
DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class FilterSet:
    """Filters with the values that were set, in the stream's order; filters without values are left out."""

    values: tuple[tuple[Filter, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, filters: Sequence[Filter], options: Mapping[str, str | Sequence[str]]) -> FilterSet:
        """Check values by the names of their settings; a bare text is one value.

        Raises:
            ConfigurationError: a value is empty, or there are more than the operation takes.
        """
        chosen = []
        for one in filters:
            given = options.get(one.option) or ()
            values = (given,) if isinstance(given, str) else tuple(given)
            if not all(values):
                raise ConfigurationError(f"{one.option} was given an empty value.")
            if len(values) > one.max_values:
                raise ConfigurationError(
                    f"{one.option} takes at most {one.max_values} values, {len(values)} were given. Run several syncs."
                )
            if values:
                chosen.append((one, values))
        return cls(tuple(chosen))

    @property
    def records_can_leave(self) -> bool:
        """Returns whether a record that changes may no longer match: a key stays, a stage does not."""
        return any(one.can_change for one, _ in self.values)

    def narrowed(self, one: Filter, values: Sequence[str]) -> FilterSet | None:
        """Returns these filters with only some values of one of them; None if none of the values matches.

        Args:
            one: the filter.
            values: what is to match.
        """
        set_before = next((found for known, found in self.values if known == one), None)
        matching = tuple(value for value in values if set_before is None or value in set_before)
        others = tuple((known, found) for known, found in self.values if known != one)
        return FilterSet((*others, (one, matching))) if matching else None

    def name(self, conceal: Callable[[str, str], str] | None = None) -> str:
        """A name for what these filters select, the same whatever the order of values; `all` without filters.

        Args:
            conceal: makes of a personal value, and the name of its setting, what the name may depend on; None where
                values are no secret.
        """
        if not self.values:
            return "all"
        chosen = [
            (
                one.option,
                sorted({conceal(value, one.option) if conceal and one.personal else value for value in values}),
            )
            for one, values in self.values
        ]
        digest = hashlib.blake2b(repr(chosen).encode(), digest_size=8).hexdigest()
        concealed = CONCEALED if conceal and any(one.personal for one, _ in self.values) else ""
        return "-".join([*(option for option, _ in chosen), concealed + digest])

    def known_values(self, *, conceal: bool) -> dict[str, list[str] | None]:
        """Returns the values by the names of their settings, sorted; None for personal ones if they are concealed."""
        return {one.option: None if conceal and one.personal else sorted({*values}) for one, values in self.values}

    def former_names(self, conceal: Callable[[str, str], str]) -> set[str]:
        """Returns the names that earlier releases gave, and that a sync gave which kept personal data."""
        *options, digest = self.name(conceal).split("-")
        return {self.name(), "-".join([*options, digest.removeprefix(CONCEALED)])}


def without_values(name: str, filters: Sequence[Filter]) -> str:
    """Returns the name of a set of filters without the hash of its values, if that is of a personal value and no key.

    Args:
        name: as `FilterSet.name` gave it, also of an earlier release.
        filters: the filters of the stream.
    """
    *options, digest = name.split("-")
    personal = {one.option for one in filters if one.personal}
    return "-".join(options) if personal.intersection(options) and len(digest) == DIGEST_LENGTH else name
