"""Static websites: which object a path means, which requests are sent elsewhere, and the pages that tell of errors.

Source: S3 User Guide, "Hosting a static website using Amazon S3", "Configuring a webpage redirect"; S3 API Reference,
PutBucketWebsite; error pages as AWS writes them."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from cumulet.kernel.errors import ServiceError
from cumulet.services.s3.errors import InvalidArgument, InvalidRedirectLocation, InvalidRequest, MalformedXML

KIND = "website"
MOST_RULES = 50
_PROTOCOLS = ("http", "https")
_REDIRECT_STARTS = ("/", "http://", "https://")

Configuration = dict[str, Any]


def check(configuration: Configuration) -> None:
    """Raises InvalidArgument, InvalidRequest or MalformedXML for a configuration that S3 does not take."""
    everything = configuration.get("RedirectAllRequestsTo")
    index = configuration.get("IndexDocument")
    if everything is not None:
        _check_redirect_of_everything(configuration, everything)
        return
    if index is None:
        raise InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument", ArgumentValue="null",
        )  # fmt: skip
    suffix = index.get("Suffix") or ""
    if not suffix or "/" in suffix:
        raise InvalidArgument(
            "The IndexDocument Suffix is not well formed", ArgumentName="IndexDocument", ArgumentValue=suffix
        )
    error = configuration.get("ErrorDocument")
    if error is not None and not error.get("Key"):
        raise InvalidArgument(
            "The ErrorDocument Key is not well formed", ArgumentName="ErrorDocument", ArgumentValue=""
        )
    rules = configuration.get("RoutingRules")
    if rules is not None:
        _check_rules(rules)


def check_location(location: str | None) -> None:
    """Where an object may redirect to (x-amz-website-redirect-location). Raises InvalidRedirectLocation."""
    if location is not None and (not location.startswith(_REDIRECT_STARTS) or len(location.encode()) > 2048):
        raise InvalidRedirectLocation


def _check_redirect_of_everything(configuration: Configuration, everything: dict[str, Any]) -> None:
    if len(configuration) > 1:
        raise InvalidArgument(
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
            ArgumentName="RedirectAllRequestsTo", ArgumentValue="not null",
        )  # fmt: skip
    if not everything.get("HostName"):
        raise MalformedXML
    _check_protocol(everything)


def _check_protocol(redirect: dict[str, Any]) -> None:
    if redirect.get("Protocol") not in (None, *_PROTOCOLS):
        raise InvalidRequest(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected "
            "automatically."
        )


def _check_rules(rules: list[dict[str, Any]]) -> None:
    if not rules:
        raise MalformedXML
    if len(rules) > MOST_RULES:
        raise InvalidRequest(
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is limited "
            f"to {MOST_RULES}."
        )
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    redirect, condition = rule.get("Redirect"), rule.get("Condition")
    if not redirect:
        raise MalformedXML
    _check_protocol(redirect)
    if redirect.get("ReplaceKeyWith") is not None and redirect.get("ReplaceKeyPrefixWith") is not None:
        raise InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    code = redirect.get("HttpRedirectCode")
    if code is not None and not (code.isdecimal() and 301 <= int(code) <= 399 and len(code) == 3):
        raise InvalidRequest(f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300.")
    if condition is None:
        return
    if not condition:
        raise InvalidRequest(
            "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't "
            "be present."
        )
    code = condition.get("HttpErrorCodeReturnedEquals")
    if code is not None and not (code.isdecimal() and 400 <= int(code) <= 599 and len(code) == 3):
        raise InvalidRequest(f"The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX.")


class Visit(NamedTuple):
    """A request to a website: the key as the path spells it ("" for the root), and the address it was sent to."""

    key: str
    scheme: str
    host: str


class Redirect(NamedTuple):
    status: int
    location: str


def redirect_of_everything(configuration: Configuration, visit: Visit) -> Redirect | None:
    everything = configuration.get("RedirectAllRequestsTo")
    if everything is None:
        return None
    scheme = everything.get("Protocol") or visit.scheme
    return Redirect(301, f"{scheme}://{everything['HostName']}/{_in_url(visit.key)}")


def redirect_by_rule(configuration: Configuration, visit: Visit, status: int | None = None) -> Redirect | None:
    """What the first fitting routing rule says. Rules about an error count only once that error has happened."""
    for rule in configuration.get("RoutingRules") or []:
        condition = rule.get("Condition") or {}
        error = condition.get("HttpErrorCodeReturnedEquals")
        prefix = condition.get("KeyPrefixEquals", "")
        if visit.key.startswith(prefix) and (error is None if status is None else error == str(status)):
            return _redirect(rule["Redirect"], prefix, visit)
    return None


def _redirect(wanted: dict[str, Any], prefix: str, visit: Visit) -> Redirect:
    key = visit.key
    if wanted.get("ReplaceKeyWith") is not None:
        key = wanted["ReplaceKeyWith"]
    elif wanted.get("ReplaceKeyPrefixWith") is not None:
        key = wanted["ReplaceKeyPrefixWith"] + key.removeprefix(prefix)
    scheme, host = wanted.get("Protocol") or visit.scheme, wanted.get("HostName") or visit.host
    return Redirect(int(wanted.get("HttpRedirectCode") or 301), f"{scheme}://{host}/{_in_url(key)}")


def keys_meant(configuration: Configuration, key: str) -> tuple[str, str]:
    """The object that a path means, and the index document that would make it a folder ("" where it is one)."""
    suffix = configuration["IndexDocument"]["Suffix"]
    if not key or key.endswith("/"):
        return key + suffix, ""
    return key, f"{key}/{suffix}"


def folder(key: str) -> Redirect:
    """To the same path with a slash, so that the links in its index document lead to the right place."""
    return Redirect(302, f"/{_in_url(key)}/")


def error_page(error: ServiceError, status: int, request_id: str, custom: ServiceError | None = None) -> bytes:
    """A page for people. `custom` is why the website's own error document could not be shown."""
    phrase = HTTPStatus(status).phrase
    title = f"{status} {phrase}"
    ids = {"RequestId": request_id, "HostId": request_id}
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<h1>{title}</h1>",
        *_listed({"Code": error.code, "Message": error.message, **error.members, **ids}),
    ]
    if custom is not None:
        lines.append("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>")
        lines += _listed({"Code": custom.code, "Message": custom.message, **custom.members})
    return "\n".join([*lines, "<hr/>", "</body>", "</html>", ""]).encode()


def _listed(entries: dict[str, Any]) -> list[str]:
    return ["<ul>", *(f"<li>{name}: {escape(str(value))}</li>" for name, value in entries.items()), "</ul>"]


def _in_url(key: str) -> str:
    return quote(key, safe="/-_.~!$&'()*+,;=:@")
