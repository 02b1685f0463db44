"""Users who exist for one walk only: what IAM would tell of them is told here, so that nothing has to be written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import ModuleType, SimpleNamespace
from typing import Any

from cumulet.kernel.authority import Sources
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.kernel import Kernel


class People:
    """Stands before IAM in one kernel: knows its own users, and asks IAM about everybody else."""

    def __init__(self, kernel: Kernel) -> None:
        self._texts: dict[str, tuple[str, str]] = {}
        self._modules = kernel.registry.module
        kernel.registry.module = self._module  # type: ignore[method-assign]

    def user(self, account: str, *statements: dict[str, Any]) -> Caller:
        """Somebody who may do what the statements say, and nothing else."""
        number = len(self._texts)
        arn = f"arn:aws:iam::{account}:user/walker-{number}"
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}) if statements else ""
        self._texts[arn] = (f"AIDA{number:017}", text)
        return Caller(kind=Kind.USER, account=account, arn=arn, id=self._texts[arn][0])

    def _module(self, service: str, name: str) -> Any:
        found: ModuleType | None = self._modules(service, name)
        if (service, name) != ("iam", "authority"):
            return found
        return SimpleNamespace(
            policies_of=lambda tx, arn: self._sources(tx, arn, found),
            managed_policy=found.managed_policy if found is not None else lambda tx, arn: None,
        )

    def _sources(self, tx: Any, arn: str, iam: Any) -> Sources | None:
        if arn not in self._texts:
            return iam.policies_of(tx, arn) if iam is not None else None
        unique_id, text = self._texts[arn]
        return Sources(id=unique_id, identity=(("inline walk", text),) if text else ())


def _id(arn: str) -> str:
    return f"AIDA{arn.rpartition('-')[2]:0>17}"


def allowing(needs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Statements that allow these actions on these resources."""
    return [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in needs]
