"""Key policies as clients read and write them. The rules are in ../policies.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, managed, pages, policies
from cumulet.services.kms.api.base import KMSBase
from cumulet.services.kms.errors import MalformedPolicyDocumentException, NotFoundException
from cumulet.services.kms.keys import Key


class PolicyRules(KMSBase):
    def check_lockout(self, tx: ReadTransaction, key: Key, policy: str) -> None:
        """Whether the caller could still change the policy, once it is this one.

        Raises MalformedPolicyDocumentException. Source: KMS API Reference, BypassPolicyLockoutSafetyCheck."""
        policy = self.with_policy(tx, key, policy).evaluated_policy
        need = Need(
            action="kms:PutKeyPolicy", resource=key.arn, account=key.account, policy=policy, must_allow=True,
            context={"kms:calleraccount": self.caller.account},
        )  # fmt: skip
        if not self.kernel.authority.decide(tx, self.caller, self.scope, self.request, need).allowed:
            raise MalformedPolicyDocumentException(policies.LOCKOUT)

    def with_policy(self, tx: ReadTransaction, key: Key, text: str) -> Key:
        return policies.bound(tx, self.kernel.authority, key, text)


class Policies(PolicyRules):
    async def get_key_policy(self, *, KeyId: str, PolicyName: str = policies.NAME) -> dict[str, Any]:
        text = await self.read_key(KeyId, self._text, PolicyName)
        return {"Policy": text, "PolicyName": PolicyName}

    async def put_key_policy(
        self, *, KeyId: str, Policy: str, PolicyName: str = policies.NAME, BypassPolicyLockoutSafetyCheck: bool = False
    ) -> dict[str, Any]:
        _check_name(PolicyName)
        text = policies.check(Policy)
        await self.write_key(KeyId, self._put, text, BypassPolicyLockoutSafetyCheck)
        return {}

    async def list_key_policies(
        self, *, KeyId: str, Limit: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        pages.after(Marker)
        await self.read_key(KeyId, self._text, policies.NAME)
        return {"PolicyNames": [policies.NAME], "Truncated": False}

    def _put(self, tx: Transaction, key: Key, text: str, bypass: bool) -> None:
        managed.refuse(key)
        if not bypass:
            self.check_lockout(tx, key, text)
        keys.put(tx, self.with_policy(tx, key, text))

    def _text(self, tx: ReadTransaction, key: Key, name: str) -> str:
        _check_name(name)
        return policies.shown(tx, self.kernel.authority, key)


def _check_name(name: str) -> None:
    if name != policies.NAME:
        raise NotFoundException("No such policy exists")
