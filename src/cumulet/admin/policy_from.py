"""The least policy that covers what somebody really did, out of the audit record's ledger of use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cumulet.admin import clock
from cumulet.admin.arguments import Arguments, BadRequest, NotFound
from cumulet.kernel import actions
from cumulet.kernel.audit import use
from cumulet.kernel.audit.use import Use
from cumulet.kernel.authz.explain import literal

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.store import ReadTransaction

LARGEST = 6144
"""Characters of a managed policy; white space does not count (IAM User Guide, IAM and AWS STS quotas)."""
_MOST_ATTACHED = 10
_VERSION = "2012-10-17"
_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::(?P<account>[0-9]{12}):(root|(user|role)/[\x21-\x7e]{1,512})")
_SESSION = re.compile(r"arn:[a-z-]+:sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]{1,64})/.{1,64}")
_MOST_NAMED = 20

Statement = dict[str, Any]


class Wanted(Arguments, frozen=True):
    """`principal` is the ARN of a user, a role or a root, or of a role's session, or an account's number for its root.
    `since` is a duration back from now ("1h"), or an instant."""

    principal: str
    since: str | None = None


async def derive(cloud: Cloud, wanted: Wanted) -> dict[str, Any]:
    """Raises NotFound if nothing of the principal is on record, BadRequest for what is no principal."""
    await cloud.kernel.audit.written()
    since = _since(cloud, wanted.since)
    principal, uses = await cloud.kernel.store.read(_uses, wanted.principal, since)
    known = [each for each in uses if actions.action(each.action) and not _is_free(each.action)]
    if not known:
        raise NotFound(await cloud.kernel.store.read(_nothing, principal, since))
    policies = [{"Version": _VERSION, "Statement": found} for found in parcelled(statements(known))]
    return {
        "principal": principal,
        "since": since,
        "first": min(each.first for each in known),
        "last": max(each.last for each in known),
        "calls": sum(each.count for each in known),
        "policies": policies,
        "left_out": sorted({each.action for each in uses} - {each.action for each in known}),
        "notes": list(_notes(known, since, len(policies))),
    }


def _since(cloud: Cloud, text: str | None) -> datetime | None:
    if text is None:
        return None
    now = cloud.kernel.clock.now()
    return now - clock.duration(text) if text[-1:].isalpha() and text[-1:] != "Z" else clock.moment(text)


def _uses(tx: ReadTransaction, named: str, since: datetime | None) -> tuple[str, list[Use]]:
    """Who is meant, as the ledger knows it, and what it used."""
    account, principal = _located(tx, named)
    return principal, use.of(tx, account, principal, since)


def _located(tx: ReadTransaction, named: str) -> tuple[str, str]:
    if re.fullmatch(r"[0-9]{12}", named):
        return named, f"arn:aws:iam::{named}:root"
    if found := _PRINCIPAL.fullmatch(named):
        return found["account"], named
    session = _SESSION.fullmatch(named)
    if session is None:
        raise BadRequest(f"{named[:200]!r} is no ARN of a user, a role or a root")
    roles = {each for each, _ in use.of_account(tx, session["account"]) if ":role/" in each}
    fitting = sorted(each for each in roles if each.rpartition("/")[2] == session["role"])
    return session["account"], fitting[0] if fitting else f"arn:aws:iam::{session['account']}:role/{session['role']}"


def _nothing(tx: ReadTransaction, principal: str, since: datetime | None) -> str:
    account = principal.split(":")[4]
    others = sorted({each for each, found in use.of_account(tx, account) if since is None or found.last >= since})
    when = "" if since is None else f" since {since:%Y-%m-%d %H:%M:%S} UTC"
    who = f"; on record are {', '.join(others[:_MOST_NAMED])}" if others else ""
    return f"{principal} has used nothing that takes a permission{when}{who}"


def _is_free(action: str) -> bool:
    """Whether an operation of this name takes no permission, whatever policies say of it."""
    prefix, _, name = action.partition(":")
    try:
        return actions.is_free(prefix, name)
    except KeyError:  # no operation has the action's name: s3:ListBucket
        return False


# From uses to statements


def statements(uses: Iterable[Use]) -> list[Statement]:
    """One for each service and set of resources, in a steady order."""
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in uses:
        grouped.setdefault((each.action.partition(":")[0], _resources(each)), []).append(each.action)
    return [_allow(sorted(names), resources) for (_, resources), names in sorted(grouped.items())]


def _resources(of: Use) -> tuple[str, ...]:
    if not of.resources or "*" in of.resources:
        return ("*",)
    if _is_general(of):
        return (literal(of.resources[0][:-1]) + "*",)
    return tuple(sorted(literal(each) for each in of.resources))


def _is_general(of: Use) -> bool:
    """Whether the ledger had too many resources to list, and has what they all begin with."""
    return len(of.resources) == 1 and of.resources[0].endswith("*") and of.count > use.MOST_RESOURCES


def _allow(names: list[str], resources: tuple[str, ...]) -> Statement:
    return {"Effect": "Allow", "Action": names, "Resource": resources[0] if len(resources) == 1 else list(resources)}


# Within the limit


def parcelled(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Statements in as many policies as it takes."""
    parcel: list[Statement] = []
    for statement in (part for each in statements for part in _divided(each)):
        if parcel and _size([*parcel, statement]) > LARGEST:
            yield parcel
            parcel = []
        parcel.append(statement)
    yield parcel


def _divided(statement: Statement) -> Iterator[Statement]:
    """A statement too large for a policy in halves, and these again."""
    halved = next((name for name in ("Resource", "Action") if _is_many(statement[name])), None)
    if _size([statement]) <= LARGEST or halved is None:
        yield statement
        return
    values = statement[halved]
    for half in (values[: len(values) // 2], values[len(values) // 2 :]):
        yield from _divided({**statement, halved: half})


def _is_many(values: str | list[str]) -> bool:
    return isinstance(values, list) and len(values) > 1


def _size(statements: list[Statement]) -> int:
    text = json.dumps({"Version": _VERSION, "Statement": statements})
    return sum(1 for character in text if not character.isspace())


def _notes(uses: list[Use], since: datetime | None, policies: int) -> Iterator[str]:
    if any(_is_general(each) for each in uses):
        yield f"Of more than {use.MOST_RESOURCES} resources, the policy has what they all begin with, and a *."
    if since is not None:
        yield "The ledger dates actions, not resources: each counts with all it was ever used on."
    if any(each.action == "iam:PassRole" for each in uses):
        yield "iam:PassRole is allowed for any service: add a condition on iam:PassedToService to narrow it."
    if policies > _MOST_ATTACHED:
        yield f"A user or role has at most {_MOST_ATTACHED} policies attached: put wildcards in the place of resources."


ROUTES = {"GET /_cumulet/policy-from": (Wanted, derive)}
