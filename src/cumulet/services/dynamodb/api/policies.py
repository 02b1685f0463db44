"""Resource policies of tables and streams, as clients set them. The rules are in ../policies.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import policies, streams, tables, tags
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.tables import Table


class ResourcePolicies(DynamoBase):
    async def put_resource_policy(
        self,
        *,
        ResourceArn: str,
        Policy: str,
        ExpectedRevisionId: str | None = None,
        ConfirmRemoveSelfResourceAccess: bool = False,
    ) -> dict[str, Any]:
        def put(tx: Transaction, table: Table) -> tuple[Table, str]:
            if not ConfirmRemoveSelfResourceAccess:
                self._check_lockout(tx, table, ResourceArn, Policy)
            return policies.put(tx, table, ResourceArn, Policy, ExpectedRevisionId)

        return {"RevisionId": await self._change(ResourceArn, put)}

    async def get_resource_policy(self, *, ResourceArn: str) -> dict[str, Any]:
        def get(tx: ReadTransaction) -> policies.ResourcePolicy:
            return policies.get(tx, _table(tx, self, ResourceArn), ResourceArn)

        found = await self.store.read(get)
        return {"Policy": found.text, "RevisionId": found.revision}

    async def delete_resource_policy(
        self, *, ResourceArn: str, ExpectedRevisionId: str | None = None
    ) -> dict[str, Any]:
        """To delete what is not there succeeds, without a revision."""

        def delete(tx: Transaction, table: Table) -> tuple[Table, str]:
            return policies.delete(tx, table, ResourceArn, ExpectedRevisionId)

        revision = await self._change(ResourceArn, delete)
        return {"RevisionId": revision} if revision else {}

    def _check_lockout(self, tx: ReadTransaction, table: Table, arn: str, text: str) -> None:
        """Raises ValidationException where the caller could not change the policy any more."""
        policies.check(text)
        need = Need(
            action="dynamodb:PutResourcePolicy", resource=arn, account=table.scope.account, policy=text,
            tags=lambda: tags.of(tx, table),
        )  # fmt: skip
        if not self.kernel.authority.decide(tx, self.caller, self.scope, self.request, need).allowed:
            raise ValidationException(
                "The new resource-based policy will not allow you to change it in the future. To attach it all the "
                "same, confirm that you remove your own access."
            )

    async def _change(self, arn: str, rule: Callable[[Transaction, Table], tuple[Table, str]]) -> str:
        def change(tx: Transaction) -> str:
            table = _table(tx, self, arn)
            changed, revision = rule(tx, table)
            if changed is not table:
                tables.put(tx, changed)
            return revision

        return await self.store.write(change)


def _table(tx: ReadTransaction, call: DynamoBase, arn: str) -> Table:
    """The table of an ARN, or that of a stream's. Raises ResourceNotFoundException."""
    of_table, _, label = arn.partition("/stream/")
    table = tables.of_arn(tx, call.scope, of_table)
    if label and streams.find(tx, table.scope, table.name, label) is None:
        raise ResourceNotFoundException.of_arn(arn)
    return table
