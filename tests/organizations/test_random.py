"""Random operations on an organization, beside a model of a few lines: what binds an account is what the model says,
and the store agrees with itself."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime, timedelta

import pytest

from cumulet.kernel.authority import SCP
from cumulet.kernel.clock import Clock
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.ids import Ids
from cumulet.kernel.store import MemoryEngine, Transaction
from cumulet.kernel.store.cache import Cache
from cumulet.services.organizations import (
    attachments,
    authority,
    checks,
    founding,
    members,
    organizations,
    policies,
    roots,
    tree,
    units,
)
from tests.organizations.conftest import statement

MANAGEMENT = "100000000000"
FULL = "p-FullAWSAccess"


class Model:
    """Where everything is, and what is attached there."""

    def __init__(self, root: str) -> None:
        self.parent = {MANAGEMENT: root}
        self.attached = {root: [FULL], MANAGEMENT: [FULL]}

    def line(self, name: str) -> list[str]:
        return [*self.line(self.parent[name]), name] if name in self.parent else [name]

    def controls(self, account: str) -> list[list[str]]:
        return [sorted(self.attached[each]) for each in self.line(account)]


class Walk:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.tx = Transaction(MemoryEngine(), Clock(), Ids(seed), Cache(), now=datetime(2030, 1, 1, tzinfo=UTC))
        founding.create(self.tx, MANAGEMENT, "ALL")
        self.root = self.now.root
        roots.enable(self.tx, self.now, self.root, SCP)
        self.model = Model(self.root)
        self.policies = [FULL] + [self._policy(number) for number in range(6)]

    @property
    def now(self) -> organizations.Organization:
        return organizations.in_use(self.tx, MANAGEMENT)

    def _policy(self, number: int) -> str:
        content = str(statement("Deny", "sqs:*")).replace("'", '"')
        made = policies.create(self.tx, self.now, SCP, f"policy {number}", "", content, ())
        return made["PolicySummary"]["Id"]

    def _any(self, kind: str = "") -> str:
        return self.chance.choice([each for each in self.model.attached if each.startswith(kind)])

    def step(self, number: int) -> None:
        """One operation; what is refused must leave everything as it was."""
        self.tx.now += timedelta(days=1)
        act = self.chance.choice(
            [self.unit, self.account, self.move, self.attach, self.attach, self.detach, self.leave]
        )
        with contextlib.suppress(ServiceError):
            act(number)

    def unit(self, number: int) -> None:
        parent = self._any()
        made = units.create(self.tx, self.now, parent, f"unit {number}", ())["Id"]
        self.model.parent[made], self.model.attached[made] = parent, [FULL]

    def account(self, number: int) -> None:
        name = str(200000000000 + number)
        members.join(self.tx, self.now, name, tree.INVITED)
        self.model.parent[name], self.model.attached[name] = self.root, [FULL]

    def move(self, _: int) -> None:
        name, to = self._any(), self._any()
        members.move(self.tx, self.now, name, self.model.parent.get(name, ""), to)
        self.model.parent[name] = to

    def attach(self, _: int) -> None:
        policy, target = self.chance.choice(self.policies), self._any()
        attachments.attach(self.tx, self.now, policy, target)
        self.model.attached[target].append(policy)

    def detach(self, _: int) -> None:
        policy, target = self.chance.choice(self.policies), self._any()
        attachments.detach(self.tx, self.now, policy, target)
        self.model.attached[target].remove(policy)

    def leave(self, _: int) -> None:
        name = self._any()
        if name.startswith("ou-"):
            units.delete(self.tx, self.now, name)
        else:
            members.leave(self.tx, self.now, name, "REMOVED")
        del self.model.parent[name], self.model.attached[name]

    def compare(self) -> None:
        for name in self.model.attached:
            if name.isdigit() and name != MANAGEMENT:
                found = authority.controls(self.tx, name, SCP)
                named = [sorted(arn.rpartition("/")[2] for arn, _ in level) for level in found]
                assert named == self.model.controls(name)
                line = self.model.line(self.model.parent[name])
                assert authority.membership(self.tx, name).path == "/".join([self.now.id, *line, ""])
        assert authority.controls(self.tx, MANAGEMENT, SCP) == []
        assert set(tree.entities(self.tx, self.now)) == set(self.model.attached)
        assert list(checks.check(self.tx, None)) == []


@pytest.mark.parametrize("seed", range(8))
def test_what_binds_an_account_is_what_a_plain_model_says(seed):
    walk = Walk(seed)
    for number in range(120):
        walk.step(number)
    walk.compare()
    assert len(walk.model.attached) > 3
