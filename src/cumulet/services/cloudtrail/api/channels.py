"""Channels, and the events that come by them (PutAuditEvents of the service cloudtrail-data)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.service import internal
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import channels, policies, tags
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.channels import Channel, Told

_LARGEST_PAGE = 1000


class Channels(Base):
    async def create_channel(
        self, *, Name: str, Source: str, Destinations: Sequence[Mapping[str, Any]],
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        new = Channel(
            scope=self.scope, id=self.kernel.ids.uuid(), name=Name, source=Source,
            destinations=tuple(map(dict, Destinations)),
        )  # fmt: skip

        def create(tx: Transaction) -> None:
            channels.create(tx, new)
            if Tags:
                tags.put(tx, new.arn, Tags)

        await self.store.write(create)
        return {**channels.as_wire(new), "Tags": list(Tags)}

    async def get_channel(self, *, Channel: str) -> dict[str, Any]:
        channel = await self.store.read(channels.find, self.scope, Channel)
        return {
            **channels.as_wire(channel),
            "SourceConfig": {"ApplyToAllRegions": False, "AdvancedEventSelectors": []},
            "IngestionStatus": channels.status(channel),
        }

    async def list_channels(self, *, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        every = await self.store.read(channels.listed, self.scope)
        rest = [channel for channel in every if channel.id > (NextToken or "")]
        page = rest[: MaxResults or _LARGEST_PAGE]
        told: dict[str, Any] = {"Channels": [{"ChannelArn": each.arn, "Name": each.name} for each in page]}
        return told | ({"NextToken": page[-1].id} if len(rest) > len(page) else {})

    async def update_channel(
        self, *, Channel: str, Destinations: Sequence[Mapping[str, Any]] | None = None, Name: str | None = None
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {} if Name is None else {"name": Name}
        if Destinations is not None:
            changes["destinations"] = tuple(map(dict, Destinations))
        return channels.as_wire(await self.store.write(channels.update, self.scope, Channel, changes))

    async def delete_channel(self, *, Channel: str) -> dict[str, Any]:
        await self.store.write(channels.delete, self.scope, Channel)
        return {}

    @internal
    async def take_events(self, *, Channel: str, Events: Sequence[Mapping[str, Any]]) -> list[Told]:
        """What PutAuditEvents does. Raises ChannelNotFoundException, ChannelARNInvalidException."""
        return await self.store.write(channels.take, self.scope, Channel, Events)

    @staticmethod
    def policy_of(tx: ReadTransaction, arn: str) -> str | None:
        """The policy of a channel, for those who ask for its permissions elsewhere."""
        return policies.find(tx, arn)
