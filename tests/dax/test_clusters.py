"""Clusters of DAX, as they are kept: their nodes, states, settings, tags and events."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cumulet import coverage
from cumulet.kernel.registry import Registry
from tests.conftest import connect
from tests.dynamodb.tables import refusal

ROLE = "arn:aws:iam::123456789012:role/dax"


def define(**changes: Any) -> dict[str, Any]:
    return {
        "ClusterName": "cache", "NodeType": "dax.r5.large", "ReplicationFactor": 3, "IamRoleArn": ROLE, **changes,
    }  # fmt: skip


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def dax(own_cloud, account) -> Any:
    return connect(own_cloud, "dax", account=account)


@pytest.fixture
def cluster(cloud, dax) -> dict[str, Any]:
    """One that is available."""
    dax.create_cluster(**define())
    cloud.advance(seconds=10)
    return describe(dax)


def describe(dax: Any) -> dict[str, Any]:
    return dax.describe_clusters(ClusterNames=["cache"])["Clusters"][0]


def test_a_cluster_is_made_in_some_seconds(cloud, dax, account):
    made = dax.create_cluster(**define(Description="d", SSESpecification={"Enabled": True}))["Cluster"]
    assert (made["Status"], made["TotalNodes"], made["ActiveNodes"]) == ("creating", 3, 0)
    assert made["ClusterArn"] == f"arn:aws:dax:us-east-1:{account}:cache/cache"
    assert made["SSEDescription"] == {"Status": "ENABLED"}
    assert made["ClusterDiscoveryEndpoint"]["Port"] == 8111
    assert made["ClusterDiscoveryEndpoint"]["URL"].startswith("dax://cache.")
    assert [node["NodeId"] for node in made["Nodes"]] == ["cache-a", "cache-b", "cache-c"]
    assert len({node["AvailabilityZone"] for node in made["Nodes"]}) == 3
    cloud.advance(seconds=10)
    found = describe(dax)
    assert (found["Status"], found["ActiveNodes"]) == ("available", 3)
    assert {node["NodeStatus"] for node in found["Nodes"]} == {"available"}


def test_an_encrypted_endpoint_has_another_port(dax):
    made = dax.create_cluster(**define(ClusterEndpointEncryptionType="TLS"))["Cluster"]
    assert made["ClusterDiscoveryEndpoint"]["Port"] == 9111
    assert made["ClusterDiscoveryEndpoint"]["URL"].startswith("daxs://cache.")


def test_nodes_come_and_go(cloud, dax, cluster):
    assert dax.increase_replication_factor(ClusterName="cache", NewReplicationFactor=5)["Cluster"]["TotalNodes"] == 5
    assert describe(dax)["Status"] == "modifying"
    fewer = {"ClusterName": "cache", "NewReplicationFactor": 4}
    assert refusal(dax.decrease_replication_factor, **fewer)[0] == "InvalidClusterStateFault"
    cloud.advance(seconds=10)
    dax.decrease_replication_factor(**fewer, NodeIdsToRemove=["cache-b"])
    assert [node["NodeId"][-1] for node in describe(dax)["Nodes"]] == ["a", "c", "d", "e"]
    assert refusal(dax.decrease_replication_factor, **fewer)[0] == "InvalidParameterValueException"
    wrong = {"ClusterName": "cache", "NewReplicationFactor": 3, "NodeIdsToRemove": ["cache-z"]}
    assert refusal(dax.decrease_replication_factor, **wrong)[0] == "NodeNotFoundFault"
    too_many = {"ClusterName": "cache", "NewReplicationFactor": 12}
    assert refusal(dax.increase_replication_factor, **too_many)[0] == "NodeQuotaForClusterExceededFault"


def test_a_node_is_rebooted(cloud, dax, cluster):
    rebooting = dax.reboot_node(ClusterName="cache", NodeId="cache-b")["Cluster"]
    assert [node["NodeStatus"] for node in rebooting["Nodes"]] == ["available", "rebooting", "available"]
    assert (rebooting["Status"], rebooting["ActiveNodes"]) == ("modifying", 2)
    cloud.advance(seconds=10)
    assert describe(dax)["Status"] == "available"
    assert refusal(dax.reboot_node, ClusterName="cache", NodeId="cache-x")[0] == "NodeNotFoundFault"


def test_a_cluster_goes_in_some_seconds(cloud, dax, cluster):
    assert dax.delete_cluster(ClusterName="cache")["Cluster"]["Status"] == "deleting"
    assert refusal(dax.delete_cluster, ClusterName="cache")[0] == "InvalidClusterStateFault"
    assert refusal(dax.create_cluster, **define())[0] == "ClusterAlreadyExistsFault"
    cloud.advance(seconds=10)
    assert refusal(dax.describe_clusters, ClusterNames=["cache"]) == ("ClusterNotFoundFault", "Cluster not found.")
    assert dax.describe_clusters()["Clusters"] == []
    dax.create_cluster(**define())
    cloud.advance(seconds=10)
    assert describe(dax)["Status"] == "available"


def test_settings_change(dax, cluster):
    dax.create_parameter_group(ParameterGroupName="quick")
    dax.update_cluster(
        ClusterName="cache", Description="new", PreferredMaintenanceWindow="mon:01:00-mon:02:00",
        NotificationTopicArn="arn:aws:sns:us-east-1:123456789012:t", ParameterGroupName="quick",
        SecurityGroupIds=["sg-1"],
    )  # fmt: skip
    found = describe(dax)
    assert (found["Description"], found["PreferredMaintenanceWindow"]) == ("new", "mon:01:00-mon:02:00")
    assert found["NotificationConfiguration"]["TopicStatus"] == "active"
    assert found["ParameterGroup"]["ParameterGroupName"] == "quick"
    assert found["SecurityGroups"] == [{"SecurityGroupIdentifier": "sg-1", "Status": "active"}]
    assert refusal(dax.delete_parameter_group, ParameterGroupName="quick")[0] == "InvalidParameterGroupStateFault"
    bad = {"ClusterName": "cache", "PreferredMaintenanceWindow": "sometimes"}
    assert refusal(dax.update_cluster, **bad)[0] == "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ClusterName": "1cache"}, "InvalidParameterValueException"),
        ({"ClusterName": "a--b"}, "InvalidParameterValueException"),
        ({"ClusterName": "a" * 21}, "InvalidParameterValueException"),
        ({"NodeType": "cache.r5.large"}, "InvalidParameterValueException"),
        ({"IamRoleArn": "dax"}, "InvalidParameterValueException"),
        ({"ReplicationFactor": 0}, "InvalidParameterValueException"),
        ({"ReplicationFactor": 2_000_000_000}, "NodeQuotaForClusterExceededFault"),
        ({"AvailabilityZones": ["us-east-1a"]}, "InvalidParameterCombinationException"),
        ({"SubnetGroupName": "nothing"}, "SubnetGroupNotFoundFault"),
        ({"ParameterGroupName": "nothing"}, "ParameterGroupNotFoundFault"),
        ({"Tags": [{"Key": str(n), "Value": ""} for n in range(51)]}, "TagQuotaPerResourceExceeded"),
    ],
)
def test_a_cluster_that_cannot_be(client, changes, code):
    assert refusal(client("dax").create_cluster, **define(**changes))[0] == code


def test_clusters_are_listed_in_pages(client):
    dax = client("dax")
    names = [f"c{number:02}" for number in range(25)]
    for name in names:
        dax.create_cluster(**define(ClusterName=name, ReplicationFactor=1))
    first = dax.describe_clusters(MaxResults=20)
    rest = dax.describe_clusters(MaxResults=20, NextToken=first["NextToken"])
    assert [each["ClusterName"] for each in first["Clusters"] + rest["Clusters"]] == names
    assert "NextToken" not in rest
    assert refusal(dax.describe_clusters, MaxResults=5)[0] == "InvalidParameterValueException"


def test_tags(client, account):
    dax = client("dax")
    arn = dax.create_cluster(**define(Tags=[{"Key": "a", "Value": "1"}]))["Cluster"]["ClusterArn"]
    dax.tag_resource(ResourceName=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    assert dax.list_tags(ResourceName=arn)["Tags"] == [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]
    assert dax.untag_resource(ResourceName=arn, TagKeys=["a"])["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refusal(dax.untag_resource, ResourceName=arn, TagKeys=["a"])[0] == "TagNotFoundFault"
    assert refusal(dax.list_tags, ResourceName="cache")[0] == "InvalidARNFault"
    assert refusal(dax.list_tags, ResourceName=arn + "x")[0] == "ClusterNotFoundFault"


def test_events_tell_what_happened(cloud, dax, cluster):
    dax.reboot_node(ClusterName="cache", NodeId="cache-a")
    dax.create_parameter_group(ParameterGroupName="quick")
    found = dax.describe_events(SourceName="cache", SourceType="CLUSTER")["Events"]
    assert [each["Message"] for each in found] == ["Cluster created.", "Node cache-a rebooted."]
    assert len(dax.describe_events()["Events"]) == 3
    assert dax.describe_events(EndTime=cloud.now() - timedelta(days=400))["Events"] == []
    assert refusal(dax.describe_events, Duration=10**9)[0] == "InvalidParameterValueException"
    cloud.advance(hours=2)
    assert dax.describe_events()["Events"] == []
    assert len(dax.describe_events(Duration=180)["Events"]) == 3
    assert len(dax.describe_events(StartTime=cloud.now() - timedelta(days=1))["Events"]) == 3
    cloud.advance(days=15)
    assert dax.describe_events(Duration=14 * 24 * 60)["Events"] == []


def test_who_makes_a_cluster_has_to_be_allowed_to_pass_its_role(shared_cloud, client, account):
    given = define(IamRoleArn=f"arn:aws:iam::{account}:role/dax")
    iam = client("iam")
    iam.create_user(UserName="builder")
    key = iam.create_access_key(UserName="builder")["AccessKey"]
    dax = shared_cloud.client("dax", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="builder", PolicyName="allowed", PolicyDocument=document)

    allow("dax:*")
    code, words = refusal(dax.create_cluster, **given)
    assert code == "AccessDeniedException"
    assert "iam:PassRole" in words
    allow("dax:*", "iam:PassRole", "dynamodb:*", "ec2:*")
    assert dax.create_cluster(**given)["Cluster"]["Status"] == "creating"


def test_all_that_there_is_is_labelled_as_only_stored():
    covered = coverage.of(Registry("cumulet.services"), "dax")
    assert set(covered.operations.values()) == {coverage.STORED}
