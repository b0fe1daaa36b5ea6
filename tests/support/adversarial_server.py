"""A deliberately nasty stand-in for ListOpportunities, and records nobody wants to meet.

It shares nothing with the product, the emulator or botocore, so that a mistake they have in common shows.
It does whatever the API's documentation does not exclude, and refuses what the API would refuse.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import itertools
import json
import random
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple, Self, cast

Record = dict[str, Any]
Request = dict[str, Any]
TARGET = "AWSPartnerCentralSelling.ListOpportunities"
FAULTS = ("InternalServerException", "ThrottlingException", "closed", "truncated", "html")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNDATED = 10**30
DATES = ("LastModifiedDate", "CreatedDate")
LIST_FILTERS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "Identifier": (20, ("Id",)),
    "LifeCycleStage": (10, ("LifeCycle", "Stage")),
    "LifeCycleReviewStatus": (10, ("LifeCycle", "ReviewStatus")),
    "CustomerCompanyName": (10, ("Customer", "Account", "CompanyName")),
}
PARAMETERS = {"Catalog", "MaxResults", "NextToken", "Sort", *LIST_FILTERS, *DATES}
ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


class _RefusalError(Exception):
    """ValidationException, with the field and the message."""


class _Item(NamedTuple):
    rank: int
    key: str
    record: Record


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a chain of pages goes on: `served` are the keys already shown of the rank `last`."""

    parameters: str
    offset: int = 0
    last: int | None = None
    served: frozenset[str] = frozenset()
    snapshot: list[_Item] | None = None

    def is_ahead(self, item: _Item) -> bool:
        return self.last is None or item.rank > self.last or (item.rank == self.last and item.key not in self.served)

    def after(self, page: Sequence[_Item], snapshot: list[_Item] | None) -> _Place:
        last = page[-1].rank if page else self.last
        served = frozenset(item.key for item in page if item.rank == last)
        if last == self.last:
            served |= self.served
        return _Place(self.parameters, self.offset + len(page), last, served, snapshot)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: str = "application/x-amz-json-1.0"
    cut: bool = False


def _error(status: int, name: str, message: str, **members: Any) -> _Answer:
    body = {"__type": f"com.amazonaws.partnercentral.selling#{name}", "Message": message, **members}
    return _Answer(status, json.dumps(body).encode())


@functools.lru_cache(maxsize=200_000)
def _instant(text: str) -> int | None:
    """Nanoseconds since 1970 of a date with time and zone; None for any other text."""
    match = ISO.fullmatch(text)
    if match is None:
        return None
    with contextlib.suppress(ValueError):
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        return (whole - EPOCH) // timedelta(seconds=1) * 10**9 + int((match[2] or "0").ljust(9, "0"))
    return None


def _rank(record: Record, sort_by: str) -> int:
    """What a listing sorts by, as a number; of a name its first bytes."""
    if sort_by in DATES:
        return _date(record, sort_by)
    name = _dig(record, LIST_FILTERS[sort_by][1])
    return int.from_bytes(str(name).encode(errors="replace")[:16].ljust(16, b"\0"))


def _date(record: Record, name: str) -> int:
    """A record without a readable date counts as the newest: first in descending, last in ascending order."""
    value = record.get(name)
    found = _instant(value) if isinstance(value, str) else None
    return UNDATED if found is None else found


def _dig(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _require(ok: bool, name: str, message: str) -> None:  # noqa: FBT001
    if not ok:
        raise _RefusalError(name, message)


def _validate(request: Request, *, refuse_created: bool, sorts_names: bool, key_order: str) -> None:
    unknown = sorted(set(request) - PARAMETERS)
    _require(not unknown, ", ".join(unknown), "This server does not know the parameter.")
    _require(re.fullmatch("[a-zA-Z]+", str(request.get("Catalog", ""))) is not None, "Catalog", "Required.")
    asked = request.get("MaxResults", 20)
    _require(type(asked) is int and 1 <= asked <= 100, "MaxResults", "Must be 1 to 100.")
    if "Sort" in request:
        sort = request["Sort"]
        _require(set(sort) == {"SortBy", "SortOrder"}, "Sort", "Both members are required.")
        sortable = [*DATES, *["CustomerCompanyName"] * sorts_names, *["Identifier"] * (key_order != "refused")]
        _require(sort["SortBy"] in sortable, "SortBy", "This server cannot sort by that.")
        _require(sort["SortOrder"] in {"ASCENDING", "DESCENDING"}, "SortOrder", "No such order.")
        _require(not refuse_created or sort["SortBy"] != "CreatedDate", "SortBy", "CreatedDate is refused.")
    _require(not refuse_created or "CreatedDate" not in request, "CreatedDate", "CreatedDate is refused.")
    for name, (limit, _) in LIST_FILTERS.items():
        wanted = request.get(name, [])
        _require(isinstance(wanted, list) and len(wanted) <= limit, name, f"A list of at most {limit}.")
    for name in DATES:
        for bound, text in request.get(name, {}).items():
            _require(bound in {f"After{name}", f"Before{name}"}, bound, "Unknown member.")
            _require(isinstance(text, str) and _instant(text) is not None, bound, "Must be an ISO 8601 date.")


@dataclass(eq=False)
class AdversarialServer:
    """Serves `records`; every setting may be changed while it runs, under `lock`.

    Token kinds: `offset` counts into the listing as it is now, `position` goes on after the last record
    shown, `snapshot` keeps the first page's listing, contents included. Ties may be `shuffled` anew on every
    call only where the token can bear it: a position knows which keys of its date were shown, a snapshot was
    shuffled once. Under an offset every client would lose records, so the two together are refused.

    Unless it `sorts_names` it gives nobody a sample, so that all reading is one chain. `created_bounds` says which
    bounds of the CreatedDate filter are inclusive (AWS does not say) and `undated_match` whether a record without
    the date passes an After filter. `key_order` is how Identifier sorts; if it is ignored, as LastModifiedDate does.
    `short_pages` answers 0..MaxResults records, and sometimes a token behind which
    nothing follows. `on_call(number from 1, request)` runs before each answer with the lock held; what it raises
    comes out of the `with` block.
    """

    initial: InitVar[Iterable[Record]] = ()
    _: KW_ONLY
    seed: int = 0
    token_kind: Literal["offset", "position", "snapshot"] = "offset"
    tie_order: Literal["stable", "shuffled"] = "stable"
    refuse_created: bool = False
    sorts_names: bool = False
    key_order: Literal["text", "length", "ignored", "refused"] = "text"
    created_bounds: Literal["[)", "[]", "()", "(]"] = "[)"
    undated_match: bool = True
    short_pages: bool = False
    fault_rate: float = 0.0
    faults: Sequence[str] = FAULTS
    on_call: Callable[[int, Request], object] | None = None
    records: dict[str, Record] = field(default_factory=dict, init=False)
    calls: list[Request] = field(default_factory=list, init=False)
    outcomes: list[str] = field(default_factory=list, init=False)
    errors: list[BaseException] = field(default_factory=list, init=False)

    def __post_init__(self, initial: Iterable[Record]) -> None:
        if self.token_kind == "offset" and self.tie_order == "shuffled":
            raise ValueError("an offset into an order that moves between calls loses records for any client")
        self.lock = threading.RLock()
        self._rng = random.Random(self.seed)
        self._places: dict[str, _Place] = {}
        self._unnamed = 0
        for record in initial:
            self.put(record)

    def put(self, record: Record) -> str:
        """Keep a copy of the record, in the place of one with the same Id; returns its key."""
        with self.lock:
            key = record.get("Id")
            if not isinstance(key, str):
                self._unnamed += 1
                key = f"unnamed {self._unnamed}"
            self.records[key] = copy.deepcopy(record)
            return key

    def remove(self, key: str) -> None:
        with self.lock:
            del self.records[key]

    def truth(self) -> list[Record]:
        with self.lock:
            return copy.deepcopy(list(self.records.values()))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.close_connections()
        self._http.server_close()
        if error is None and self.errors:
            raise self.errors[0]

    def answer(self, target: str | None, raw: bytes) -> _Answer | None:
        """The answer to one request; None closes the connection without a word."""
        with self.lock:
            request = json.loads(raw)
            self.calls.append(request)
            self.outcomes.append("failed")
            try:
                if self.on_call is not None:
                    self.on_call(len(self.calls), request)
                self.outcomes[-1], answer = self._decide(target, request)
            except Exception as error:  # noqa: BLE001 - raised again when the block is left
                self.errors.append(error)
                return _error(400, "AccessDeniedException", f"the test itself failed: {error!r}")
            return answer

    def _decide(self, target: str | None, request: Request) -> tuple[str, _Answer | None]:
        fault = self._rng.choice(self.faults) if self._rng.random() < self.fault_rate else "page"
        if fault == "closed":
            return fault, None
        if fault == "html":
            return fault, _Answer(503, b"<html><body>Service Unavailable</body></html>", "text/html")
        if fault in {"InternalServerException", "ThrottlingException"}:
            return fault, _error(500 if fault.startswith("Internal") else 400, fault, "Please try again.")
        if target != TARGET:
            return "UnknownOperationException", _error(400, "UnknownOperationException", f"{target}?")
        try:
            _validate(
                request,
                refuse_created=self.refuse_created,
                sorts_names=self.sorts_names,
                key_order=self.key_order,
            )
            page = self._page(request)
        except _RefusalError as refusal:
            name, message = refusal.args
            listed = [{"FieldName": name, "Message": message, "Code": "INVALID_VALUE"}]
            details = {"Reason": "REQUEST_VALIDATION_FAILED", "ErrorList": listed}
            return "ValidationException", _error(400, "ValidationException", f"{name}: {message}", **details)
        body = json.dumps(page, ensure_ascii=self._rng.random() < 0.5).encode()
        return fault, _Answer(200, body, cut=fault == "truncated")

    def _page(self, request: Request) -> Record:
        parameters = json.dumps({k: v for k, v in request.items() if k != "NextToken"}, sort_keys=True)
        token = request.get("NextToken")
        place = _Place(parameters) if token is None else self._places.get(token)
        if place is None or place.parameters != parameters:
            raise _RefusalError("NextToken", "The token is unknown or belongs to other parameters.")
        listing = self._listing(request) if place.snapshot is None else place.snapshot
        if self.token_kind == "position":
            rest = [item for item in listing if place.is_ahead(item)]
        else:
            rest = listing[place.offset :]
        asked = request.get("MaxResults", 20)
        page = rest[: self._rng.randint(0, asked) if self.short_pages else asked]
        answer: Record = {"OpportunitySummaries": [item.record for item in page]}
        if len(rest) > len(page) or (page and self.short_pages and self._rng.random() < 0.5):
            answer["NextToken"] = base64.b64encode(self._rng.randbytes(24)).decode()
            snapshot = listing if self.token_kind == "snapshot" else None
            self._places[answer["NextToken"]] = place.after(page, snapshot)
        elif self._rng.random() < 0.5:
            answer["NextToken"] = None
        return answer

    def _listing(self, request: Request) -> list[_Item]:
        sort = request.get("Sort", {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"})
        sign = -1 if sort["SortOrder"] == "DESCENDING" else 1
        items = [
            _Item(sign * self._place(record, sort["SortBy"]), key, record)
            for key, record in sorted(self.records.items(), key=lambda entry: entry[0])
            if self._matches(record, request)
        ]
        if self.tie_order == "shuffled":
            self._rng.shuffle(items)
        items.sort(key=lambda item: item.rank)
        return copy.deepcopy(items) if self.token_kind == "snapshot" else items

    def _place(self, record: Record, sort_by: str) -> int:
        if sort_by != "Identifier" or self.key_order == "text":
            return _rank(record, sort_by)
        if self.key_order == "ignored":
            return _rank(record, "LastModifiedDate")
        return len(str(record.get("Id"))) << 128 | _rank(record, sort_by)

    def _matches(self, record: Record, request: Request) -> bool:
        for name, (_, path) in LIST_FILTERS.items():
            if request.get(name) and _dig(record, path) not in request[name]:
                return False
        return all(self._within(_date(record, name), name, request.get(name, {})) for name in DATES)

    def _within(self, at: int, name: str, window: Mapping[str, str]) -> bool:
        after, before = window.get(f"After{name}"), window.get(f"Before{name}")
        if at == UNDATED:
            return before is None and (after is None or self.undated_match)
        bounds = self.created_bounds if name == "CreatedDate" else "[)"
        low = -UNDATED if after is None else cast("int", _instant(after))
        high = UNDATED if before is None else cast("int", _instant(before))
        return low < at < high or (at == low and bounds[0] == "[") or (at == high and bounds[1] == "]")


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, owner: AdversarialServer) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Wake the threads that wait for the next request of a connection kept alive."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.owner.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        answer = cast("_Http", self.server).owner.answer(self.headers["X-Amz-Target"], raw)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        self.close_connection = self.close_connection or answer.cut

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay quiet."""


TIE = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
STAGES = ("Prospect", "Qualified", "Launched", "In review", "Quantum Leap")
TEXTS = (
    "Plain Ltd",
    "two\nlines",
    "carriage\r\nreturn",
    "separator\u2028and\u2029paragraph\x85next line",
    'O\'Brien "quoted" `back`',
    "back\\slash \\n \\u0041 \\",
    "emoji \U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "combining e\u0301 o\u0308 \u1100\u1161",
    "\u202b\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c",
    "  blanks around\t ",
    "Robert'); DROP TABLE opportunities; --",
    "NULL",
    "NaN",
    "\\N",
    "",
    "true",
    "007",
    '{"a": [1]}',
    "tab\tcomma,semicolon;",
)
LONG_TEXT = "Ünbelievably long, \u2028 with breaks\n" * 6_000
MONTHS = ("Months", "Fortnights")
SPEND = {
    "Amount": ("", "1000.", "0", "531.0", "4993.33", f"{'9' * 31}.99", "1" + "0" * 30),
    "CurrencyCode": ("USD", "EUR", "XTS"),
    "Frequency": "Monthly",
    "TargetCompany": TEXTS,
    "EstimationUrl": TEXTS,
    "DiscountCode": TEXTS,
}
ADDRESS = {"City": TEXTS, "CountryCode": "NO", "PostalCode": "007", "StateOrRegion": TEXTS, "Street": TEXTS}
WORKLOAD = {"ServiceName": TEXTS, "Home": {"RegionCode": "eu-north-1", "Zones": (1, 2, 3)}}
MILESTONE = {"Label": TEXTS, "Weight": (1, 2), "Done": (True, False)}
SHAPE: Record = {
    "Arn": "arn:aws:partnercentral:us-east-1::catalog/AWS/opportunity/O1",
    "OpportunityType": ("Net New Business", "Flat Renewal", "Barter"),
    "PartnerOpportunityIdentifier": TEXTS,
    "LifeCycle": {
        "ClosedLostReason": TEXTS,
        "NextSteps": TEXTS,
        "ReviewComments": TEXTS,
        "ReviewStatus": ("Approved", "In review", "Mulled Over"),
        "ReviewStatusReason": TEXTS,
        "Stage": STAGES,
        "TargetCloseDate": ("0001-01-01", "9999-12-31", "2024-02-29", "2026-11-23"),
    },
    "Customer": {
        "Account": {
            "Address": ADDRESS,
            "CompanyName": TEXTS,
            "Industry": ("Aerospace", "Unheard Of"),
            "OtherIndustry": TEXTS,
            "WebsiteUrl": TEXTS,
            "Tier2Segment": TEXTS,
        },
    },
    "Project": {
        "DeliveryModels": ([], ["SaaS or PaaS"], ["Managed", "Managed", None, TEXTS]),
        "ExpectedContractDuration": {"Value": ("12", "007", ""), "Term": MONTHS},
        "ExpectedCustomerSpend": ([], [SPEND], [SPEND, None], [SPEND] * 10),
        "Codename": TEXTS,
        "Phases": ([], [TEXTS], [TEXTS, None, TEXTS]),
        "Workloads": ([], [WORKLOAD], [None, WORKLOAD, WORKLOAD]),
    },
    "AWSPriorityScore": (-9, 0, 7),
    "SyncedAt": ("2026-05-05T10:00:00Z", "2026-05-05T10:00:00.123456789Z"),
    "IsFlagship": (True, False),
    "Group": TEXTS,
    "CoSell": {"WinProbability": (0.25, 0.35, 0.001), "Lead": {"FullName": TEXTS}},
    "Ratings": ([], [3], [1, None, 1, 2]),
    "Milestones": ([], [MILESTONE], [MILESTONE, None, MILESTONE]),
}
UNKNOWN = frozenset(
    {
        "DiscountCode",
        "Street",
        "Tier2Segment",
        "Codename",
        "Phases",
        "Workloads",
        "AWSPriorityScore",
        "SyncedAt",
    }
    | {"IsFlagship", "Group", "CoSell", "Ratings", "Milestones"}
)


def _moment(rng: random.Random, tie: datetime) -> str:
    """Mostly one and the same second, whole or with 1 to 9 fractional digits."""
    at = tie if rng.random() < 0.6 else tie - timedelta(seconds=rng.randrange(30_000_000))
    fraction = "".join(rng.choices("0123456789", k=rng.choice((0, 0, 0, *range(10)))))
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"


def _fill(rng: random.Random, shape: Any, skipped: frozenset[str]) -> Any:
    """A value of the shape: a tuple is a choice; of the members a tenth are missing and a tenth null."""
    if isinstance(shape, tuple):
        return _fill(rng, rng.choice(shape), skipped)
    if isinstance(shape, list):
        return [_fill(rng, entry, skipped) for entry in shape]
    if not isinstance(shape, dict):
        return shape
    members = ((name, inner, rng.random()) for name, inner in shape.items() if name not in skipped)
    return {name: None if luck < 0.2 else _fill(rng, inner, skipped) for name, inner, luck in members if luck >= 0.1}


def nasty_records(seed: int, n: int, *, unknown: bool = True) -> list[Record]:
    """`n` records full of legal and half-legal horrors, all of which a loader must load.

    Each has an Id of its own, the catalog and both dates. `unknown` adds members that no service model knows.
    """
    rng = random.Random(f"nasty {seed}")
    records: list[Record] = []
    for number in range(n):
        record: Record = {"Id": f"O{1_000_000 + number}", "Catalog": "AWS"}
        record["CreatedDate"] = _moment(rng, TIE - timedelta(days=700))
        record["LastModifiedDate"] = _moment(rng, TIE)
        record |= _fill(rng, SHAPE, frozenset() if unknown else UNKNOWN)
        if number % 50 == 7:
            record |= {"LifeCycle": {"NextSteps": LONG_TEXT}}
        records.append(record)
    return records


ABSENT = object()
DEFECTS: Mapping[str, tuple[tuple[str, ...], Any]] = {
    "no Id": (("Id",), ABSENT),
    "null Id": (("Id",), None),
    "no LastModifiedDate": (("LastModifiedDate",), ABSENT),
    "null LastModifiedDate": (("LastModifiedDate",), None),
    "LastModifiedDate in words": (("LastModifiedDate",), "yesterday"),
    "LastModifiedDate in month 13": (("LastModifiedDate",), "2026-13-01T00:00:00Z"),
    "amount abc": (("Project", "ExpectedCustomerSpend"), [{"Amount": "abc"}]),
    "amount NaN": (("Project", "ExpectedCustomerSpend"), [{"Amount": "NaN"}]),
    "amount 1e5x": (("Project", "ExpectedCustomerSpend"), [{"Amount": "1e5x"}]),
    "TargetCloseDate on 30 February": (("LifeCycle", "TargetCloseDate"), "2026-02-30"),
    "a structure where text belongs": (("Customer", "Account", "CompanyName"), {"Legal": "Plain Ltd"}),
    "a list where text belongs": (("LifeCycle", "Stage"), ["Launched"]),
    "text where a structure belongs": (("Customer",), "Plain Ltd"),
    "text where a list belongs": (("Project", "DeliveryModels"), "Managed"),
    "contract value twelve": (("Project", "ExpectedContractDuration", "Value"), "twelve"),
}


def bad_records(seed: int, n: int) -> list[Record]:
    """`n` records that a loader must reject, sound but for one of DEFECTS each, in that order, repeated."""
    rng = random.Random(f"bad {seed}")
    records: list[Record] = []
    for number, (path, value) in enumerate(itertools.islice(itertools.cycle(DEFECTS.values()), n)):
        record: Record = {
            "Id": f"O{9_000_000 + number}",
            "Catalog": "AWS",
            "CreatedDate": _moment(rng, TIE - timedelta(days=700)),
            "LastModifiedDate": _moment(rng, TIE),
            "Customer": {"Account": {"CompanyName": rng.choice(TEXTS)}},
            "LifeCycle": {"Stage": rng.choice(STAGES)},
            "Project": {"ExpectedContractDuration": {"Value": "12", "Term": "Months"}},
        }
        holder = _dig(record, path[:-1])
        holder[path[-1]] = copy.deepcopy(value)
        if value is ABSENT:
            del holder[path[-1]]
        records.append(record)
    return records
