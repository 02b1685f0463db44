"""Service and resource control policies: what binds whole accounts, and whom it does not bind."""

from __future__ import annotations

import json

import pytest

from tests.organizations.conftest import RCP, SCP, refused, statement

NO_SQS = statement("Deny", "sqs:*")


@pytest.fixture
def controlled(world):
    world.enable(SCP)
    return world


def told(world, target):
    return [p["Name"] for p in world.api.list_policies_for_target(TargetId=target, Filter=SCP)["Policies"]]


@pytest.mark.spec("security:ORG-03", "security:ORG-05")
def test_a_move_changes_what_the_administrator_of_an_account_may_do(controlled):
    """The hands-on flow: an account in Dev is denied what Prod allows."""
    world = controlled
    made, prod, dev = world.make_account("app"), world.make_unit("Prod"), world.make_unit("Dev")
    admin = world.administrator(made)
    world.attach(SCP, NO_SQS, dev)
    world.move(made, dev)
    with refused("AccessDenied", words="with an explicit deny in a service control policy"):
        admin("sqs").create_queue(QueueName="jobs")
    with refused("AccessDenied", words="with an explicit deny in a service control policy"):
        world.client("sqs", made).create_queue(QueueName="jobs")
    assert admin("s3").list_buckets()["Buckets"] == []
    world.move(made, prod)
    admin("sqs").create_queue(QueueName="jobs")
    world.client("sqs", made).create_queue(QueueName="more-jobs")


@pytest.mark.spec("security:ORG-06", "security:CT-07")
def test_what_a_parent_forbids_no_child_allows_and_new_accounts_are_bound_at_once(controlled):
    world = controlled
    outer = world.make_unit("outer")
    inner = world.make_unit("inner", outer)
    world.attach(SCP, NO_SQS, outer)
    world.attach(SCP, statement("Allow", "sqs:*"), inner)
    made = world.make_account("newcomer")
    world.client("sqs", made).list_queues()
    world.move(made, inner)
    with refused("AccessDenied"):
        world.client("sqs", made).list_queues()
    world.attach(SCP, statement("Deny", "s3:*"), world.root)
    later = world.make_account("later")
    with refused("AccessDenied"):
        world.client("s3", later).list_buckets()


@pytest.mark.spec("security:ORG-07")
def test_an_allow_list_lets_only_what_it_names(controlled):
    world = controlled
    made = world.make_account("narrow")
    world.attach(SCP, statement("Allow", ["s3:*", "iam:*"]), made)
    world.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=made)
    assert world.client("s3", made).list_buckets()["Buckets"] == []
    with refused("AccessDenied", words="no service control policy allows"):
        world.client("sqs", made).list_queues()


@pytest.mark.spec("security:ORG-07", "security:CT-03")
def test_a_deny_list_forbids_regions(controlled):
    world = controlled
    made = world.make_account("regional")
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1"]}}
    deny = {"Version": "2012-10-17", "Statement": [{
        "Sid": "OnlyFrankfurt", "Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*",
        "Condition": elsewhere,
    }]}  # fmt: skip
    world.attach(SCP, deny, made)
    world.client("sqs", made, region="eu-central-1").create_queue(QueueName="here")
    with refused("AccessDenied"):
        world.client("sqs", made, region="us-west-2").create_queue(QueueName="there")
    world.client("iam", made).list_users()


@pytest.mark.spec("security:ORG-05")
def test_a_service_control_policy_grants_nothing(controlled):
    world = controlled
    made = world.make_account("nothing")
    iam = world.client("iam", made)
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = world.acting(key["AccessKeyId"], key["SecretAccessKey"])
    with refused("AccessDenied", words="no identity-based policy allows"):
        nobody("sqs").list_queues()


@pytest.mark.spec("security:ORG-04")
def test_the_management_account_is_never_restricted(controlled):
    world = controlled
    world.attach(SCP, NO_SQS, world.root)
    world.attach(SCP, NO_SQS, world.account)
    world.client("sqs").create_queue(QueueName="free")
    world.administrator(world.account)("sqs").list_queues()


@pytest.mark.spec("security:ORG-08")
def test_a_policy_of_a_resource_does_not_help_against_a_deny(controlled):
    world = controlled
    made = world.make_account("bound")
    queue = world.client("sqs").create_queue(QueueName="open")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{world.account}:open"
    grant = statement("Allow", "sqs:*", arn, Principal={"AWS": made})
    world.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(grant)})
    member = world.client("sqs", made)
    member.send_message(QueueUrl=queue, MessageBody="hello")
    world.attach(SCP, NO_SQS, made)
    with refused("AccessDenied"):
        member.send_message(QueueUrl=queue, MessageBody="hello")


def test_leaving_an_organization_ends_its_rule(controlled):
    world = controlled
    number = f"9{world.account[1:]}"
    world.join(number)
    world.attach(SCP, NO_SQS, number)
    with refused("AccessDenied"):
        world.client("sqs", number).list_queues()
    world.client("organizations", number).leave_organization()
    world.client("sqs", number).list_queues()


def test_who_joins_gets_the_role_of_organizations_whatever_binds_it_then(controlled):
    world = controlled
    world.attach(SCP, statement("Deny", "iam:Create*"), world.root)
    number = f"9{world.account[1:]}"
    world.join(number)
    iam = world.client("iam", number)
    assert iam.get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]["Path"].startswith("/aws-service-role/")
    with refused("AccessDenied"):
        iam.create_user(UserName="nobody")


def test_disabling_the_type_detaches_everything(controlled):
    world = controlled
    made = world.make_account("freed")
    world.attach(SCP, NO_SQS, made)
    world.api.disable_policy_type(RootId=world.root, PolicyType=SCP)
    world.client("sqs", made).list_queues()
    assert told(world, made) == []
    with refused("PolicyTypeNotEnabledException"):
        world.api.disable_policy_type(RootId=world.root, PolicyType=SCP)
    world.enable(SCP)
    assert told(world, made) == ["FullAWSAccess"]


@pytest.mark.spec("security:ORG-04")
def test_policies_are_kept_attached_and_listed(controlled):
    world = controlled
    unit = world.make_unit("unit")
    assert told(world, unit) == told(world, world.root) == ["FullAWSAccess"]
    made = world.policy(SCP, NO_SQS, "no-queues")
    world.api.attach_policy(PolicyId=made, TargetId=unit)
    with refused("DuplicatePolicyAttachmentException"):
        world.api.attach_policy(PolicyId=made, TargetId=unit)
    (target,) = world.api.list_targets_for_policy(PolicyId=made)["Targets"]
    assert (target["TargetId"], target["Type"], target["Name"]) == (unit, "ORGANIZATIONAL_UNIT", "unit")
    with refused("PolicyInUseException"):
        world.api.delete_policy(PolicyId=made)
    changed = world.api.update_policy(PolicyId=made, Name="still-no-queues", Description="why")["Policy"]
    assert changed["PolicySummary"]["Name"] == "still-no-queues"
    assert json.loads(changed["Content"]) == NO_SQS
    world.api.detach_policy(PolicyId=made, TargetId=unit)
    with refused("PolicyNotAttachedException"):
        world.api.detach_policy(PolicyId=made, TargetId=unit)
    world.api.delete_policy(PolicyId=made)
    with refused("PolicyNotFoundException"):
        world.api.describe_policy(PolicyId=made)


def test_the_limits_of_attaching(controlled):
    world = controlled
    unit = world.make_unit("limits")
    for _ in range(4):
        world.attach(SCP, NO_SQS, unit)
    with refused("ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        world.attach(SCP, NO_SQS, unit)
    last = world.make_unit("last")
    with refused("ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        world.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=last)


def test_what_is_no_policy_is_refused(controlled):
    world = controlled
    for content in ("{", "[]", '"x"', "{}", json.dumps(statement("Maybe", "sqs:*")), "[" * 3000):
        with refused("MalformedPolicyDocumentException"):
            world.policy(SCP, content)
    with refused("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED"):
        world.policy(SCP, json.dumps(NO_SQS) + " " * 5120)
    world.policy(SCP, NO_SQS, "twice")
    with refused("DuplicatePolicyException"):
        world.policy(SCP, NO_SQS, "twice")
    with refused("InvalidInputException", "IMMUTABLE_POLICY"):
        world.api.update_policy(PolicyId="p-FullAWSAccess", Name="mine")


def test_types_are_enabled_before_use(world):
    made = world.policy(SCP, NO_SQS)
    with refused("PolicyTypeNotEnabledException"):
        world.api.attach_policy(PolicyId=made, TargetId=world.root)
    world.enable(SCP)
    with refused("PolicyTypeAlreadyEnabledException"):
        world.enable(SCP)
    assert world.api.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    with refused("RootNotFoundException"):
        world.api.enable_policy_type(RootId="r-none", PolicyType=RCP)


class TestResourceControlPolicies:
    """They bind the resources of an account, whoever comes."""

    @pytest.fixture
    def member(self, world):
        world.enable(RCP)
        return world.make_account("resources")

    def outsiders(self, world, action):
        return statement("Deny", action, Principal="*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": world.id}})

    def test_a_queue_is_closed_to_other_organizations_whatever_its_policy_says(self, world, member):
        stranger = f"8{world.account[1:]}"
        url = world.client("sqs", member).create_queue(QueueName="open")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{member}:open"
        grant = json.dumps(statement("Allow", "sqs:*", arn, Principal="*"))
        world.client("sqs", member).set_queue_attributes(QueueUrl=url, Attributes={"Policy": grant})
        world.client("sqs", stranger).send_message(QueueUrl=url, MessageBody="hello")
        world.attach(RCP, self.outsiders(world, "sqs:*"), world.root)
        with refused("AccessDenied", words="resource control policy"):
            world.client("sqs", stranger).send_message(QueueUrl=url, MessageBody="hello")
        world.client("sqs").send_message(QueueUrl=url, MessageBody="from the same organization")
        world.client("sqs", member).send_message(QueueUrl=url, MessageBody="from the account itself")

    def test_a_bucket_is_closed_to_other_organizations(self, world, member):
        stranger = f"8{world.account[1:]}"
        bucket = f"open-{member}"
        s3 = world.client("s3", member)
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="a", Body=b"a")
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": False})
        grant = statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": stranger})
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(grant))
        assert world.client("s3", stranger).get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
        world.attach(RCP, self.outsiders(world, "s3:*"), world.root)
        with refused("AccessDenied"):
            world.client("s3", stranger).get_object(Bucket=bucket, Key="a")
        assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"

    def test_a_role_is_closed_to_other_organizations(self, world, member):
        stranger = f"8{world.account[1:]}"
        trust = statement("Allow", "sts:AssumeRole", Principal={"AWS": stranger})
        del trust["Statement"][0]["Resource"]
        world.client("iam", member).create_role(RoleName="open", AssumeRolePolicyDocument=json.dumps(trust))
        admin = world.administrator(stranger)
        role = f"arn:aws:iam::{member}:role/open"
        admin("sts").assume_role(RoleArn=role, RoleSessionName="visit")
        world.attach(RCP, self.outsiders(world, "sts:*"), world.root)
        with refused("AccessDenied"):
            admin("sts").assume_role(RoleArn=role, RoleSessionName="visit")

    def test_a_key_is_closed_to_its_own_account_too(self, world, member):
        kms = world.client("kms", member)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.encrypt(KeyId=key, Plaintext=b"a")
        world.attach(RCP, statement("Deny", "kms:Encrypt", Principal="*"), member)
        with refused("AccessDeniedException"):
            kms.encrypt(KeyId=key, Plaintext=b"a")

    def test_the_policy_that_allows_everything_stays(self, world, member):
        with refused("InvalidInputException", "NON_DETACHABLE_POLICY"):
            world.api.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=member)

    def test_resources_of_the_management_account_are_not_bound(self, world, member):
        world.attach(RCP, statement("Deny", "sqs:*", Principal="*"), world.root)
        world.client("sqs").create_queue(QueueName="free")
