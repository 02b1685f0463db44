"""Rehearsals: whether a call that is on record would be let in now, and by which policies. Nothing is done.

Source of what is asked is the record, which lacks secrets and session policies."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cumulet.kernel.audit import asked
from cumulet.kernel.audit.entries import Entry
from cumulet.kernel.authority import Authority
from cumulet.kernel.authz import Ask, Decision, evaluate
from cumulet.kernel.authz.explain import explain
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo

if TYPE_CHECKING:
    from cumulet.kernel.access import Need
    from cumulet.kernel.kernel import Kernel
    from cumulet.kernel.registry import Registry
    from cumulet.kernel.store import ReadTransaction


class Rehearsal(Record):
    """`questions` are the accounts of what the policy engine was asked (authz.explain), in order."""

    questions: tuple[dict[str, Any], ...]
    error: str = ""
    """Why it would be refused now, or could not be tried."""
    lacks_session_policies: bool = False


class _Witness(Authority):
    """Decides as ever, and remembers why."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self.seen: list[dict[str, Any]] = []

    def _evaluate(self, tx: ReadTransaction, ask: Ask, need: Need) -> Decision:
        given = self._bearing(tx, ask, need)
        self.seen.append(explain(ask, given))
        return evaluate(ask, given)


async def rehearse(kernel: Kernel, entry: Entry) -> Rehearsal:
    """Ask for the permissions of a recorded call again, with the policies of now."""
    operation = asked.operation_of(entry)
    told = isinstance(entry.parameters, Mapping) and "omitted" in entry.parameters
    if operation is None or entry.service not in kernel.registry.names or told:
        return Rehearsal(questions=(), error="What was asked is not on record.")
    caller, lacks = _caller(entry.caller)
    stage = copy.copy(kernel)
    stage.authority = witness = _Witness(kernel.registry)
    stage.quotas = False
    scope = Scope(account=caller.account or entry.account, region=entry.region)
    call = kernel.registry.load(entry.service)(stage, caller, scope, _request(entry))
    error = ""
    try:
        await call.authorise(operation.method, asked.parameters_of(entry, operation))
    except ServiceError as refusal:
        error = str(refusal)
    except (KeyError, TypeError, ValueError, AttributeError, LookupError):  # the record has not all of it
        return Rehearsal(questions=(), error="Too little of what was asked is on record.")
    return Rehearsal(questions=tuple(witness.seen), error=error, lacks_session_policies=lacks)


def _caller(told: Caller) -> tuple[Caller, bool]:
    """Who it was; and whether the session had policies, whose texts are not on record."""
    session = told.session
    if session is None or session.policies is None:
        return told, False
    return replace(told, session=replace(session, policies=None)), True


def _request(entry: Entry) -> RequestInfo:
    return RequestInfo(
        id=entry.request_id, source_ip=entry.source_ip, user_agent=entry.user_agent, secure=entry.secure,
        headers={"host": entry.host, "user-agent": entry.user_agent},
    )  # fmt: skip
