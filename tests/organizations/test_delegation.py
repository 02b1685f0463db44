"""What the management account leaves to others: services that it trusts, administrators, and the resource policy."""

from __future__ import annotations

import json

from tests.organizations.conftest import SCP, refused, statement

CONFIG = "config.amazonaws.com"


def test_services_are_trusted_by_name(world):
    world.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    world.api.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    listed = world.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [s["ServicePrincipal"] for s in listed] == [CONFIG, "sso.amazonaws.com"]
    world.api.disable_aws_service_access(ServicePrincipal=CONFIG)
    assert len(world.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"]) == 1
    with refused("InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL"):
        world.api.enable_aws_service_access(ServicePrincipal="nothing.amazonaws.com")


def test_a_delegated_administrator_may_look_at_the_organization(world):
    made = world.make_account("auditor")
    auditor = world.client("organizations", made)
    with refused("ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"):
        world.api.register_delegated_administrator(AccountId=made, ServicePrincipal=CONFIG)
    world.api.enable_aws_service_access(ServicePrincipal=CONFIG)
    with refused("ConstraintViolationException", "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"):
        world.api.register_delegated_administrator(AccountId=world.account, ServicePrincipal=CONFIG)
    with refused("AccessDeniedException"):
        auditor.list_accounts()
    world.api.register_delegated_administrator(AccountId=made, ServicePrincipal=CONFIG)
    with refused("AccountAlreadyRegisteredException"):
        world.api.register_delegated_administrator(AccountId=made, ServicePrincipal=CONFIG)
    assert len(auditor.list_accounts()["Accounts"]) == 2
    assert len(world.administrator(made)("organizations").list_roots()["Roots"]) == 1
    with refused("AccessDeniedException"):
        auditor.create_organizational_unit(ParentId=world.root, Name="mine")
    with refused("AccessDeniedException"):
        auditor.create_policy(Name="x", Description="", Type=SCP, Content=json.dumps(statement("Deny", "sqs:*")))
    assert [a["Id"] for a in auditor.list_delegated_administrators()["DelegatedAdministrators"]] == [made]
    services = world.api.list_delegated_services_for_account(AccountId=made)["DelegatedServices"]
    assert [s["ServicePrincipal"] for s in services] == [CONFIG]
    with refused("ConstraintViolationException", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"):
        world.api.close_account(AccountId=made)
    world.api.deregister_delegated_administrator(AccountId=made, ServicePrincipal=CONFIG)
    with refused("AccessDeniedException"):
        auditor.list_accounts()
    with refused("AccountNotRegisteredException"):
        world.api.list_delegated_services_for_account(AccountId=made)


def test_the_resource_policy_leaves_the_care_of_policies_to_a_member(world):
    world.enable(SCP)
    made, other = world.make_account("governor"), world.make_account("other")
    with refused("ResourcePolicyNotFoundException"):
        world.api.describe_resource_policy()
    actions = ["organizations:CreatePolicy", "organizations:AttachPolicy", "organizations:ListPolicies"]
    content = statement("Allow", actions, "*", Principal={"AWS": f"arn:aws:iam::{made}:root"})
    kept = world.api.put_resource_policy(Content=json.dumps(content))["ResourcePolicy"]["ResourcePolicySummary"]
    assert world.api.describe_resource_policy()["ResourcePolicy"]["ResourcePolicySummary"] == kept
    governor = world.administrator(made)("organizations")
    content = json.dumps(statement("Deny", "sqs:*"))
    policy = governor.create_policy(Name="p", Description="", Type=SCP, Content=content)["Policy"]["PolicySummary"]
    governor.attach_policy(PolicyId=policy["Id"], TargetId=other)
    with refused("AccessDenied"):
        world.client("sqs", other).list_queues()
    with refused("AccessDeniedException"):
        governor.detach_policy(PolicyId=policy["Id"], TargetId=other)
    with refused("AccessDeniedException"):
        governor.create_organizational_unit(ParentId=world.root, Name="mine")
    for stranger in (world.client("organizations", other), world.administrator(other)("organizations")):
        with refused("AccessDeniedException"):
            stranger.list_policies(Filter=SCP)
    world.api.delete_resource_policy()
    with refused("AccessDeniedException"):
        governor.list_policies(Filter=SCP)


def test_a_resource_policy_has_to_be_one(world):
    for content in ("{", "{}", json.dumps(statement("Allow", "organizations:*"))):
        with refused("InvalidInputException", "INVALID_RESOURCE_POLICY_JSON"):
            world.api.put_resource_policy(Content=content)

    anybody = {"Principal": "*"}
    for action in ("organizations:MoveAccount", "sqs:SendMessage", ["organizations:ListRoots", "organizations:Close*"]):
        with refused("InvalidInputException", "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY"):
            world.api.put_resource_policy(Content=json.dumps(statement("Allow", action, **anybody)))
    world.api.put_resource_policy(Content=json.dumps(statement("Allow", "organizations:List*", **anybody)))


def test_a_user_of_the_management_account_needs_permission(world):
    iam = world.client("iam")
    iam.create_user(UserName="clerk")
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    clerk = world.acting(key["AccessKeyId"], key["SecretAccessKey"])("organizations")
    with refused("AccessDeniedException", words="organizations:ListRoots"):
        clerk.list_roots()
    unit = world.make_unit("only")
    arn = f"arn:aws:organizations::{world.account}:ou/{world.id}/{unit}"
    allowed = statement("Allow", "organizations:DescribeOrganizationalUnit", arn)
    iam.put_user_policy(UserName="clerk", PolicyName="one", PolicyDocument=json.dumps(allowed))
    assert clerk.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]["Name"] == "only"
    with refused("AccessDeniedException"):
        clerk.describe_organizational_unit(OrganizationalUnitId=world.make_unit("other"))
