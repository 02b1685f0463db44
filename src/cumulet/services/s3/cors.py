"""Cross-origin rules: which pages may use a bucket from a browser, and how the answers tell the browser so.

Source: S3 User Guide, "Using cross-origin resource sharing (CORS)"; S3 API Reference, PutBucketCors; headers and words
as AWS answers them."""

from __future__ import annotations

from typing import Any, NamedTuple

from cumulet.services.s3.errors import AccessForbidden, BadRequest, InvalidRequest, MalformedXML

KIND = "cors"
MOST_RULES = 100
METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
_REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method "
    "/ Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)

Rules = list[dict[str, Any]]


class Asked(NamedTuple):
    """What a browser wants to do: from which page, by which method, with which headers (in lower case)."""

    origin: str
    method: str
    headers: tuple[str, ...] = ()


def check(rules: Rules) -> None:
    """Raises MalformedXML or InvalidRequest for a configuration that S3 does not take."""
    if not 1 <= len(rules) <= MOST_RULES:
        raise MalformedXML
    for rule in rules:
        if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
            raise MalformedXML
        for method in rule["AllowedMethods"]:
            if method not in METHODS:
                raise InvalidRequest(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
        _check_wildcards("AllowedOrigin", rule["AllowedOrigins"])
        _check_wildcards("AllowedHeader", rule.get("AllowedHeaders") or [])
        for header in rule.get("ExposeHeaders") or []:
            if "*" in header:
                raise InvalidRequest(
                    f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
                )


def _check_wildcards(name: str, values: list[str]) -> None:
    for value in values:
        if value.count("*") > 1:
            raise InvalidRequest(f'{name} "{value}" can not have more than one wildcard.')


def headers_for(rules: Rules, asked: Asked, *, preflight: bool = False) -> dict[str, str] | None:
    """The headers of an answer to `asked`, by the first rule that allows it; None if no rule does."""
    for rule in rules:
        origin = _allowed_origin(rule, asked.origin)
        if origin is not None and asked.method in rule["AllowedMethods"] and _allows_headers(rule, asked.headers):
            return _headers(rule, origin, asked, preflight)
    return None


def asked_by(headers: Any, method: str) -> Asked:
    """What a preflight asks for. Raises BadRequest where it does not say."""
    origin = headers.get("origin")
    if origin is None:
        raise BadRequest("Insufficient information. Origin request header needed.")
    wanted = headers.get("access-control-request-method")
    if wanted not in METHODS:
        raise BadRequest(f"Invalid Access-Control-Request-Method: {wanted or 'null'}")
    names = headers.get("access-control-request-headers", "").split(",")
    return Asked(origin, wanted, tuple(name.strip().lower() for name in names if name.strip()))


def refusal(method: str, resource: str, words: str = _REFUSED) -> AccessForbidden:
    return AccessForbidden(words, Method=method, ResourceType=resource)


def _allowed_origin(rule: dict[str, Any], origin: str) -> str | None:
    """What to put into Access-Control-Allow-Origin."""
    for pattern in rule["AllowedOrigins"]:
        if pattern == "*":
            return "*"
        if _fits(pattern, origin):
            return origin
    return None


def _allows_headers(rule: dict[str, Any], wanted: tuple[str, ...]) -> bool:
    allowed = rule.get("AllowedHeaders") or []
    return all(any(_fits(pattern.lower(), name) for pattern in allowed) for name in wanted)


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern with at most one `*` describes."""
    before, star, after = pattern.partition("*")
    if not star:
        return text == pattern
    return len(text) >= len(before) + len(after) and text.startswith(before) and text.endswith(after)


def _headers(rule: dict[str, Any], origin: str, asked: Asked, preflight: bool) -> dict[str, str]:
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "vary": _VARY,
    }
    if preflight and asked.headers:
        headers["access-control-allow-headers"] = ", ".join(asked.headers)
    if rule.get("ExposeHeaders"):
        headers["access-control-expose-headers"] = ", ".join(rule["ExposeHeaders"])
    if rule.get("MaxAgeSeconds") is not None:
        headers["access-control-max-age"] = str(rule["MaxAgeSeconds"])
    if origin != "*":
        headers["access-control-allow-credentials"] = "true"
    return headers
