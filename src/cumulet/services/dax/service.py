"""Amazon DynamoDB Accelerator (DAX) as its clients see it. The rules are in the modules named by nouns.

Everything is kept and described, and nothing runs: there is no endpoint that answers for data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cumulet.kernel.access import Need, pass_role
from cumulet.kernel.service import Service, job, stored
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dax import clusters, happenings, names, parameter_groups, subnet_groups
from cumulet.services.dax.clusters import Cluster

Answer = dict[str, Any]
Tags = list[dict[str, str]]


class DAX(Service):
    has_resource_policies = False

    # Clusters

    @stored
    async def create_cluster(
        self, *, ClusterName: str, NodeType: str, ReplicationFactor: int, IamRoleArn: str, **given: Any
    ) -> Answer:
        request = {
            "ClusterName": ClusterName, "NodeType": NodeType, "ReplicationFactor": ReplicationFactor,
            "IamRoleArn": IamRoleArn, **given,
        }  # fmt: skip
        return self._shown(await self.store.write(clusters.create, self.scope, request))

    @stored
    async def describe_clusters(
        self, *, ClusterNames: list[str] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> Answer:
        def find(tx: ReadTransaction) -> tuple[list[Cluster], str | None]:
            if ClusterNames:
                return [clusters.get(tx, self.scope, name) for name in dict.fromkeys(ClusterNames)], None
            return clusters.page(tx, self.scope, MaxResults, NextToken)

        found, more = await self.store.read(find)
        now = self.clock.now()
        return {"Clusters": [clusters.described(each, now) for each in found], **_next(more)}

    @stored
    async def update_cluster(self, *, ClusterName: str, **given: Any) -> Answer:
        request = {"ClusterName": ClusterName, **given}
        return self._shown(await self.store.write(clusters.update, self.scope, request))

    @stored
    async def delete_cluster(self, *, ClusterName: str) -> Answer:
        return self._shown(await self.store.write(clusters.delete, self.scope, ClusterName))

    @stored
    async def increase_replication_factor(
        self, *, ClusterName: str, NewReplicationFactor: int, AvailabilityZones: list[str] | None = None
    ) -> Answer:
        made = await self.store.write(
            clusters.increase, self.scope, ClusterName, NewReplicationFactor, AvailabilityZones
        )
        return self._shown(made)

    @stored
    async def decrease_replication_factor(
        self,
        *,
        ClusterName: str,
        NewReplicationFactor: int,
        AvailabilityZones: list[str] | None = None,
        NodeIdsToRemove: list[str] | None = None,
    ) -> Answer:
        made = await self.store.write(
            clusters.decrease, self.scope, ClusterName, NewReplicationFactor, AvailabilityZones, NodeIdsToRemove
        )
        return self._shown(made)

    @stored
    async def reboot_node(self, *, ClusterName: str, NodeId: str) -> Answer:
        return self._shown(await self.store.write(clusters.reboot, self.scope, ClusterName, NodeId))

    def _shown(self, cluster: Cluster) -> Answer:
        return {"Cluster": clusters.described(cluster, self.clock.now())}

    @job
    async def forget_cluster(self, *, name: str) -> None:
        await self.store.write(clusters.forget, self.scope, name)

    # Parameter groups

    @stored
    async def create_parameter_group(self, *, ParameterGroupName: str, Description: str = "") -> Answer:
        made = await self.store.write(parameter_groups.create, self.scope, ParameterGroupName, Description)
        return {"ParameterGroup": made.described}

    @stored
    async def update_parameter_group(
        self, *, ParameterGroupName: str, ParameterNameValues: list[dict[str, str]]
    ) -> Answer:
        made = await self.store.write(parameter_groups.update, self.scope, ParameterGroupName, ParameterNameValues)
        return {"ParameterGroup": made.described}

    @stored
    async def delete_parameter_group(self, *, ParameterGroupName: str) -> Answer:
        def delete(tx: Transaction) -> None:
            is_used = clusters.uses(tx, self.scope, parameter_group=ParameterGroupName)
            parameter_groups.delete(tx, self.scope, ParameterGroupName, is_used=is_used)

        await self.store.write(delete)
        return {"DeletionMessage": f'Parameter group "{ParameterGroupName}" has been deleted.'}

    @stored
    async def describe_parameter_groups(
        self,
        *,
        ParameterGroupNames: list[str] | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> Answer:
        def find(tx: ReadTransaction) -> tuple[list[parameter_groups.ParameterGroup], str | None]:
            if ParameterGroupNames:
                return [parameter_groups.get(tx, self.scope, name) for name in ParameterGroupNames], None
            return parameter_groups.page(tx, self.scope, MaxResults, NextToken)

        found, more = await self.store.read(find)
        return {"ParameterGroups": [each.described for each in found], **_next(more)}

    @stored
    async def describe_parameters(
        self,
        *,
        ParameterGroupName: str,
        Source: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> Answer:
        names.page_size(MaxResults)
        group = await self.store.read(parameter_groups.get, self.scope, ParameterGroupName)
        return {"Parameters": parameter_groups.parameters(group, Source)}

    @stored
    async def describe_default_parameters(
        self, *, MaxResults: int | None = None, NextToken: str | None = None
    ) -> Answer:
        names.page_size(MaxResults)
        return {"Parameters": parameter_groups.parameters()}

    # Subnet groups

    @stored
    async def create_subnet_group(self, *, SubnetGroupName: str, SubnetIds: list[str], Description: str = "") -> Answer:
        made = await self.store.write(subnet_groups.create, self.scope, SubnetGroupName, Description, SubnetIds)
        return {"SubnetGroup": made.described}

    @stored
    async def update_subnet_group(
        self, *, SubnetGroupName: str, Description: str | None = None, SubnetIds: list[str] | None = None
    ) -> Answer:
        made = await self.store.write(subnet_groups.update, self.scope, SubnetGroupName, Description, SubnetIds)
        return {"SubnetGroup": made.described}

    @stored
    async def delete_subnet_group(self, *, SubnetGroupName: str) -> Answer:
        def delete(tx: Transaction) -> None:
            is_used = clusters.uses(tx, self.scope, subnet_group=SubnetGroupName)
            subnet_groups.delete(tx, self.scope, SubnetGroupName, is_used=is_used)

        await self.store.write(delete)
        return {"DeletionMessage": f"Subnet group {SubnetGroupName} has been deleted."}

    @stored
    async def describe_subnet_groups(
        self, *, SubnetGroupNames: list[str] | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> Answer:
        def find(tx: ReadTransaction) -> tuple[list[subnet_groups.SubnetGroup], str | None]:
            if SubnetGroupNames:
                return [subnet_groups.get(tx, self.scope, name) for name in SubnetGroupNames], None
            return names.page(tx, self.scope, names.SUBNET_GROUPS, MaxResults, NextToken)

        found, more = await self.store.read(find)
        return {"SubnetGroups": [each.described for each in found], **_next(more)}

    # Events and tags

    @stored
    async def describe_events(
        self,
        *,
        SourceName: str | None = None,
        SourceType: str | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        Duration: int | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> Answer:
        limit = names.page_size(MaxResults)

        def find(tx: ReadTransaction) -> tuple[list[happenings.Event], str | None]:
            return happenings.page(
                tx, self.scope, source=SourceName, kind=SourceType, since=StartTime, until=EndTime, minutes=Duration,
                limit=limit, after=NextToken,
            )  # fmt: skip

        found, more = await self.store.read(find)
        return {"Events": [each.described for each in found], **_next(more)}

    @stored
    async def list_tags(self, *, ResourceName: str, NextToken: str | None = None) -> Answer:
        return {"Tags": clusters.shown_tags(await self.store.read(clusters.of_arn, self.scope, ResourceName))}

    @stored
    async def tag_resource(self, *, ResourceName: str, Tags: Tags) -> Answer:
        def add(tx: Transaction) -> Cluster:
            return clusters.tag(tx, clusters.of_arn(tx, self.scope, ResourceName), Tags)

        return {"Tags": clusters.shown_tags(await self.store.write(add))}

    @stored
    async def untag_resource(self, *, ResourceName: str, TagKeys: list[str]) -> Answer:
        def remove(tx: Transaction) -> Cluster:
            return clusters.untag(tx, clusters.of_arn(tx, self.scope, ResourceName), TagKeys)

        return {"Tags": clusters.shown_tags(await self.store.write(remove))}

    # Permissions

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        yield from super().needs(tx, operation, parameters)
        if operation == "create_cluster":
            yield pass_role(parameters["IamRoleArn"], "dax.amazonaws.com")


def _next(more: str | None) -> Answer:
    return {} if more is None else {"NextToken": more}
