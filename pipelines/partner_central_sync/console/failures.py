"""The exit code and the message for each failure."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from partner_central.public import ConfigurationError, PaginationError, RequestRejected, ServiceUnavailable

from ..destinations import all_adapters
from ..destinations.data_errors import hide_values
from ..destinations.errors import (
    NotAllowed,
    NotReadable,
    NotTaken,
    NotWritable,
    WrongQuery,
    classify_load_error,
    first_line,
)
from .exit_codes import ExitCode
from .secrets import mask
from .signals import number_of


class AnotherRun(Exception):
    """Another run of the same pipeline is active."""


KNOWN: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (AnotherRun, ExitCode.ALREADY_RUNNING),
    (NotWritable, ExitCode.RETRY_LATER),
    (NotReadable, ExitCode.RETRY_LATER),
    (WrongQuery, ExitCode.CONFIGURATION),
    (ConfigurationError, ExitCode.CONFIGURATION),
    (RequestRejected, ExitCode.REFUSED),
    (ServiceUnavailable, ExitCode.RETRY_LATER),
    (PaginationError, ExitCode.RETRY_LATER),
)


NOTHING_LOST = "Nothing is lost: the next run continues from here."
OF_A_DESTINATION, OF_CREDENTIALS = "ClientConfiguration", "Credentials"
UNWRITABLE = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}
)


def exit_code_and_message(error: BaseException) -> tuple[ExitCode, str]:
    """Returns the exit code and the message for an error, by the outermost cause that this program knows.

    Values are taken out of the error itself, since its trace may be printed. The message has no secret in it, whatever
    the error quotes.
    """
    code, message = _classify(error)
    return code, mask(message)


def _classify(error: BaseException) -> tuple[ExitCode, str]:
    causes = list(causes_of(error))
    hide_values(causes)
    for cause in causes:
        if not isinstance(cause, Exception):
            return _from_signal(cause)
        for kind, code in KNOWN:
            if isinstance(cause, kind):
                return code, str(cause)
    for cause in causes:
        if failure := _from_foreign(cause):
            return failure
    match classify_load_error(causes):
        case NotAllowed() | NotTaken() as refused:
            return ExitCode.CONFIGURATION, str(refused)
        case NotWritable() as failed:
            return ExitCode.RETRY_LATER, str(failed)
    return ExitCode.DEFECT, f"{type(causes[-1]).__name__}: {first_line(causes[-1])}"


def _from_signal(error: BaseException) -> tuple[ExitCode, str]:
    """Returns the exit code and the message for what ends a process, a signal or whatever ends it in its place."""
    match number_of(error):
        case signal.SIGTERM:
            return ExitCode.TERMINATED, f"Ended by SIGTERM. {NOTHING_LOST}"
        case signal.SIGHUP:
            return ExitCode.HUNG_UP, f"Ended by SIGHUP. {NOTHING_LOST}"
        case _:
            return ExitCode.INTERRUPTED, f"Interrupted. {NOTHING_LOST}"


def _from_foreign(cause: BaseException) -> tuple[ExitCode, str] | None:
    """Classifies errors of botocore, the system and dlt."""
    from botocore.exceptions import BotoCoreError

    from partner_central.public import (
        credentials_misconfiguration,
        is_outage_of_credentials,
        to_credentials_error,
    )

    if is_outage_of_credentials(cause):
        return ExitCode.RETRY_LATER, f"The source of the AWS credentials does not answer now ({cause}). {NOTHING_LOST}"
    if sentence := credentials_misconfiguration(cause):
        return ExitCode.CONFIGURATION, sentence
    match cause:
        case OSError(errno=number) if number in UNWRITABLE:
            place = cause.filename or "while writing"
            return ExitCode.RETRY_LATER, f"{cause.strerror}: {place}. Nothing is lost: fix that, then run again."
        case BotoCoreError():
            return ExitCode.CONFIGURATION, str(to_credentials_error(cause))
    sentence = _from_configuration(cause)
    return (ExitCode.CONFIGURATION, sentence) if sentence else None


def _from_configuration(cause: BaseException) -> str | None:
    """Returns the message for an error of dlt's configuration."""
    from dlt.common.configuration.exceptions import (
        ConfigFieldMissingException,
        ConfigurationException,
        InvalidNativeValue,
    )
    from dlt.common.configuration.providers.toml import TomlProviderReadException
    from dlt.common.destination.exceptions import InvalidDestinationReference, UnknownDestinationModule
    from dlt.common.exceptions import MissingDependencyException

    from partner_central.public import NO_CREDENTIALS

    match cause:
        case ConfigFieldMissingException() if "aws_access_key_id" in str(cause):
            message = NO_CREDENTIALS
        case ConfigFieldMissingException(spec_name=spec, fields=fields) if spec.endswith(OF_A_DESTINATION):
            name = spec.removesuffix(OF_A_DESTINATION).removesuffix("Destination").lower()
            message = (
                f"The destination {name} is not configured: {', '.join(fields)} must be in [destination.{name}] of "
                f".dlt/secrets.toml, or in the environment as DESTINATION__{name.upper()}__... "
                "(see docs/how-to/destinations.md)."
            )
        case MissingDependencyException(dependencies=missing):
            extras = (str(package).removeprefix("dlt[").removesuffix("]") for package in missing)
            wanted = ", ".join(f"'partner-central-sync[{_own_extra(extra)}]'" for extra in extras)
            message = f"This destination needs packages that are not installed: pip install {wanted}"
        case UnknownDestinationModule(ref=name) | InvalidDestinationReference(refs=name):
            message = f"The destination {name} is unknown, to dlt as well as to its configuration."
        case InvalidNativeValue(spec=spec) if spec.__name__.endswith(OF_CREDENTIALS):
            name = spec.__name__.removesuffix(OF_CREDENTIALS).lower()
            message = (
                f"The credentials for {name} cannot be read: a connection string has a typing error, or is none. "
                f"Correct credentials in [destination.{name}] of .dlt/secrets.toml, or in the environment "
                f"DESTINATION__{name.upper()}__CREDENTIALS (see docs/how-to/destinations.md)."
            )
        case TomlProviderReadException(full_paths=paths):
            message = _from_toml(cause, paths)
        case ConfigurationException():
            message = f"{first_line(cause)} (--verbose shows where dlt looked for it)"
        case _:
            return None
    return message


def _from_toml(cause: BaseException, paths: Sequence[str]) -> str:
    """Returns which file of dlt's configuration is not TOML, with line and reason."""
    import tomllib

    for path in filter(Path.is_file, map(Path, paths)):
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:  # also text that is not UTF-8
            return f"{path} is not valid TOML: {error}. Correct it, then run again."
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}."
    return " ".join(str(cause).split())


def _own_extra(extra: str) -> str:
    """Returns the extra of this program that installs an extra of dlt."""
    return next((own for adapter in all_adapters() if (own := adapter.extras.get(extra))), extra)


def is_out_of_room(error: BaseException) -> bool:
    """Returns whether the disk, or a folder on it, could not be written; a file that is gone is another matter."""
    numbers = UNWRITABLE - {errno.ENOENT}
    return any(isinstance(cause, OSError) and cause.errno in numbers for cause in causes_of(error))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
