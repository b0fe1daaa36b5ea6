"""Every question that the documentation of the API leaves open, as data.

Each has a way in which it is asked, or a reason why no probe can ask it.
"""

from __future__ import annotations

from . import of_dates, of_search, of_service, of_tokens
from .question import Question
from .steps import SEARCH_PAGES
from .unasked import NOT_ASKED

EITHER = "either: nothing depends on it"


def _bound(name: str, assumed: str) -> Question:
    return Question(
        f"bound_{name}",
        f"Is {name} inclusive?",
        assumed,
        "one opportunity, with its own date as the bound, and with a date a second or a day beyond",
        of_dates.bound(name),
    )


ASKED: tuple[Question, ...] = (
    Question(
        "permissions",
        "Which operations are allowed?",
        "ListOpportunities is; a table of another one is left out",
        "each operation once, with the largest page",
        of_service.permissions,
    ),
    Question(
        "actions",
        "Which IAM action does an operation need?",
        "partnercentral: and the name of the operation",
        "read from denials, if there are any",
        of_service.actions,
    ),
    Question(
        "page_size",
        "Are pages of the largest size given, and full?",
        "yes",
        "each operation once, with the largest page",
        of_service.page_size,
    ),
    Question(
        "members",
        "Do answers have every required member?",
        "yes; a record without one is rejected, with a row",
        "the answers, compared with the service model",
        of_service.members,
    ),
    Question(
        "absent_values",
        "Are absent values null, or left out?",
        EITHER,
        "the answers of all lists",
        of_service.absent_values,
    ),
    Question(
        "last_token",
        "How does a list end?",
        "NextToken is absent, null or empty text",
        "the lists that one page shows whole",
        of_service.last_token,
    ),
    Question(
        "draft_summary",
        "Does AWS have a summary of a draft?",
        "either: a summary that is not found is not a failure",
        "GetAwsOpportunitySummary of an opportunity in Pending Submission",
        of_service.draft_summary,
    ),
    Question(
        "latency",
        "How long does an answer take?",
        "less than a second; pages are read side by side",
        "measured at every call",
        of_service.latency,
    ),
    Question(
        "throttles",
        "How does a throttle look, and when does it come?",
        "ThrottlingException, above 10 calls a second; it is tried again",
        "watched at every call; none is provoked",
        of_service.throttles,
    ),
    Question(
        "clock",
        "Is there a Date header, and does this machine's clock agree?",
        "yes; a watermark is never above the header",
        "read at every call",
        of_service.clock,
    ),
    _bound("AfterLastModifiedDate", "inclusive; a lookback covers the other"),
    _bound("BeforeLastModifiedDate", "either: it is not used"),
    _bound("AfterCreatedDate", "either: a listing begins a second early"),
    _bound("BeforeCreatedDate", "either: it is not used"),
    _bound("AfterTargetCloseDate", "either: it is not used"),
    _bound("BeforeTargetCloseDate", "either: it is not used"),
    Question(
        "search_bound",
        "Is GreaterThanOrEquals of the search inclusive?",
        "inclusive; a lookback covers the other",
        "one record, with its own LastModifiedDate",
        of_dates.search_bound,
    ),
    Question(
        "fractions",
        "Do timestamps have seconds or milliseconds?",
        "either, also mixed; dates are compared as times",
        "the digits of every timestamp",
        of_dates.fractions,
    ),
    Question(
        "hidden_fraction",
        "Does a filter compare more digits than are shown?",
        "either: a lookback covers both",
        "one record, with a bound a millisecond above its date",
        of_dates.hidden_fraction,
    ),
    Question(
        "order",
        "Are lists in the order that was requested?",
        "by whole seconds, yes; every page is checked",
        "LastModifiedDate descending, CreatedDate ascending",
        of_dates.order("ListOpportunities"),
    ),
    Question(
        "default_order",
        "Which order and page has a request without either?",
        "either: both are always sent",
        "one request without members",
        of_dates.default_order,
    ),
    Question("ties", "In which order are records of the same date?", EITHER, "pages read twice", of_dates.ties),
    Question(
        "token_kind",
        "Is a NextToken an offset, a position or a snapshot?",
        "any: the orders of a sync lose nothing with either",
        "pages after a token, before and after a change that happens by itself",
        of_tokens.kind,
    ),
    Question(
        "token_lifetime",
        "Is a NextToken still valid after a while?",
        "for a minute at least",
        "a token, used again after --token-age seconds",
        of_tokens.lifetime,
    ),
    Question(
        "token_again",
        "Can a NextToken be used twice?",
        "yes: a call whose answer was lost is repeated",
        "the same token twice",
        of_tokens.again,
    ),
    Question(
        "token_request",
        "Can a NextToken continue another request?",
        "no; no sync does",
        "a token with another page size",
        of_tokens.other_request,
    ),
    Question(
        "search",
        "Does SearchOpportunities answer?",
        "either: without it, its table is left out",
        "one page",
        of_search.answers,
    ),
    Question(
        "search_sandbox",
        "Does the Sandbox have the search?",
        "either: without it, its table is left out",
        "one page in the Sandbox",
        of_search.sandbox,
    ),
    Question(
        "search_order",
        "Is the search in the order that was requested?",
        "by whole seconds, yes; every page is checked",
        "LastModifiedDate descending, CreatedDate ascending",
        of_dates.order("SearchOpportunities"),
    ),
    Question(
        "search_lag",
        "How late is the search?",
        f"{of_search.LOOKBACK_HOURS} hour at most; everything is read again every day",
        "its newest page, compared with that of the list",
        of_search.lag,
    ),
    Question(
        "search_cap",
        "Does the search end before its last result?",
        f"not below {of_search.TRUSTED:,} results",
        f"up to {SEARCH_PAGES} pages, and the last result of all",
        of_search.cap,
    ),
    Question(
        "search_only",
        "Does the search show records that the list does not?",
        "either: it decides nothing about what is gone",
        "ids of its newest page, looked up in the list",
        of_search.only_there,
    ),
)

QUESTIONS = (*ASKED, *NOT_ASKED)
