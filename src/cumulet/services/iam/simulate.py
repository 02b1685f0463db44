"""What policies would decide, without asking anything of a real service: the policy simulator.

Source: IAM API Reference, SimulatePrincipalPolicy and SimulateCustomPolicy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from cumulet.kernel.authz import MalformedPolicy, Policies, Policy, PolicyKind, parse
from cumulet.kernel.authz import simulate as engine
from cumulet.kernel.identity import Caller, Kind
from cumulet.services.iam.errors import InvalidInput
from cumulet.services.iam.holders import Held
from cumulet.services.iam.pages import Page

MOST_RESULTS = 100_000
"""Of one request, over all its pages."""
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_CALLER = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):user(/[\x21-\x7e]*/|/)([\w+=,.@-]+)")


class Asked(NamedTuple):
    """Which actions on which resources, under which circumstances."""

    actions: Sequence[str]
    resources: Sequence[str]
    entries: Sequence[Mapping[str, Any]]


def results(asked: Asked, caller: Caller, given: Policies, owner: str, page: Page) -> tuple[list[dict[str, Any]], str]:
    """The EvaluationResults of a page, and what marks the next one, if there is one. Raises InvalidInput."""
    for action in asked.actions:
        if not _ACTION.fullmatch(action):
            raise InvalidInput(f"Invalid action name: {action[:200]}")
    resources = list(asked.resources) or ["*"]
    if len(asked.actions) * len(resources) > MOST_RESULTS:
        raise InvalidInput(f"More than {MOST_RESULTS} results are asked for.")
    start = int(page.after) if page.after.isdigit() else 0
    context = {**_own_context(caller), **engine.context_of(asked.entries)}
    simulation = engine.Simulation(caller, given, context, owner)
    wanted = islice(product(asked.actions, resources), start, start + page.size)
    found = [next(iter(engine.simulate(simulation, [action], [resource]))) for action, resource in wanted]
    end = start + len(found)
    return found, str(end) if end < len(asked.actions) * len(resources) else ""


def named(texts: Iterable[str], member: str, kind: PolicyKind = PolicyKind.IDENTITY) -> tuple[Policy, ...]:
    """Policies of a request, called by their places in it. Raises InvalidInput."""
    try:
        return tuple(parse(text, kind, f"{member}.{n}") for n, text in enumerate(texts, 1))
    except MalformedPolicy as wrong:
        raise InvalidInput(f"{member}: {wrong.words}") from None


def written(policies: Iterable[Held]) -> tuple[Policy, ...]:
    """The policies of a user, group or role: managed ones called by their names, inline ones by their place."""
    return tuple(parse(held.text, PolicyKind.IDENTITY, _name(held)) for held in policies)


def _name(held: Held) -> str:
    return held.name if held.arn else f"{held.holder.kind}_{held.holder.name}_{held.name}"


def caller_of(arn: str) -> Caller:
    """Whom CallerArn means, which has to be a user's. Raises InvalidInput."""
    parts = _CALLER.fullmatch(arn)
    if parts is None:
        raise InvalidInput("Caller ARN must be the ARN of an IAM user.")
    return Caller(kind=Kind.USER, account=parts[1], arn=arn, id="")


def _own_context(caller: Caller) -> dict[str, str]:
    """What is known of the caller without being told."""
    told = {"aws:principalarn": caller.identity_arn, "aws:principalaccount": caller.account, "aws:userid": caller.id}
    if caller.kind is Kind.USER:
        told["aws:username"] = caller.arn.rpartition("/")[2]
    return {key: value for key, value in told.items() if value}
