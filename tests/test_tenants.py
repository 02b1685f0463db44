"""Accounts are strangers to each other: whatever one account calls with what belongs to another, it is refused or finds
nothing, and the other account's state stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller, root_of
from cumulet.kernel.kernel import Kernel
from cumulet.kernel.models import Operation
from cumulet.kernel.registry import Registry
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo
from cumulet.testing import LocalCloud
from tests.walks import belongings, inputs
from tests.walks.people import People
from tests.walks.state import intrusions, kept

REGISTRY = Registry("cumulet.services")
SERVICES = sorted(set(belongings.MAKERS) & set(REGISTRY.names))
VICTIM, STRANGER = "555500001111", "666600002222"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}

OWNERS = (
    "AccountId",
    "QueueOwnerAWSAccountId",
    "ExpectedBucketOwner",
    "ExpectedSourceBucketOwner",
    "ManagementAccount",
)
"""Members that say whose something is."""

TELLING: dict[str, dict[str, str]] = {
    "sts": {"GetAccessKeyInfo": "tells whose key it is, to whoever has its id (STS API Reference)"},
    "cloudtrail": {"LookupEvents": "tells the caller's own calls, also those that named what is another's"},
}
"""Operations that may say something of another account, with the reason."""


class Intruder:
    """Somebody of one account, with the names and ARNs of what belongs to another."""

    def __init__(self, kernel: Kernel, service: str, caller: Caller, known: dict[str, Any]) -> None:
        self.kernel = kernel
        self.service = REGISTRY.load(service)
        self.caller = caller
        self.known = known

    async def try_everything(self) -> list[str]:
        """What the other account had to suffer."""
        suffered = []
        for operation in inputs.operations(self.service):
            least, more = inputs.minimal(operation, self.known), inputs.fuller(operation, self.known)
            for parameters in (least, more) if more != least else (least,):
                suffered += await self._try(operation, parameters)
        return suffered

    async def _try(self, operation: Operation, parameters: dict[str, Any]) -> list[str]:
        before = kept(self.kernel)
        told = await self._call(operation, parameters)
        suffered = []
        if VICTIM in told and operation.name not in TELLING.get(self.service.name, {}):
            suffered.append(f"{operation.name} with {list(parameters)} told {told[:300]}")
        if done := intrusions(before, kept(self.kernel), VICTIM):
            suffered.append(f"{operation.name} with {list(parameters)} did {done[:3]}")
        return suffered

    async def _call(self, operation: Operation, parameters: dict[str, Any]) -> str:
        """The answer, without what the caller has said himself; nothing for a refusal."""
        request = RequestInfo(id=self.kernel.ids.uuid())
        scope = Scope(account=self.caller.account, region="us-east-1")
        try:
            answer = await self.kernel.call(
                self.service, operation.method, self.caller, scope, request, dict(parameters)
            )
        except ServiceError:
            return ""
        return _without(repr(answer), parameters)


def _without(told: str, said: Any) -> str:
    if isinstance(said, str):
        return told.replace(said, "") if said else told
    if isinstance(said, dict):
        return _without(told, list(said.values()))
    for each in said if isinstance(said, list) else ():
        told = _without(told, each)
    return told


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return str(request.param)


@pytest.fixture
def kernel(tmp_path):
    with LocalCloud(tmp_path / "cloud") as running:
        running.cloud.kernel.run = running.run  # type: ignore[attr-defined]
        yield running.cloud.kernel


@pytest.fixture
def known(kernel, service) -> dict[str, Any]:
    """The names and ARNs of what the victim has."""
    made = kernel.run(belongings.make(kernel, service, VICTIM))
    return {**made, **dict.fromkeys(OWNERS, VICTIM)}


def test_the_root_of_another_account_gets_nowhere(kernel, service, known):
    suffered = kernel.run(Intruder(kernel, service, root_of(STRANGER), known).try_everything())
    assert not suffered, "\n".join(suffered)


def test_an_administrator_of_another_account_gets_nowhere(kernel, service, known):
    administrator = People(kernel).user(STRANGER, EVERYTHING)
    suffered = kernel.run(Intruder(kernel, service, administrator, known).try_everything())
    assert not suffered, "\n".join(suffered)


def test_the_walk_would_notice(kernel):
    """The owner, who may do all of it, is caught at once."""
    known = kernel.run(belongings.make(kernel, "sqs", VICTIM))
    suffered = kernel.run(Intruder(kernel, "sqs", root_of(VICTIM), known).try_everything())
    assert any(line.startswith("DeleteQueue ") and " did " in line for line in suffered)
    assert any(line.startswith("ListQueues ") and " told " in line for line in suffered)
