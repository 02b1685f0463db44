"""Policy documents as IAM takes and gives them: held to the policy language, measured without white space, and
percent-encoded in answers (RFC 3986), as clients expect them."""

from __future__ import annotations

import re
from urllib.parse import quote

from cumulet.kernel.authz import MalformedPolicy, Policy, PolicyKind
from cumulet.kernel.authz import policies as language
from cumulet.services.iam.errors import LimitExceeded, MalformedPolicyDocument

_SPACE = re.compile(r"\s+")


def check(text: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    """The policy that the text is. Raises MalformedPolicyDocument in the words of the policy language."""
    try:
        return language.parse(text, kind)
    except MalformedPolicy as wrong:
        raise MalformedPolicyDocument(wrong.words) from None


def size(text: str) -> int:
    """Characters that count against a quota: all but white space (IAM User Guide, IAM and AWS STS quotas)."""
    return len(_SPACE.sub("", text))


def check_size(text: str, quota: str, limit: int) -> None:
    """Raises LimitExceeded."""
    if size(text) > limit:
        raise LimitExceeded.of(quota, limit)


def encoded(text: str) -> str:
    """As an answer carries a document."""
    return quote(text, safe="")
