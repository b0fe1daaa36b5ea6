"""Masks secrets in whatever is printed, logged or stored as a message.

Drivers and clients quote in their errors what they were given: a database's URL with its password, a header with a
token. The secrets of this process are known, from the environment and from `.dlt/secrets.toml`. They are replaced
wherever they occur, and so are passwords in URLs that nobody configured here.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

MASK = "***"
SHORTEST = 6  # characters; a shorter secret is found in a URL only
ANYWHERE = 12  # characters from which on a secret is replaced within words as well
SECRET_NAME = re.compile(
    r"password|passwd|passphrase|secret|token|private_key|pii_key|api_?key|encryption_key|credentials", re.IGNORECASE
)
URL = re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s/:@'\"]*:)[^\s'\"]*@", re.IGNORECASE)
SETTING = re.compile(
    r"\b((?:password|passwd|pwd|passphrase|aws_secret_access_key|aws_session_token)\s*=\s*)(?:'[^']*'|\"[^\"]*\"|[^\s&;,'\")]+)",
    re.IGNORECASE,
)
PARAMETER = re.compile(r"[?&;\s]([^\s?&;=]+)=([^\s&;]+)")
QUOTED_VALUE = re.compile(r":\s*\"([^\"]+)")
PASSWORD_OF_URL = re.compile(r"://[^\s/:@]*:(\S+)@([^\s/:?]*)")


def mask(text: str) -> str:
    """Returns a text without the secrets that are known, and without passwords in URLs."""
    for secret in sorted(set(_known()), key=len, reverse=True):
        found = re.escape(secret)
        text = re.sub(found if len(secret) >= ANYWHERE else rf"(?<!\w){found}(?!\w)", MASK, text)
    text = URL.sub(rf"\1{MASK}@", text)
    return SETTING.sub(rf"\1{MASK}", text)


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values for JSON with their texts masked at any depth, before quotes are written in another way."""
    return {name: _masked_value(value) for name, value in values.items()}


def _masked_value(value: Any) -> Any:  # noqa: ANN401 - of JSON
    match value:
        case str():
            return mask(value)
        case Mapping():
            return masked(value)
        case list() | tuple():
            return [_masked_value(one) for one in value]
        case _:
            return value


def masked_trace(error: BaseException) -> str:
    """Returns the trace of an error as Python prints it, masked."""
    return mask("".join(traceback.format_exception(error)))


def mask_log() -> None:
    """Masks every record of every logger from now on, also its trace."""
    make = logging.getLogRecordFactory()
    if getattr(make, "masks", False):
        return

    def masking(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - as logging calls it
        record = make(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a wrong format, which logging reports itself
            return record
        if (masked := mask(message)) != message:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[1]:
            record.exc_text = masked_trace(record.exc_info[1]).rstrip()
        return record

    masking.masks = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(masking)


def _known() -> Iterator[str]:
    """Yields the secrets of this process in each of the ways in which they are written."""
    for value in (*_of_environment(), *_of_files()):
        inner = PASSWORD_OF_URL.search(value)
        for secret in [inner.group(1), *_taken_for_hosts(*inner.groups())] if inner else [value]:
            bare = secret.strip()
            for written in {bare, quote(bare, safe=""), unquote(bare), *bare.split("\n")}:
                if len(written) >= SHORTEST:
                    yield written


def _taken_for_hosts(password: str, host: str) -> Iterator[str]:
    """Yields what a driver may take for the host, where an `@` in the password is not written as `%40`."""
    parts = password.split("@")
    for start in range(1, len(parts)):
        yield "@".join([*parts[start:], host])


def _of_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and not name.endswith(("_FILE", "_URI", "_URL", "_PATH")):
            yield from _secrets_in(name, value)


def _of_files() -> Iterator[str]:
    """Yields the secrets of dlt's own files, if dlt has read them; one that does not parse has none."""
    container: Any = sys.modules.get("dlt.common.configuration.container")
    context: Any = sys.modules.get("dlt.common.configuration.specs.pluggable_run_context")
    if container is None or context is None or context.PluggableRunContext not in container.Container():
        return
    for provider in container.Container()[context.PluggableRunContext].providers.providers:
        if provider.supports_secrets and isinstance(content := getattr(provider, "_config_doc", None), Mapping):
            yield from _leaves(content, secret=False)


def _leaves(value: object, *, secret: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            public = isinstance(inner, Mapping) or str(name).lower() in {"aws_access_key_id", "token_endpoint"}
            if isinstance(inner, str) and str(name).lower() == "credentials":
                yield from _secrets_in("credentials", inner)
            else:
                yield from _leaves(inner, secret=not public and SECRET_NAME.search(str(name)) is not None)
    elif secret and isinstance(value, str):
        yield value


def _secrets_in(name: str, value: str) -> Iterator[str]:
    """Yields what is secret of a value: of credentials a password, named fields and parameters; a path is none.

    What has a typing error is neither a URL nor JSON, so whatever may be the password in it counts as one.
    """
    if not name.lower().endswith("credentials"):
        yield value
        return
    yield from (secret for named, secret in PARAMETER.findall(value) if SECRET_NAME.search(named))
    before, at, _ = value.rpartition("@")
    if value.lstrip().startswith("{"):
        try:
            yield from _leaves(json.loads(value), secret=False)
        except ValueError:
            yield value
            yield from QUOTED_VALUE.findall(value)
    elif at:
        yield value
        if not PASSWORD_OF_URL.search(value):
            yield from (before[colon.end() :].lstrip("/") for colon in re.finditer(":", before))
