"""Organizations themselves: founding, the accounts in them, units, tags, and who may call what."""

from __future__ import annotations

import json

import boto3
import pytest

from cumulet.kernel import identity, jobs
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo
from cumulet.services.organizations import creation, organizations
from cumulet.testing import LocalCloud
from tests.conftest import connect
from tests.organizations.conftest import World, refused, statement


@pytest.mark.spec("security:ORG-01")
def test_the_account_that_creates_an_organization_manages_it(world):
    told = world.api.describe_organization()["Organization"]
    assert told["MasterAccountId"] == world.account
    assert told["FeatureSet"] == "ALL"
    assert told["Arn"] == f"arn:aws:organizations::{world.account}:organization/{told['Id']}"
    (own,) = world.api.list_accounts()["Accounts"]
    assert (own["Id"], own["JoinedMethod"], own["State"]) == (world.account, "INVITED", "ACTIVE")
    assert own["Paths"] == [f"{world.id}/{world.root}/{world.account}/"]
    with refused("AlreadyInOrganizationException"):
        world.api.create_organization()


def test_an_account_without_organization_is_told_so(client):
    with refused("AWSOrganizationsNotInUseException", words="Your account is not a member of an organization."):
        client("organizations").describe_organization()


@pytest.mark.spec("security:ORG-02")
def test_an_account_is_created_with_a_role_for_the_management_account(world):
    asked = world.api.create_account(
        AccountName="Dev", Email=f"dev-{world.account}@example.com", Tags=[{"Key": "stage", "Value": "dev"}]
    )["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    world.cloud.settle()
    status = world.status(asked["Id"])
    assert status["State"] == "SUCCEEDED"
    made = status["AccountId"]
    told = world.api.describe_account(AccountId=made)["Account"]
    assert (told["Name"], told["JoinedMethod"], told["Status"]) == ("Dev", "CREATED", "ACTIVE")
    assert world.api.list_tags_for_resource(ResourceId=made)["Tags"] == [{"Key": "stage", "Value": "dev"}]
    world.client("iam", made).get_role(RoleName="AWSServiceRoleForOrganizations")
    role = world.client("iam", made).get_role(RoleName="OrganizationAccountAccessRole")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"].endswith(f"{world.account}:root")
    assert [s["Id"] for s in world.api.list_create_account_status(States=["SUCCEEDED"])["CreateAccountStatuses"]] == [
        asked["Id"]
    ]


@pytest.mark.spec("security:ORG-02")
def test_a_created_account_has_its_own_resources_and_lets_the_management_account_in(world):
    made = world.make_account("apart")
    world.client("sqs").create_queue(QueueName="of-the-management")
    assert "QueueUrls" not in world.client("sqs", made).list_queues()
    admin = world.administrator(world.account)
    role = f"arn:aws:iam::{made}:role/OrganizationAccountAccessRole"
    given = admin("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    inside = world.acting(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    inside("sqs").create_queue(QueueName="made-inside")
    assert world.client("sqs", made).list_queues()["QueueUrls"][0].endswith("/made-inside")


def test_an_address_belongs_to_one_account(world):
    email = f"one-{world.account}@example.com"
    world.make_account("one", email=email)
    asked = world.api.create_account(AccountName="two", Email=email.upper())["CreateAccountStatus"]
    world.cloud.settle()
    status = world.status(asked["Id"])
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in status


def test_a_govcloud_account_is_a_pair(world):
    asked = world.api.create_gov_cloud_account(AccountName="gov", Email=f"gov-{world.account}@example.com")
    world.cloud.settle()
    status = world.status(asked["CreateAccountStatus"]["Id"])
    assert status["State"] == "SUCCEEDED"
    iam = world.client("iam", status["GovCloudAccountId"], region="us-gov-west-1")
    assert iam.get_role(RoleName="OrganizationAccountAccessRole")["Role"]["Arn"].startswith("arn:aws-us-gov:")
    half = world.client("account", status["AccountId"]).get_gov_cloud_account_information()
    assert half["GovCloudAccountId"] == status["GovCloudAccountId"]


@pytest.mark.spec("security:ORG-03")
def test_units_form_a_tree_five_deep(world):
    parent = world.root
    line = []
    for depth in range(5):
        parent = world.make_unit(f"level {depth}", parent)
        line.append(parent)
    with refused("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED"):
        world.make_unit("too deep", parent)
    deepest = world.api.describe_organizational_unit(OrganizationalUnitId=parent)["OrganizationalUnit"]
    assert deepest["Path"] == "/".join([world.id, world.root, *line, ""])
    assert world.api.list_parents(ChildId=line[1])["Parents"] == [{"Id": line[0], "Type": "ORGANIZATIONAL_UNIT"}]
    assert world.api.list_parents(ChildId=line[0])["Parents"] == [{"Id": world.root, "Type": "ROOT"}]


def test_names_of_units_are_unique_in_their_parent(world):
    prod, dev = world.make_unit("Prod"), world.make_unit("Dev")
    assert world.make_unit("Web", prod) != world.make_unit("Web", dev)
    with refused("DuplicateOrganizationalUnitException"):
        world.make_unit("Dev")
    with refused("DuplicateOrganizationalUnitException"):
        world.api.update_organizational_unit(OrganizationalUnitId=dev, Name="Prod")
    renamed = world.api.update_organizational_unit(OrganizationalUnitId=dev, Name="Development")["OrganizationalUnit"]
    assert renamed["Name"] == "Development"
    with refused("ParentNotFoundException"):
        world.make_unit("Lost", "ou-0000-00000000")


@pytest.mark.spec("security:ORG-03")
def test_accounts_move_between_units(world):
    made, unit = world.make_account("mover"), world.make_unit("Sandbox")
    world.move(made, unit)
    assert world.api.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"] == [{"Id": made, "Type": "ACCOUNT"}]
    assert [a["Id"] for a in world.api.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [made]
    assert world.api.describe_account(AccountId=made)["Account"]["Paths"] == [f"{world.id}/{world.root}/{unit}/{made}/"]
    with refused("OrganizationalUnitNotEmptyException"):
        world.api.delete_organizational_unit(OrganizationalUnitId=unit)
    with refused("DuplicateAccountException"):
        world.api.move_account(AccountId=made, SourceParentId=unit, DestinationParentId=unit)
    with refused("DestinationParentNotFoundException"):
        world.api.move_account(AccountId=made, SourceParentId=unit, DestinationParentId="ou-0000-00000000")
    with refused("SourceParentNotFoundException"):
        world.api.move_account(AccountId=made, SourceParentId="ou-0000-00000000", DestinationParentId=unit)
    world.move(made, world.root)
    world.api.delete_organizational_unit(OrganizationalUnitId=unit)
    with refused("OrganizationalUnitNotFoundException"):
        world.api.describe_organizational_unit(OrganizationalUnitId=unit)


def test_lists_have_pages_of_twenty(world):
    for number in range(22):
        world.make_unit(f"unit {number}")
    pages = world.api.get_paginator("list_organizational_units_for_parent").paginate(ParentId=world.root)
    assert [len(page["OrganizationalUnits"]) for page in pages] == [20, 2]
    two = world.api.list_organizational_units_for_parent(ParentId=world.root, MaxResults=2)
    assert len(two["OrganizationalUnits"]) == 2
    with refused("InvalidInputException", "INVALID_NEXT_TOKEN"):
        world.api.list_organizational_units_for_parent(ParentId=world.root, NextToken="made up")


def test_everything_can_be_tagged(world):
    unit = world.make_unit("tagged")
    policy = world.policy(
        "SERVICE_CONTROL_POLICY",
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ec2:*","Resource":"*"}}',
    )
    for resource in (world.account, world.root, unit, policy):
        world.api.tag_resource(ResourceId=resource, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
        world.api.untag_resource(ResourceId=resource, TagKeys=["b"])
        assert world.api.list_tags_for_resource(ResourceId=resource)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("TargetNotFoundException"):
        world.api.tag_resource(ResourceId="ou-0000-00000000", Tags=[{"Key": "a", "Value": "1"}])
    with refused("InvalidInputException", "DUPLICATE_TAG_KEY"):
        world.api.tag_resource(ResourceId=unit, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    with refused("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER"):
        world.api.tag_resource(ResourceId=unit, Tags=[{"Key": "aws:x", "Value": "1"}])
    with refused("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED"):
        world.api.tag_resource(ResourceId=unit, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])


def test_members_may_ask_where_they_belong_and_nothing_else(world):
    member = world.client("organizations", world.make_account("member"))
    assert member.describe_organization()["Organization"]["Id"] == world.id
    for call in (member.list_accounts, member.list_roots, member.delete_organization):
        with refused("AccessDeniedException", words="You don't have permissions to access this resource."):
            call()
    with refused("AccessDeniedException"):
        member.create_organizational_unit(ParentId=world.root, Name="mine")


def test_an_organization_goes_when_it_is_empty(own_cloud):
    world = World(own_cloud, "111111111111")
    made = world.make_account("last")
    with refused("OrganizationNotEmptyException"):
        world.api.delete_organization()
    with refused("ConstraintViolationException", "WAIT_PERIOD_ACTIVE"):
        world.api.remove_account_from_organization(AccountId=made)
    own_cloud.advance(days=4)
    world.api.remove_account_from_organization(AccountId=made)
    with refused("AWSOrganizationsNotInUseException"):
        world.client("organizations", made).describe_organization()
    world.api.delete_organization()
    with refused("AWSOrganizationsNotInUseException"):
        world.api.describe_organization()
    world.api.create_organization()


def test_who_pays_for_an_account_is_remembered_after_it_left(own_cloud):
    from cumulet.services.organizations import members

    world = World(own_cloud, "111111111111")
    world.join("222222222222")
    joined = own_cloud.now()
    own_cloud.advance(days=10)
    world.client("organizations", "222222222222").leave_organization()
    (payer,) = own_cloud.run(own_cloud.cloud.kernel.store.read(members.payers, "222222222222"))
    assert payer.management == "111111111111"
    assert (payer.until - payer.since).days == 10
    assert payer.since <= joined


def test_the_management_account_cannot_leave(world):
    with refused("MasterCannotLeaveOrganizationException"):
        world.api.leave_organization()


def test_a_closed_account_is_suspended_and_gone_after_ninety_days(own_cloud):
    world = World(own_cloud, "111111111111")
    made = world.make_account("closing")
    with refused("ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT"):
        world.api.close_account(AccountId=world.account)
    world.api.close_account(AccountId=made)
    own_cloud.settle()
    told = world.api.describe_account(AccountId=made)["Account"]
    assert (told["Status"], told["State"]) == ("SUSPENDED", "CLOSED")
    with refused("AccessDenied", words="explicit deny"):
        world.client("sqs", made).list_queues()
    with refused("AccountAlreadyClosedException"):
        world.api.close_account(AccountId=made)
    own_cloud.advance(days=89)
    assert len(world.api.list_accounts()["Accounts"]) == 2
    own_cloud.advance(days=2)
    assert len(world.api.list_accounts()["Accounts"]) == 1
    with refused("AccessDenied", words="explicit deny"):
        world.client("sqs", made).list_queues()


def test_an_organization_and_its_rule_survive_a_restart(tmp_path):
    with LocalCloud(tmp_path / "cloud") as cloud:
        world = World(cloud, "111111111111")
        world.enable("SERVICE_CONTROL_POLICY")
        made = world.make_account("durable")
        world.attach("SERVICE_CONTROL_POLICY", statement("Deny", "sqs:*"), made)
    with LocalCloud(tmp_path / "cloud") as cloud:
        again = connect(cloud, "organizations", account="111111111111")
        assert again.describe_organization()["Organization"]["Id"] == world.id
        with refused("AccessDenied"):
            connect(cloud, "sqs", account=made).list_queues()


def test_a_reset_of_the_management_account_sets_its_members_free(own_cloud):
    from cumulet import resets

    world = World(own_cloud, "111111111111")
    made = world.make_account("member")
    kernel = own_cloud.cloud.kernel
    own_cloud.run(kernel.store.write(resets.part, kernel, None, "111111111111"))
    with refused("AWSOrganizationsNotInUseException"):
        world.client("organizations", made).describe_organization()
    assert World(own_cloud, made).id != world.id


def test_a_stranger_learns_nothing(shared_cloud, world):
    stranger = connect(shared_cloud, "organizations", account="999000999000")
    with refused("AWSOrganizationsNotInUseException"):
        stranger.describe_account(AccountId=world.account)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("describe_account", {"AccountId": "12"}),
        ("create_organizational_unit", {"ParentId": "nowhere", "Name": "x"}),
        ("create_account", {"AccountName": "x", "Email": "none"}),
        ("list_policies", {"Filter": "NOTHING"}),
        ("list_accounts", {"MaxResults": 21}),
        ("describe_handshake", {}),
    ],
    ids=str,
)
def test_what_the_model_forbids_is_invalid_input(world, operation, parameters):
    with refused("InvalidInputException"):
        getattr(world.api, operation)(**parameters)


def test_founding_needs_permission_for_the_role_of_organizations(client, shared_cloud):
    iam = client("iam")
    iam.create_user(UserName="founder")
    key = iam.create_access_key(UserName="founder")["AccessKey"]
    founder = boto3.client(
        "organizations", "us-east-1", endpoint_url=shared_cloud.url, aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip
    iam.put_user_policy(
        UserName="founder", PolicyName="one", PolicyDocument=json.dumps(statement("Allow", "organizations:*"))
    )
    with refused("AccessDeniedForDependencyException", "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"):
        founder.create_organization()
    with refused("AWSOrganizationsNotInUseException"):
        founder.describe_organization()
    allowed = statement("Allow", ["organizations:*", "iam:CreateServiceLinkedRole"])
    iam.put_user_policy(UserName="founder", PolicyName="one", PolicyDocument=json.dumps(allowed))
    founder.create_organization()
    assert iam.get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]["Path"].startswith("/aws-service-role/")


@pytest.mark.parametrize("steps", range(3))
def test_the_making_of_an_account_goes_on_where_it_was_interrupted(own_cloud, steps):
    """The job is stopped after some of its steps, as by a crash, and runs again; and once more when all is done."""
    world = World(own_cloud, "111111111111")
    kernel = own_cloud.cloud.kernel
    scope = Scope(account=world.account)
    organization = own_cloud.run(kernel.store.read(organizations.of, world.account))
    wanted = ("Dev", "dev@example.com", None, None, ())
    job = kernel.registry.load("organizations")(
        kernel, identity.service_principal("organizations", world.account), scope, RequestInfo()
    )

    def request_and_begin(tx):
        """In one transaction with the request, and without its job."""
        asked = creation.request(tx, organization, *wanted, by_quota=False)
        for each in jobs.due(tx, 10):
            jobs.finish(tx, each)
        return creation.begin(tx, organization, asked["Id"]) if steps else creation.find(tx, organization, asked["Id"])

    made = own_cloud.run(kernel.store.write(request_and_begin))
    if steps == 2:
        own_cloud.run(job._make_roles(organization, made))
    for _ in range(2):
        own_cloud.run(job.make_account(request=made.id))
    assert world.status(made.id)["State"] == "SUCCEEDED"
    assert len(world.api.list_accounts()["Accounts"]) == 2
    number = world.status(made.id)["AccountId"]
    attached = world.client("iam", number).list_attached_role_policies(RoleName="OrganizationAccountAccessRole")
    assert [p["PolicyName"] for p in attached["AttachedPolicies"]] == ["AdministratorAccess"]


@pytest.mark.parametrize("name", ["AWSServiceRoleForOrganizations", "awsServiceRoleForMe"])
def test_the_roles_of_services_are_not_given_to_the_management_account(world, name):
    with refused("InvalidInputException", "INVALID_ROLE_NAME"):
        world.api.create_account(AccountName="x", Email=f"x-{world.account}@example.com", RoleName=name)


def test_a_creation_that_fails_in_iam_leaves_the_address_free(world, monkeypatch):
    async def refuse(self, **_):
        raise ServiceError("no more roles")

    email = f"x-{world.account}@example.com"
    iam = world.cloud.cloud.kernel.registry.load("iam")
    with monkeypatch.context() as broken:
        broken.setattr(iam, "create_role", refuse)
        asked = world.api.create_account(AccountName="x", Email=email)
        world.cloud.settle()
    status = world.status(asked["CreateAccountStatus"]["Id"])
    assert (status["State"], status["FailureReason"]) == ("FAILED", "INTERNAL_FAILURE")
    world.make_account("x", email=email)


def test_cloudtrail_of_the_management_account_tells_what_became_of_accounts(world):
    made = world.make_account("told")
    world.api.close_account(AccountId=made)
    world.cloud.settle()
    trail = world.client("cloudtrail")
    events = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "organizations.amazonaws.com"}]
    )
    told = [json.loads(e["CloudTrailEvent"]) for page in events for e in page["Events"]]
    own = [e for e in told if e["eventType"] == "AwsServiceEvent"]
    assert {e["eventName"] for e in own} == {
        "AccountJoinedOrganization", "CreateAccountResult", "CloseAccountResult"
    }  # fmt: skip
    (result,) = [e for e in own if e["eventName"] == "CreateAccountResult"]
    assert result["additionalEventData"]["createAccountStatus"]["accountId"] == made
