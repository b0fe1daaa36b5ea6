"""Recognizes failures that no later attempt cures: certificates, proxies, endpoints, and sources of credentials."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidProxiesConfigError,
    MetadataRetrievalError,
    ProxyConnectionError,
    SSLError,
)

REDIRECT, SERVER_ERROR = 300, 500
PROXY_REFUSED = 407
PROXY_SERVER_ERROR = re.compile(r"Tunnel connection failed: 5\d\d")
PROXY_ASKS = "Tunnel connection failed: 407"
OUTAGE = re.compile(
    r"could not connect|timed? ?out|temporarily|connection (?:was|reset|refused)|\b5\d\d\b", re.IGNORECASE
)
NO_TERMINAL_FOR_MFA = (
    "The AWS profile asks for an MFA code, and there is no terminal to type it in. Use a profile, a role or keys that "
    "need no code, or set the session's keys in the environment (aws configure export-credentials --format env)."
)
PROXY_DO = "Check HTTPS_PROXY (and NO_PROXY) in the environment"
ENDPOINT_DO = "Check endpoint_url, AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING and HTTPS_PROXY"
UNREADABLE_URLS = frozenset({"InvalidURL", "LocationParseError", "ProxySchemeUnknown", "URLSchemeUnknown"})
OF_CREDENTIALS = "botocore.credentials"


def misconfiguration(error: BaseException, endpoint: str) -> str | None:
    """Returns what is to be changed before a call can succeed; None if the failure may pass, or is AWS's own answer.

    Args:
        error: what a call raised.
        endpoint: the URL that was called.
    """
    text = " ".join(str(cause) for cause in _causes(error))
    match error:
        case ProxyConnectionError() if PROXY_SERVER_ERROR.search(text):
            return None
        case ProxyConnectionError() | InvalidProxiesConfigError():
            return _of_proxy(error, text, endpoint)
        case SSLError():
            return _of_certificate(error, text, endpoint)
        case HTTPClientError() if _names(error) & UNREADABLE_URLS:
            return f"The URL of the endpoint {endpoint} or of a proxy cannot be used ({text}). {ENDPOINT_DO}."
        case ClientError():
            return _of_answer(error, endpoint)
    return credentials_misconfiguration(error)


def credentials_misconfiguration(error: BaseException) -> str | None:
    """Returns what is to be changed before credentials can be fetched; None for other errors than their source's."""
    if not any(_is_raised_in(cause, OF_CREDENTIALS) for cause in _causes(error)):
        return None
    match error:
        case EOFError():
            return NO_TERMINAL_FOR_MFA
        case OSError():
            return (
                f"The credential_process of the AWS profile cannot be run ({error.strerror}: {error.filename}). "
                "Correct credential_process in the AWS configuration, or install the program."
            )
    return None


def is_outage_of_credentials(error: BaseException) -> bool:
    """Returns whether the source of the credentials, such as a container's, does not answer now."""
    return isinstance(error, CredentialRetrievalError | MetadataRetrievalError) and bool(OUTAGE.search(str(error)))


def check_endpoint(url: str) -> str | None:
    """Returns what is wrong with the URL of an endpoint; None if nothing is."""
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.netloc:
        return None
    return f"The endpoint {url} must be a URL that begins with https:// or http://. {ENDPOINT_DO}."


def _of_proxy(error: BotoCoreError, text: str, endpoint: str) -> str:
    proxy = _without_password(str(error.kwargs.get("proxy_url", "")))
    if PROXY_ASKS in text:
        return (
            f"The proxy {proxy} answered 407 on the way to {endpoint}: it wants a user and a password. Put them into "
            "HTTPS_PROXY, as http://user:password@host:port."
        )
    reason = re.search(r"Tunnel connection failed: [^)'\"]+|Name or service not known|Connection refused", text)
    why = f" ({reason[0]})" if reason else ""
    return f"The proxy {proxy} could not be used on the way to {endpoint}{why}. {PROXY_DO}, with http:// in front."


def _of_certificate(error: BotoCoreError, text: str, endpoint: str) -> str | None:
    causes = list(_causes(error))
    if "WRONG_VERSION_NUMBER" in text:
        return f"The endpoint {endpoint} does not speak TLS. Begin its URL with http://, or check HTTPS_PROXY."
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "doesn't match" in text:
        return (
            f"The certificate of {endpoint} is not trusted ({_last_reason(text)}). Where a company's proxy has its own "
            "certificates, set AWS_CA_BUNDLE to the file of its certificate authority."
        )
    if any(isinstance(cause, FileNotFoundError | PermissionError | IsADirectoryError) for cause in causes) or any(
        sign in text for sign in ("NO_CERTIFICATE_OR_CRL_FOUND", "PEM lib")
    ):
        return (
            f"The file of certificate authorities cannot be used for {endpoint} ({_last_reason(text)}). Correct "
            "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or ca_bundle in the AWS configuration."
        )
    return None


def _of_answer(error: ClientError, endpoint: str) -> str | None:
    """Returns what to change where something else than AWS answered: its errors have a name, these a number only."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.response.get("Error", {}).get("Code", ""))
    if not REDIRECT <= status < SERVER_ERROR or code not in {str(status), ""} or error.operation_name == "AssumeRole":
        return None
    if status == PROXY_REFUSED:
        return f"The endpoint {endpoint} answered 407: a proxy wants a user and a password. {PROXY_DO}."
    if status // 100 == REDIRECT // 100:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        to = f" to {headers['location']}" if headers.get("location") else ""
        return (
            f"The endpoint {endpoint} answered {status}, a redirect{to}, which Partner Central never sends: a proxy or "
            f"a login page is on the way. {ENDPOINT_DO}."
        )
    return f"The endpoint {endpoint} answered {status}, not as Partner Central does: a proxy may answer. {ENDPOINT_DO}."


def _last_reason(text: str) -> str:
    found = re.findall(r"certificate verify failed: [^()]+|\[Errno \d+\] [A-Za-z ]+|\[[A-Z0-9: _]+\] [a-z ]+", text)
    return found[0].strip() if found else "it cannot be read"


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//", url)


def _names(error: BaseException) -> set[str]:
    return {type(cause).__name__ for cause in _causes(error)}


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _is_raised_in(error: BaseException, module: str) -> bool:
    """Returns whether an error passed through a module."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return True
        trace = trace.tb_next
    return False
