"""Clusters and their nodes, as records: names, sizes, and states that follow the clock.

No node runs and no endpoint answers. A node is made, or started again, some seconds after the request; a cluster is
what its nodes are. Sources: DAX API Reference, CreateCluster, Cluster, Node; DynamoDB Developer Guide, "Managing DAX
clusters"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dax import happenings, names, parameter_groups, subnet_groups
from cumulet.services.dax.errors import (
    ClusterAlreadyExistsFault,
    ClusterNotFoundFault,
    InvalidARNFault,
    InvalidClusterStateFault,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    NodeNotFoundFault,
    NodeQuotaForClusterExceededFault,
    TagNotFoundFault,
    TagQuotaPerResourceExceeded,
)
from cumulet.services.dax.names import CLUSTERS

FORGET = "dax.forget_cluster"
_TAKES = timedelta(seconds=3)
"""How long nodes take to start, and clusters to go."""
_MOST_NODES, _MOST_TAGS = 11, 50
_NODE_TYPE = re.compile(r"dax\.(?:r[4-9][a-z]{0,3}\.(?:\d{0,2}x?large|24xlarge)|t[2-4]g?\.(?:small|medium))")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_WINDOW = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun):[0-2]\d:[0-5]\d-(?:mon|tue|wed|thu|fri|sat|sun):[0-2]\d:[0-5]\d")
_USUAL_WINDOW = "sun:05:00-sun:06:00"
_PORT, _TLS_PORT = 8111, 9111
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Given = Mapping[str, Any]
Answer = dict[str, Any]


class Node(Record):
    id: str
    zone: str
    created: datetime
    ready: datetime
    rebooting: bool = False

    def status(self, now: datetime) -> str:
        if now >= self.ready:
            return "available"
        return "rebooting" if self.rebooting else "creating"


class Cluster(Record):
    name: str
    scope: Scope
    hash: str
    """Tells its endpoints from those of clusters of the same name."""
    node_type: str
    role: str
    created: datetime
    nodes: tuple[Node, ...]
    description: str = ""
    subnet_group: str = subnet_groups.DEFAULT
    parameter_group: str = parameter_groups.DEFAULT
    security_groups: tuple[str, ...] = ()
    window: str = _USUAL_WINDOW
    topic: str = ""
    topic_status: str = "active"
    is_encrypted: bool = False
    endpoint_encryption: str = "NONE"
    network: str = "ipv4"
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    gone: datetime | None = None
    """When it was deleted, it goes then."""

    @property
    def arn(self) -> str:
        return self.scope.arn("dax", f"cache/{self.name}")

    def status(self, now: datetime) -> str:
        if self.gone is not None:
            return "deleting"
        states = {node.status(now) for node in self.nodes}
        if states == {"creating"}:
            return "creating"
        return "available" if states == {"available"} else "modifying"


def create(tx: Transaction, scope: Scope, given: Given) -> Cluster:
    """Raises what CreateCluster raises."""
    name = names.checked(given["ClusterName"], CLUSTERS)
    _check(given)
    if find(tx, scope, name) is not None:
        raise ClusterAlreadyExistsFault
    subnets = subnet_groups.get(tx, scope, given.get("SubnetGroupName") or subnet_groups.DEFAULT)
    parameters = parameter_groups.get(tx, scope, given.get("ParameterGroupName") or parameter_groups.DEFAULT)
    made = Cluster(
        name=name, scope=scope, hash=tx.ids.base32(6).lower(), node_type=given["NodeType"], role=given["IamRoleArn"],
        created=tx.now, nodes=(), description=given.get("Description") or "", subnet_group=subnets.name,
        parameter_group=parameters.name, security_groups=tuple(given.get("SecurityGroupIds") or ()),
        window=given.get("PreferredMaintenanceWindow") or _USUAL_WINDOW, topic=given.get("NotificationTopicArn") or "",
        is_encrypted=bool((given.get("SSESpecification") or {}).get("Enabled")),
        endpoint_encryption=given.get("ClusterEndpointEncryptionType") or "NONE",
        network=given.get("NetworkType") or "ipv4", tags=_added({}, given.get("Tags") or ()),
    )  # fmt: skip
    made = _grown(tx, made, given["ReplicationFactor"], given.get("AvailabilityZones"))
    return _put(tx, made, "Cluster created.")


def _check(given: Given) -> None:
    if not _NODE_TYPE.fullmatch(given["NodeType"]):
        raise InvalidParameterValueException(f"Invalid node type: {given['NodeType'][:64]}")
    role = given["IamRoleArn"]
    if not _ROLE.fullmatch(role):
        why = "Invalid role ARN" if role.startswith("arn:") else "ARNs must start with 'arn:'"
        raise InvalidParameterValueException(f"{why}: {role[:2048]}")
    _check_window(given.get("PreferredMaintenanceWindow"))


def _check_window(window: str | None) -> None:
    if window is not None and not _WINDOW.fullmatch(window):
        raise InvalidParameterValueException(f"Invalid maintenance window: {window[:64]}")


def _grown(tx: Transaction, cluster: Cluster, count: int, zones: Sequence[str] | None) -> Cluster:
    """With nodes enough. Raises InvalidParameterValueException, InvalidParameterCombinationException or
    NodeQuotaForClusterExceededFault."""
    if count < 1:
        raise InvalidParameterValueException("ReplicationFactor must be at least 1.")
    if count > _MOST_NODES:
        raise NodeQuotaForClusterExceededFault
    more = count - len(cluster.nodes)
    if zones and len(zones) != more:
        raise InvalidParameterCombinationException("AvailabilityZones must name a zone for each new node.")
    taken = {node.id for node in cluster.nodes}
    free = [f"{cluster.name}-{each}" for each in _LETTERS if f"{cluster.name}-{each}" not in taken]
    added = tuple(
        Node(
            id=free[at], created=tx.now, ready=tx.now + _TAKES,
            zone=zones[at] if zones else cluster.scope.region + _LETTERS[(len(taken) + at) % 3],
        )
        for at in range(more)
    )  # fmt: skip
    return replace(cluster, nodes=(*cluster.nodes, *added))


def increase(tx: Transaction, scope: Scope, name: str, count: int, zones: Sequence[str] | None) -> Cluster:
    cluster = available(tx, scope, name)
    if count <= len(cluster.nodes):
        raise InvalidParameterValueException("NewReplicationFactor must be greater than the number of nodes.")
    return _put(tx, _grown(tx, cluster, count, zones), f"Cluster grows to {count} nodes.")


def decrease(
    tx: Transaction, scope: Scope, name: str, count: int, zones: Sequence[str] | None, ids: Sequence[str] | None
) -> Cluster:
    """The nodes named go, or those in the zones named, or the last ones."""
    cluster = available(tx, scope, name)
    fewer = len(cluster.nodes) - count
    if fewer < 1 or count < 1:
        raise InvalidParameterValueException("NewReplicationFactor must be less than the number of nodes, and not 0.")
    going = _going(cluster, fewer, zones, ids)
    kept = tuple(node for node in cluster.nodes if node.id not in going)
    return _put(tx, replace(cluster, nodes=kept), f"Cluster shrinks to {count} nodes.")


def _going(cluster: Cluster, fewer: int, zones: Sequence[str] | None, ids: Sequence[str] | None) -> set[str]:
    if ids:
        if not set(ids) <= {node.id for node in cluster.nodes}:
            raise NodeNotFoundFault
        if len(set(ids)) != fewer:
            raise InvalidParameterCombinationException("NodeIdsToRemove must name as many nodes as are to go.")
        return set(ids)
    there = [node.id for node in cluster.nodes if not zones or node.zone in zones]
    if len(there) < fewer:
        raise InvalidParameterCombinationException("There are not so many nodes in these Availability Zones.")
    return set(there[-fewer:])


def reboot(tx: Transaction, scope: Scope, name: str, node_id: str) -> Cluster:
    cluster = available(tx, scope, name)
    if all(node.id != node_id for node in cluster.nodes):
        raise NodeNotFoundFault
    nodes = tuple(
        replace(node, ready=tx.now + _TAKES, rebooting=True) if node.id == node_id else node for node in cluster.nodes
    )
    return _put(tx, replace(cluster, nodes=nodes), f"Node {node_id} rebooted.")


def update(tx: Transaction, scope: Scope, given: Given) -> Cluster:
    cluster = available(tx, scope, given["ClusterName"])
    changes: dict[str, Any] = {}
    _check_window(given.get("PreferredMaintenanceWindow"))
    for member, field in _CHANGED.items():
        if given.get(member) is not None:
            changes[field] = given[member]
    if given.get("SecurityGroupIds") is not None:
        changes["security_groups"] = tuple(given["SecurityGroupIds"])
    if given.get("ParameterGroupName") is not None:
        changes["parameter_group"] = parameter_groups.get(tx, scope, given["ParameterGroupName"]).name
    return _put(tx, replace(cluster, **changes), "Cluster updated.")


_CHANGED = {
    "Description": "description",
    "PreferredMaintenanceWindow": "window",
    "NotificationTopicArn": "topic",
    "NotificationTopicStatus": "topic_status",
}


def delete(tx: Transaction, scope: Scope, name: str) -> Cluster:
    cluster = available(tx, scope, name)
    cluster = replace(cluster, gone=tx.now + _TAKES)
    tx.schedule(tx.now + _TAKES, FORGET, {"name": cluster.name}, scope=scope, key=f"{cluster.arn} {cluster.hash}")
    return _put(tx, cluster, "Cluster deleted.")


def forget(tx: Transaction, scope: Scope, name: str) -> None:
    cluster: Cluster | None = tx.get(names.key(scope, CLUSTERS, name))
    if cluster is not None and cluster.gone is not None and cluster.gone <= tx.now:
        tx.delete(names.key(scope, CLUSTERS, name))


def _put(tx: Transaction, cluster: Cluster, message: str) -> Cluster:
    tx.put(names.key(cluster.scope, CLUSTERS, cluster.name), cluster)
    happenings.note(tx, cluster.scope, CLUSTERS, cluster.name, message)
    return cluster


# Lookup


def find(tx: ReadTransaction, scope: Scope, name: str) -> Cluster | None:
    found: Cluster | None = tx.get(names.key(scope, CLUSTERS, name.lower()))
    return None if found is None or (found.gone is not None and found.gone <= tx.now) else found


def get(tx: ReadTransaction, scope: Scope, name: str) -> Cluster:
    """Raises ClusterNotFoundFault."""
    found = find(tx, scope, name)
    if found is None:
        raise ClusterNotFoundFault
    return found


def available(tx: ReadTransaction, scope: Scope, name: str) -> Cluster:
    """Raises ClusterNotFoundFault, or InvalidClusterStateFault where something is under way."""
    found = get(tx, scope, name)
    if found.status(tx.now) != "available":
        raise InvalidClusterStateFault
    return found


def page(tx: ReadTransaction, scope: Scope, wanted: int | None, after: str | None) -> tuple[list[Cluster], str | None]:
    found, more = names.page(tx, scope, CLUSTERS, wanted, after)
    return [each for each in found if each.gone is None or each.gone > tx.now], more


def uses(tx: ReadTransaction, scope: Scope, *, parameter_group: str = "", subnet_group: str = "") -> bool:
    """Whether a cluster uses the group."""
    wanted = (parameter_group.lower(), subnet_group.lower())
    return any(
        each.parameter_group == wanted[0] or each.subnet_group == wanted[1]
        for each in tx.range(names.key(scope, CLUSTERS))
    )


# Tags


def of_arn(tx: ReadTransaction, scope: Scope, arn: str) -> Cluster:
    """Raises InvalidARNFault or ClusterNotFoundFault."""
    if not arn.startswith(scope.arn("dax", "cache/")):
        raise InvalidARNFault(f"Invalid ARN: {arn[:2048]}" if arn.startswith("arn:") else "ARNs must start with 'arn:'")
    return get(tx, scope, arn.rpartition("/")[2])


def tag(tx: Transaction, cluster: Cluster, given: Sequence[Mapping[str, str]]) -> Cluster:
    """Raises TagQuotaPerResourceExceeded or InvalidParameterValueException."""
    return _put(tx, replace(cluster, tags=_added(cluster.tags, given)), "Cluster tagged.")


def untag(tx: Transaction, cluster: Cluster, keys: Sequence[str]) -> Cluster:
    """Raises TagNotFoundFault."""
    if not set(keys) <= cluster.tags.keys():
        raise TagNotFoundFault
    kept = {key: value for key, value in cluster.tags.items() if key not in keys}
    return _put(tx, replace(cluster, tags=kept), "Cluster untagged.")


def _added(there: Mapping[str, str], given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    added = {each.get("Key", ""): each.get("Value", "") for each in given}
    if any(not 1 <= len(key) <= 128 or len(value) > 256 for key, value in added.items()):
        raise InvalidParameterValueException("A tag has a key of 1 to 128 characters and a value of 256 at most.")
    tags = {**there, **added}
    if len(tags) > _MOST_TAGS:
        raise TagQuotaPerResourceExceeded
    return tags


def shown_tags(cluster: Cluster) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in cluster.tags.items()]


# As the API shows them


def described(cluster: Cluster, now: datetime) -> Answer:
    status = cluster.status(now)
    shown: Answer = {
        "ClusterName": cluster.name,
        "Description": cluster.description,
        "ClusterArn": cluster.arn,
        "TotalNodes": len(cluster.nodes),
        "ActiveNodes": sum(node.status(now) == "available" for node in cluster.nodes),
        "NodeType": cluster.node_type,
        "Status": status,
        "ClusterDiscoveryEndpoint": _endpoint(cluster, f"{cluster.name}.{cluster.hash}.dax-clusters"),
        "Nodes": [_node(cluster, node, now) for node in cluster.nodes],
        "PreferredMaintenanceWindow": cluster.window,
        "SubnetGroup": cluster.subnet_group,
        "SecurityGroups": [
            {"SecurityGroupIdentifier": each, "Status": "active"} for each in cluster.security_groups
        ],
        "IamRoleArn": cluster.role,
        "ParameterGroup": {
            "ParameterGroupName": cluster.parameter_group,
            "ParameterApplyStatus": "in-sync",
            "NodeIdsToReboot": [],
        },
        "SSEDescription": {"Status": "ENABLED" if cluster.is_encrypted else "DISABLED"},
        "ClusterEndpointEncryptionType": cluster.endpoint_encryption,
        "NetworkType": cluster.network,
    }  # fmt: skip
    if cluster.topic:
        shown["NotificationConfiguration"] = {"TopicArn": cluster.topic, "TopicStatus": cluster.topic_status}
    return shown


def _endpoint(cluster: Cluster, host: str) -> Answer:
    is_tls = cluster.endpoint_encryption == "TLS"
    address = f"{host}.{cluster.scope.region}.amazonaws.com"
    return {
        "Address": address,
        "Port": _TLS_PORT if is_tls else _PORT,
        "URL": f"{'daxs' if is_tls else 'dax'}://{address}",
    }


def _node(cluster: Cluster, node: Node, now: datetime) -> Answer:
    return {
        "NodeId": node.id,
        "Endpoint": _endpoint(cluster, f"{node.id}.{cluster.hash}.nodes.dax-clusters"),
        "NodeCreateTime": node.created,
        "AvailabilityZone": node.zone,
        "NodeStatus": node.status(now),
        "ParameterGroupStatus": "in-sync",
    }
