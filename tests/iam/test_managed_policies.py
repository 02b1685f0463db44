"""The policies that AWS manages, as data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cumulet.kernel import actions
from cumulet.kernel.authz import PolicyKind, parse
from cumulet.services.iam import managed

TOOL = Path(__file__).parents[2] / "tools" / "managed_policies.py"


@pytest.mark.spec("security:IAM-15")
@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/IAMFullAccess",
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy",
        "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2",
        "arn:aws:iam::aws:policy/aws-service-role/AWSOrganizationsServiceTrustPolicy",
    ],
)
def test_the_policies_of_courses_and_tutorials_are_there(arn):
    policy = managed.find(arn)

    assert policy is not None
    assert policy.arn == arn
    assert policy.id.startswith("ANPA") and len(policy.id) == 21
    assert policy.created <= policy.updated


def test_every_document_is_a_policy_of_actions_that_aws_has():
    for policy in managed.all():
        parse(policy.document, PolicyKind.IDENTITY, policy.arn)
        unknown = [name for name in _actions(policy) if "*" not in name and actions.action(name) is None]
        assert unknown == [], policy.name


def _actions(policy):
    """Every action that the policy names, wildcards among them."""
    for statement in json.loads(policy.document)["Statement"]:
        named = statement.get("Action", statement.get("NotAction"))
        yield from [named] if isinstance(named, str) else named


@pytest.mark.parametrize(
    "service",
    [
        "organizations.amazonaws.com", "replication.dynamodb.amazonaws.com", "cloudtrail.amazonaws.com",
        "dynamodb.application-autoscaling.amazonaws.com", "mrk.kms.amazonaws.com", "dax.amazonaws.com",
        "storage-lens.s3.amazonaws.com", "elasticloadbalancing.amazonaws.com", "autoscaling.amazonaws.com",
        "rds.amazonaws.com", "ecs.amazonaws.com", "replicator.lambda.amazonaws.com",
        "kinesisreplication.dynamodb.amazonaws.com",
    ],
)  # fmt: skip
def test_service_linked_roles_have_a_policy_that_can_be_read(client, service):
    iam = client("iam")
    role = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    [policy] = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]

    assert policy["PolicyArn"].startswith("arn:aws:iam::aws:policy/aws-service-role/")
    assert document["Statement"]


def test_service_linked_roles_may_do_what_their_service_needs_and_no_more(client):
    iam = client("iam")
    role = iam.create_service_linked_role(AWSServiceName="replication.dynamodb.amazonaws.com")["Role"]
    asked = iam.simulate_principal_policy(
        PolicySourceArn=role["Arn"], ActionNames=["dynamodb:PutItem", "dynamodb:DeleteTable"]
    )  # fmt: skip

    decisions = {each["EvalActionName"]: each["EvalDecision"] for each in asked["EvaluationResults"]}
    assert decisions == {"dynamodb:PutItem": "allowed", "dynamodb:DeleteTable": "implicitDeny"}


def test_ids_and_arns_are_distinct():
    policies = managed.all()
    assert len({policy.arn for policy in policies}) == len({policy.id for policy in policies}) == len(policies)


def test_what_aws_does_not_have_is_not_found():
    assert managed.find("arn:aws:iam::aws:policy/NoSuchPolicy") is None
    assert managed.find("arn:aws:iam::123456789012:policy/AdministratorAccess") is None


def test_importing_iam_reads_no_policies():
    code = (
        "import cumulet.services.iam as iam; from cumulet.services.iam import managed;"
        "assert managed._by_arn.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_answer_of_iam_brings_the_data_up_to_date(tmp_path):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy = {
        "PolicyName": "AmazonS3FullAccess", "PolicyId": "ANPAIFIR6V6BVTRAHWINE", "Path": "/",
        "Arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess", "DefaultVersionId": "v9",
        "CreateDate": "2015-02-06T18:40:58Z", "UpdateDate": "2026-01-01T00:00:00Z",
        "PolicyVersionList": [
            {"VersionId": "v8", "IsDefaultVersion": False, "Document": {}},
            {"VersionId": "v9", "IsDefaultVersion": True, "Document": document},
        ],
    }  # fmt: skip
    answer, target = tmp_path / "details.json", tmp_path / "policies.jsonl"
    answer.write_text(json.dumps({"Policies": [policy]}))
    kept = '{"name":"Other","path":"/","version":"v1","created":"","updated":"","description":"","document":{}}\n'
    target.write_text(kept)

    subprocess.run([sys.executable, TOOL, answer, "--target", target], check=True, capture_output=True)

    written = {line["name"]: line for line in map(json.loads, target.read_text().splitlines())}
    assert written.keys() == {"AmazonS3FullAccess", "Other"}
    assert written["AmazonS3FullAccess"]["version"] == "v9"
    assert written["AmazonS3FullAccess"]["document"] == document
