"""Session policies: what limits one session to less than its role or user may do.

The token has room for so much; STS tells how much of it the policies and tags of a session take, packed.
Source: AWS STS API Reference, AssumeRole (Policy, PolicyArns, PackedPolicySize)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cumulet.kernel.authz import MalformedPolicy, PolicyKind, parse
from cumulet.services.sts.errors import MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError

MOST_ARNS = 10
LONGEST = 2048
"""Of the inline policy and the ARNs together, in characters as they were given."""
_PACKED_BYTES = 2048
"""AWS tells neither its format nor its room. Ours packs with zlib; what people write in earnest fits."""


class SessionPolicies(NamedTuple):
    """`texts` is None where no policy was given at all, which limits nothing."""

    texts: tuple[str, ...] | None
    arns: tuple[str, ...]

    @property
    def are_given(self) -> bool:
        return self.texts is not None or bool(self.arns)


def of_request(policy: str | None, arns: Sequence[Mapping[str, str]]) -> SessionPolicies:
    """Raises MalformedPolicyDocument or ValidationError. Whether the ARNs name policies is for the caller to see."""
    named = tuple(dict.fromkeys(entry["arn"] for entry in arns if "arn" in entry))
    if len(named) > MOST_ARNS:
        raise ValidationError(f"The number of managed session policies exceeds the limit of {MOST_ARNS}.")
    if len(policy or "") + sum(map(len, named)) > LONGEST:
        raise ValidationError(
            f"The inline policy and the ARNs of managed policies together must have length less than or equal to "
            f"{LONGEST}"
        )
    if policy is not None:
        _check(policy)
    return SessionPolicies((policy,) if policy is not None else None, named)


def packed_percent(policies: SessionPolicies, tags: Mapping[str, str]) -> int | None:
    """How much of the room they take, in percent; None where there is nothing to pack. Raises PackedPolicyTooLarge."""
    if not policies.are_given and not tags:
        return None
    texts = [*(policies.texts or ()), *policies.arns, *(part for pair in tags.items() for part in pair)]
    percent = -(-100 * len(zlib.compress("\0".join(texts).encode(), 9)) // _PACKED_BYTES)
    if percent > 100:
        what = "policy" if policies.are_given else "size of session tags"
        raise PackedPolicyTooLarge(f"Packed {what} consumes {percent}% of allotted space, please use smaller policy.")
    return percent


def _check(text: str) -> None:
    try:
        parse(text, PolicyKind.SESSION, "session policy")
    except MalformedPolicy as malformed:
        raise MalformedPolicyDocument(malformed.words) from None
