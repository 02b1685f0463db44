"""Parameter groups and subnet groups of DAX."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dax.test_clusters import define
from tests.dynamodb.tables import refusal


@pytest.fixture
def dax(client) -> Any:
    return client("dax")


def values(dax: Any, group: str, **more: Any) -> dict[str, str]:
    found = dax.describe_parameters(ParameterGroupName=group, **more)["Parameters"]
    return {each["ParameterName"]: each["ParameterValue"] for each in found}


@pytest.mark.spec("data:DAX-03")
def test_entries_stay_five_minutes_by_default(dax):
    usual = {"query-ttl-millis": "300000", "record-ttl-millis": "300000"}
    found = dax.describe_default_parameters()["Parameters"]
    assert {each["ParameterName"]: each["ParameterValue"] for each in found} == usual
    assert values(dax, "default.dax1.0") == usual


def test_a_group_has_values_of_its_own(dax):
    made = dax.create_parameter_group(ParameterGroupName="quick", Description="d")["ParameterGroup"]
    assert made == {"ParameterGroupName": "quick", "Description": "d"}
    change = [{"ParameterName": "query-ttl-millis", "ParameterValue": "1000"}]
    dax.update_parameter_group(ParameterGroupName="quick", ParameterNameValues=change)
    assert values(dax, "quick") == {"query-ttl-millis": "1000", "record-ttl-millis": "300000"}
    assert values(dax, "quick", Source="user") == {"query-ttl-millis": "1000"}
    named = [each["ParameterGroupName"] for each in dax.describe_parameter_groups()["ParameterGroups"]]
    assert named == ["default.dax1.0", "quick"]
    dax.delete_parameter_group(ParameterGroupName="quick")
    gone = refusal(dax.describe_parameter_groups, ParameterGroupNames=["quick"])
    assert gone[0] == "ParameterGroupNotFoundFault"


def test_a_group_that_cannot_be_changed_so(dax):
    dax.create_parameter_group(ParameterGroupName="quick")
    assert refusal(dax.create_parameter_group, ParameterGroupName="Quick")[0] == "ParameterGroupAlreadyExistsFault"
    assert refusal(dax.create_parameter_group, ParameterGroupName="a_b")[0] == "InvalidParameterValueException"
    for name, value in (("nothing", "1"), ("query-ttl-millis", "-1"), ("query-ttl-millis", "9" * 30)):
        change = [{"ParameterName": name, "ParameterValue": value}]
        given = {"ParameterGroupName": "quick", "ParameterNameValues": change}
        assert refusal(dax.update_parameter_group, **given)[0] == "InvalidParameterValueException"
    change = [{"ParameterName": "query-ttl-millis", "ParameterValue": "1"}]
    given = {"ParameterGroupName": "default.dax1.0", "ParameterNameValues": change}
    assert refusal(dax.update_parameter_group, **given)[0] == "InvalidParameterGroupStateFault"


def test_subnet_groups(dax):
    made = dax.create_subnet_group(SubnetGroupName="inside", SubnetIds=["subnet-1", "subnet-2"])["SubnetGroup"]
    assert [each["SubnetIdentifier"] for each in made["Subnets"]] == ["subnet-1", "subnet-2"]
    dax.update_subnet_group(SubnetGroupName="inside", Description="d", SubnetIds=["subnet-3"])
    (found,) = dax.describe_subnet_groups(SubnetGroupNames=["inside"])["SubnetGroups"]
    assert (found["Description"], len(found["Subnets"])) == ("d", 1)
    dax.create_cluster(**define(SubnetGroupName="inside"))
    assert refusal(dax.delete_subnet_group, SubnetGroupName="inside")[0] == "SubnetGroupInUseFault"
    dax.create_subnet_group(SubnetGroupName="other", SubnetIds=["subnet-1"])
    dax.delete_subnet_group(SubnetGroupName="other")
    assert [each["SubnetGroupName"] for each in dax.describe_subnet_groups()["SubnetGroups"]] == ["inside"]
    assert refusal(dax.create_subnet_group, SubnetGroupName="x", SubnetIds=["vpc-1"])[0] == "InvalidSubnet"
    assert refusal(dax.delete_subnet_group, SubnetGroupName="other")[0] == "SubnetGroupNotFoundFault"
