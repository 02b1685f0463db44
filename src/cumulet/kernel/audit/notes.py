"""Notes: what is remembered of a call on its way, by reference, until it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cumulet.kernel.access import Need
from cumulet.kernel.audit.entries import Denial
from cumulet.kernel.audit.operations import Plan
from cumulet.kernel.authz import Decision
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import replace

if TYPE_CHECKING:
    from cumulet.kernel.service import RequestInfo, Service

LONGEST_TEXT = 1024
"""Characters of one text that a client wrote, apart from its parameters."""
LONGEST_LIST = 100
NOTED_OF_A_KIND = 32
"""Data operations that nobody reads of are noted one by one only so often in a batch: enough for the ledger of use,
and no burden to those who make thousands of them. The rest is counted."""

_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException"})

Likeness = tuple[str, Plan, str]
"""Calls that are alike: of one principal, to one operation, and on one resource if permission was asked for."""


class Failure(NamedTuple):
    code: str
    message: str
    denial: Denial | None

    @property
    def is_refusal(self) -> bool:
        """Whether the caller may not; it need not be a policy that says so."""
        return self.denial is not None or self.code in _REFUSALS


class Noted(NamedTuple):
    plan: Plan
    call: Service
    parameters: Mapping[str, Any]
    result: Any
    failure: Failure | None
    seconds: float


def likeness(call: Service, plan: Plan) -> Likeness | None:
    """None for a call that is like no other."""
    needs = call.needs_asked
    if len(needs) > 1:
        return None
    return (call.caller.arn, plan, needs[0].resource if needs else "")


def failure_of(error: Exception) -> Failure:
    """An error without what hangs on it: a traceback holds the request's body."""
    denial = _denial(getattr(error, "asked", None), getattr(error, "because", None), getattr(error, "explained", None))
    if isinstance(error, ServiceError):
        return Failure(error.code, clean(error.message), denial)
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return Failure(code, clean(str(error)), denial)
    return Failure("InternalFailure", "An internal error occurred", None)


def as_modelled(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of what no model describes: a form's field `key` is the parameter Key."""
    fields = parameters.get("Fields")
    key = fields.get("key") if isinstance(fields, Mapping) else None
    return {**parameters, "Key": key} if isinstance(key, str) else parameters


def failure_told(call: Service) -> Failure | None:
    """The error that an answer is about although none was raised: a website shows it as a page."""
    code = getattr(call, "told", "")
    return Failure(clean(code), "", None) if isinstance(code, str) and code else None


def _denial(asked: Need | None, because: Decision | None, explained: Any) -> Denial | None:
    """What the policy engine said, if it was it that refused. Condition keys that are worked out only when a policy
    asks are left out."""
    if asked is None or because is None:
        return None
    given = asked.context.items() if isinstance(asked.context, Mapping) else ()
    return Denial(
        action=asked.action, resource=clean(asked.resource), account=asked.account, reason=because.reason.name,
        layer=because.layer.name, policy=because.policy.source if because.policy is not None else "",
        statement=because.statement.sid if because.statement is not None else "",
        context={
            clean(name): clean(v) if isinstance(v, str) else [clean(str(each)) for each in v] for name, v in given
        },
        explained=_all_clean(explained),
    )  # fmt: skip


def told_caller(caller: Caller) -> Caller:
    """Who it was, without the texts of session policies; an empty tuple tells that there were some."""
    session = caller.session
    if session is None or session.policies is None:
        return caller
    return replace(caller, session=replace(session, policies=()))


def length_of(request: RequestInfo) -> int:
    told = request.headers.get("content-length", "")
    return int(told) if told.isdecimal() and len(told) < 12 else 0


def clean(text: str) -> str:
    """A text that has bytes, and not too many: what clients write may hold half characters."""
    return text[:LONGEST_TEXT].encode(errors="replace").decode()


def _all_clean(told: Any) -> Any:
    """Plain data, its texts with bytes; bounded where policies and requests have it bounded."""
    match told:
        case str():
            return clean(told)
        case dict():
            return {clean(name): _all_clean(each) for name, each in told.items()}
        case list() | tuple():
            return [_all_clean(each) for each in told[:LONGEST_LIST]]
    return told


def host_of(request: RequestInfo) -> str:
    return request.headers.get("host", "")[:256]
