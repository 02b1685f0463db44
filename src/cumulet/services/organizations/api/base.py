"""What the operations share: each runs its rule on the caller's organization, if the caller may call it at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller
from cumulet.kernel.kernel import Client
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import access
from cumulet.services.organizations.organizations import Organization

T = TypeVar("T")
_Admit = Callable[[ReadTransaction, Caller], Organization]


class Base(Service):
    async def _manage(self, rule: Callable[..., T], *rest: Any, **more: Any) -> T:
        """For the management account alone."""
        return await self.store.write(_admitted, access.manager, self.caller, rule, rest, more)

    async def _administer(self, rule: Callable[..., T], *rest: Any, **more: Any) -> T:
        """For those who look after policies."""
        return await self.store.write(_admitted, access.administrator, self.caller, rule, rest, more)

    async def _look(self, rule: Callable[..., T], *rest: Any, **more: Any) -> T:
        """For those who may see the whole organization."""
        return await self.store.read(_admitted, access.onlooker, self.caller, rule, rest, more)

    async def _belong(self, rule: Callable[..., T], *rest: Any, **more: Any) -> T:
        """For every account of the organization."""
        return await self.store.write(_admitted, access.member, self.caller, rule, rest, more)


async def link_role(iam: Client) -> None:
    """Have the role in an account by which Organizations acts there, unless it has it. Raises what IAM raises.

    Source: Organizations User Guide, Organizations and service-linked roles."""
    try:
        await iam.create_service_linked_role(AWSServiceName="organizations.amazonaws.com")
    except ServiceError as error:
        if error.code != "InvalidInput":  # the name has been taken: it is there
            raise


def _admitted(
    tx: Any, admit: _Admit, caller: Caller, rule: Callable[..., T], rest: tuple[Any, ...], more: dict[str, Any]
) -> T:
    return rule(tx, admit(tx, caller), *rest, **more)
