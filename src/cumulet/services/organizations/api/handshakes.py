"""Handshakes: invitations and what else one account asks of another; and responsibility transfers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel import identity
from cumulet.kernel.service import job, stored
from cumulet.services.organizations import answers, handshakes, invitations, tags, transfers
from cumulet.services.organizations.api.base import Base, link_role
from cumulet.services.organizations.paging import Page, answer


class Handshakes(Base):
    async def invite_account_to_organization(
        self, *, Target: Mapping[str, str], Notes: str = "", Tags: Sequence[tags.Tag] = ()
    ) -> dict[str, Any]:
        sent = await self._manage(invitations.send, Target, Notes, Tags, by_quota=self.kernel.quotas)
        return {"Handshake": sent}

    async def describe_handshake(self, *, HandshakeId: str) -> dict[str, Any]:
        return {"Handshake": await self.store.read(handshakes.describe, self.scope.account, HandshakeId)}

    async def accept_handshake(self, *, HandshakeId: str) -> dict[str, Any]:
        """Who joins gets the role of Organizations, and before it joins: nothing binds the account yet."""
        asked = await self.store.read(handshakes.describe, self.scope.account, HandshakeId)
        if asked["Action"] == handshakes.INVITE and asked["State"] == handshakes.OPEN:
            await link_role(self.kernel.client(identity.root_of(self.scope.account), "iam", self.scope.region))
        return {"Handshake": await self.store.write(answers.accept, self.scope.account, HandshakeId)}

    async def decline_handshake(self, *, HandshakeId: str) -> dict[str, Any]:
        return {"Handshake": await self.store.write(answers.decline, self.scope.account, HandshakeId)}

    async def cancel_handshake(self, *, HandshakeId: str) -> dict[str, Any]:
        return {"Handshake": await self.store.write(answers.cancel, self.scope.account, HandshakeId)}

    async def list_handshakes_for_account(
        self, *, Filter: Mapping[str, str] | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        page = Page(NextToken, MaxResults)
        listed = handshakes.listed
        found = await self.store.read(listed, self.scope.account, dict(Filter or {}), page, is_sender=False)
        return answer("Handshakes", found)

    async def list_handshakes_for_organization(
        self, *, Filter: Mapping[str, str] | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(handshakes.listed_sent, dict(Filter or {}), Page(NextToken, MaxResults))
        return answer("Handshakes", found)

    @stored
    async def invite_organization_to_transfer_responsibility(
        self,
        *,
        Type: str,
        Target: Mapping[str, str],
        StartTimestamp: datetime,
        SourceName: str,
        Notes: str = "",
        Tags: Sequence[tags.Tag] = (),
    ) -> dict[str, Any]:
        wanted = (Target, Notes, StartTimestamp, SourceName, Tags)
        return {"Handshake": await self._manage(transfers.invite, *wanted)}

    @stored
    async def describe_responsibility_transfer(self, *, Id: str) -> dict[str, Any]:
        return {"ResponsibilityTransfer": await self._manage(transfers.describe, Id)}

    @stored
    async def update_responsibility_transfer(self, *, Id: str, Name: str) -> dict[str, Any]:
        return {"ResponsibilityTransfer": await self._manage(transfers.rename, Id, Name)}

    @stored
    async def terminate_responsibility_transfer(
        self, *, Id: str, EndTimestamp: datetime | None = None
    ) -> dict[str, Any]:
        return {"ResponsibilityTransfer": await self._manage(transfers.terminate, Id, EndTimestamp)}

    @stored
    async def list_inbound_responsibility_transfers(
        self, *, Type: str, Id: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._manage(transfers.listed, Id, Page(NextToken, MaxResults), inbound=True)
        return answer("ResponsibilityTransfers", found)

    @stored
    async def list_outbound_responsibility_transfers(
        self, *, Type: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._manage(transfers.listed, None, Page(NextToken, MaxResults), inbound=False)
        return answer("ResponsibilityTransfers", found)

    @job
    async def forget_handshake(self, *, handshake: str) -> None:
        await self.store.write(handshakes.forget, self.scope.account, handshake)
