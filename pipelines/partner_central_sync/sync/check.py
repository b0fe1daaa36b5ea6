"""Checks whether a sync would work: identity, endpoint, permission for each stream, destination. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, HTTPClientError

from partner_central.public import (
    SPINE,
    ActionDenied,
    PartnerCentral,
    PerIdStream,
    RecordNotFound,
    RequestRejected,
    Stream,
    WholeListStream,
    chosen_streams,
    connect,
    from_own_section,
    page_call,
    policy_to_attach,
)

from ..console.exit_codes import ExitCode
from ..console.failures import AnotherRun, exit_code_and_message
from ..destinations.probe import probe
from ..destinations.write_proof import prove_write
from . import check_events, dlt_settings, working_folder
from .finding import Finding, look_at
from .list_notes import forget_refusals, is_refusal_remembered
from .own_session import arguments, session_of
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

NO_SUCH_OPPORTUNITY = "O0"
TIMEOUT = 5


def check(settings: Settings) -> Iterator[Finding]:
    """Looks at everything a sync needs, in the order it needs it. What cannot be looked at is left out.

    A refusal that this machine remembers is forgotten once AWS permits the table, so that the next sync loads it.

    Raises:
        ConfigurationError: there is no such table.
    """
    streams = chosen_streams(settings.tables)
    permitted: list[str] = []
    session, failed = look_at("credentials", lambda: session_of(settings))
    if session is not None:
        yield _identity(session)
        client = _client(session, **arguments(settings, "endpoint_url"))
        sent_to: list[str] = []
        client.meta.events.register("before-send", lambda request, **_: sent_to.append(request.url))
        service = PartnerCentral(lambda: client, attempts=2)
        first = _permission(service, SPINE, settings.catalog)
        url = sent_to[0] if sent_to else client.meta.endpoint_url
        yield Finding("endpoint", f"{url}, region {client.meta.region_name}")
        yield first
        denied: set[str] = set()
        for stream in streams if first.code is ExitCode.DONE else ():
            found = first if stream is SPINE else _permission(service, stream, settings.catalog)
            if found.mark == "ok":
                permitted.append(stream.table)
            if found.is_denied:
                denied.update(stream.operations)
            if stream is not SPINE:
                yield found
        if denied:
            yield Finding("permission", policy_to_attach(denied, settings.catalog), is_left_out=True)
        yield from check_events.findings(settings, session)
    if failed is not None:
        yield failed
    yield _destination(settings, streams, permitted)


@from_own_section
def _client(session: botocore.session.Session, endpoint_url: str | None = None) -> PartnerCentralSellingAPIClient:
    """The client a sync would use, but less patient."""
    return connect(session, endpoint_url=endpoint_url, read_timeout=TIMEOUT)


def _identity(session: botocore.session.Session) -> Finding:
    """Returns whose credentials these are. STS may be out of reach: a sync does not need it."""
    config = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 1})
    try:
        sts = boto3.Session(botocore_session=session).client("sts", config=config)
        return Finding("identity", str(sts.get_caller_identity()["Arn"]))
    except (HTTPClientError, EndpointConnectionError):
        return Finding("identity", "unknown: AWS STS cannot be reached from here; a sync does not need it")
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        return Finding("identity", f"unknown: AWS STS does not know these credentials ({code})")
    except (BotoCoreError, OSError, EOFError) as error:
        return Finding("identity", exit_code_and_message(error)[1], exit_code_and_message(error)[0])


def _permission(client: PartnerCentral, stream: Stream, catalog: str) -> Finding:
    """Asks for one record of a stream; of the spine, for one that does not exist."""
    if isinstance(stream, PerIdStream):
        return _permission_by_id(client, stream, catalog)
    request: dict[str, Any] = {"Catalog": catalog, "MaxResults": 1}
    if stream is SPINE:
        request |= {"Identifier": [NO_SUCH_OPPORTUNITY]}
    elif isinstance(stream, WholeListStream):
        request |= stream.requests[0]
    operation = stream.operation
    try:
        page_call(client, operation)(request)
    except RequestRejected as refused:
        if stream is SPINE:
            return Finding("permission", str(refused), ExitCode.REFUSED)
        denial = refused.denial if isinstance(refused, ActionDenied) else None
        said = f"{stream.table} is left out: {denial or refused}"
        return Finding("permission", said, is_left_out=True, is_denied=denial is not None)
    except Exception as error:  # noqa: BLE001 - every failure becomes a line
        code, text = exit_code_and_message(error)
        return Finding("permission", text if stream is SPINE else f"{stream.table}: {text}", code)
    about = f" for {stream.table}" if stream is not SPINE else ""
    return Finding("permission", f"partnercentral:{operation.name} on catalog {catalog}{about}")


def _permission_by_id(client: PartnerCentral, stream: PerIdStream, catalog: str) -> Finding:
    """Asks for what belongs to one id of a stream. The id is the first one of its parent's list."""
    operation, parent = stream.operation, stream.parent.stream
    action = f"partnercentral:{operation.name} on catalog {catalog}"
    lists = parent.requests[0] if isinstance(parent, WholeListStream) else {}
    fallback = parent.fallback.operation if isinstance(parent, WholeListStream) and parent.fallback else None
    question = {"Catalog": catalog, "MaxResults": 1, **lists}
    try:
        try:
            first = page_call(client, parent.operation)(question).records
        except RequestRejected:
            if fallback is None:
                raise
            first = page_call(client, fallback)(question).records
        ids = [key for record in first if (key := parent.members.key_of(record))]
        if not ids:
            text = f"{action}: not asked for {stream.table}, since there are no {parent.table}"
            return Finding("permission", text, is_left_out=True)
        size = {"MaxResults": operation.page_size} if operation.records else {}
        request = {"Catalog": catalog, operation.id_member: ids[0], **size}
        with suppress(RecordNotFound):  # this one: the operation is permitted
            client.call(operation.name, request, parse=lambda _: None)
    except RequestRejected as refused:
        return Finding("permission", f"{stream.table} is left out: {refused}", is_left_out=True)
    except Exception as error:  # noqa: BLE001 - every failure becomes a line
        code, text = exit_code_and_message(error)
        return Finding("permission", f"{stream.table}: {text}", code)
    return Finding("permission", f"{action} for {stream.table}")


def _destination(settings: Settings, streams: Sequence[Stream], permitted: Sequence[str]) -> Finding:
    def look() -> str:
        try:
            with working_folder.detect_damage():
                dlt_settings.check(settings)
                pipeline = working_folder.attach(settings)
                place = probe(pipeline, streams)
                is_proven = place.holder is None and prove_write(pipeline)
        except working_folder.WorkingFolderCorrupt as damage:
            return f"dlt's working folder is damaged ({damage}): the next sync restores it from the destination"
        if is_refusal_remembered(pipeline, permitted):
            with suppress(AnotherRun), working_folder.hold_lock(settings):
                forget_refusals(pipeline, permitted)
        found = "is writable" if is_proven else "can be reached"
        return f"{place.location} {found}, dataset {settings.dataset_name}"

    text, failed = look_at("destination", look)
    return failed or Finding("destination", str(text))
