"""The credential report, and access advisor."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.conftest import connect
from tests.iam.certificates import Issued
from tests.iam.policies import acting, allow, deny, policy, refused, user_with

ACCOUNT = "111111111111"


@pytest.fixture
def iam(client):
    return client("iam")


def rows(iam) -> dict[str, dict[str, str]]:
    content = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(io.StringIO(content))}


@pytest.mark.spec("security:IAM-62", "security:IAM-68")
def test_the_report_tells_of_everybodys_credentials(iam, client, account, shared_cloud):
    key = user_with(iam, "bob", policy(allow("sqs:*")))
    acting(client, key, "sqs", region="eu-west-1").list_queues()
    iam.create_user(UserName="anna")
    iam.create_login_profile(UserName="anna", Password="Correct-horse-7")
    iam.update_account_password_policy(MaxPasswordAge=90)
    iam.upload_signing_certificate(UserName="anna", CertificateBody=Issued("anna").body)
    assert refused(iam.get_credential_report).startswith("ReportNotPresent")

    assert iam.generate_credential_report()["State"] == "STARTED"
    shared_cloud.settle()
    assert iam.generate_credential_report()["State"] == "COMPLETE"

    found = rows(iam)
    assert list(found) == ["<root_account>", "anna", "bob"]
    root, anna, bob = found.values()
    assert (root["arn"], root["password_enabled"]) == (f"arn:aws:iam::{account}:root", "not_supported")
    assert (anna["password_enabled"], anna["password_last_used"], anna["cert_1_active"]) == (
        "true", "no_information", "true",
    )  # fmt: skip
    assert anna["password_next_rotation"] > anna["password_last_changed"]
    assert (bob["password_enabled"], bob["password_last_used"], bob["mfa_active"]) == ("false", "N/A", "false")
    assert (bob["access_key_1_active"], bob["access_key_1_last_used_service"]) == ("true", "sqs")
    assert (bob["access_key_1_last_used_region"], bob["access_key_2_active"]) == ("eu-west-1", "false")
    assert bob["access_key_2_last_used_date"] == "N/A"
    assert iam.get_credential_report()["ReportFormat"] == "text/csv"


def test_a_report_is_good_for_four_hours(own_cloud):
    iam = connect(own_cloud, "iam", account=ACCOUNT)
    iam.generate_credential_report()
    own_cloud.settle()
    made = iam.get_credential_report()["GeneratedTime"]
    own_cloud.advance(hours=3)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert iam.get_credential_report()["GeneratedTime"] == made
    own_cloud.advance(hours=1, seconds=1)
    assert refused(iam.get_credential_report).startswith("ReportExpired")
    assert iam.generate_credential_report()["State"] == "STARTED"
    own_cloud.settle()
    assert iam.get_credential_report()["GeneratedTime"] > made


def advised(iam, arn, **more: Any) -> dict[str, dict[str, Any]]:
    job = iam.generate_service_last_accessed_details(Arn=arn, **more)["JobId"]
    report = iam.get_service_last_accessed_details(JobId=job)
    assert report["JobStatus"] == "COMPLETED"
    return {each["ServiceNamespace"]: {**each, "job": job} for each in report["ServicesLastAccessed"]}


@pytest.mark.spec("security:IAM-63", "security:IAM-64")
def test_advisor_tells_what_is_granted_and_what_was_used(iam, client, account):
    text = policy(allow("sqs:*", "s3:Get*", "kms:Decrypt"), deny("kms:*"))
    key = user_with(iam, "bob", text)
    acting(client, key, "sqs", region="eu-west-1").list_queues()
    arn = f"arn:aws:iam::{account}:user/bob"

    found = advised(iam, arn, Granularity="ACTION_LEVEL")
    assert set(found) == {"s3", "sqs"}
    assert found["s3"]["TotalAuthenticatedEntities"] == 0 and "LastAuthenticated" not in found["s3"]
    sqs = found["sqs"]
    assert (sqs["ServiceName"], sqs["LastAuthenticatedEntity"]) == ("Amazon SQS", arn)
    assert sqs["LastAuthenticatedRegion"] == "eu-west-1"
    assert [each["ActionName"] for each in sqs["TrackedActionsLastAccessed"]] == ["ListQueues"]
    assert "TrackedActionsLastAccessed" not in advised(iam, arn)["sqs"]


@pytest.mark.spec("security:IAM-63")
def test_advisor_tells_of_the_members_of_a_group_and_the_holders_of_a_policy(iam, client, account):
    made = iam.create_policy(PolicyName="queues", PolicyDocument=policy(allow("sqs:*")))["Policy"]["Arn"]
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=made)
    keys = {name: user_with(iam, name) for name in ("anna", "bob")}
    for name, key in keys.items():
        iam.add_user_to_group(GroupName="staff", UserName=name)
        acting(client, key, "sqs").list_queues()

    for arn in (made, f"arn:aws:iam::{account}:group/staff"):
        found = advised(iam, arn)["sqs"]
        assert found["TotalAuthenticatedEntities"] == 2
        details = iam.get_service_last_accessed_details_with_entities(JobId=found["job"], ServiceNamespace="sqs")
        assert {each["EntityInfo"]["Name"] for each in details["EntityDetailsList"]} == {"anna", "bob"}
        assert {each["EntityInfo"]["Type"] for each in details["EntityDetailsList"]} == {"USER"}


def test_an_administrator_is_granted_everything(iam, account):
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    arn = f"arn:aws:iam::{account}:user/admin"
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    first = iam.get_service_last_accessed_details(JobId=job)
    assert first["IsTruncated"] and len(first["ServicesLastAccessed"]) == 100


def test_advisor_refuses_what_is_not_there(iam, account):
    missing = f"arn:aws:iam::{account}:user/nobody"
    assert refused(iam.generate_service_last_accessed_details, Arn=missing).startswith("NoSuchEntity")
    bucket = "arn:aws:s3:::some-bucket-or-other"
    assert refused(iam.generate_service_last_accessed_details, Arn=bucket).startswith("InvalidInput")
    unknown = "12345678-1234-1234-1234-123456789012"
    assert refused(iam.get_service_last_accessed_details, JobId=unknown).startswith("NoSuchEntity")


@pytest.mark.spec("security:IAM-63")
def test_an_organization_sees_what_is_left_to_its_accounts_and_used_by_them(client, iam, account):
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=root, Name="apps")["OrganizationalUnit"]["Id"]
    queues = policy(allow("sqs:*", "s3:*"))
    made = organizations.create_policy(Name="q", Description="", Type="SERVICE_CONTROL_POLICY", Content=queues)
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    member = f"8{account[1:]}"
    shake = organizations.invite_account_to_organization(Target={"Id": member, "Type": "ACCOUNT"})["Handshake"]["Id"]
    client("organizations", account=member).accept_handshake(HandshakeId=shake)
    organizations.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    client("sqs", account=member).list_queues()
    whole = organizations.describe_organization()["Organization"]["Id"]

    path = f"{whole}/{root}/{unit}"
    job = iam.generate_organizations_access_report(EntityPath=path)["JobId"]
    report = iam.get_organizations_access_report(JobId=job, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING")

    assert (report["NumberOfServicesAccessible"], report["NumberOfServicesNotAccessed"]) == (2, 1)
    first, second = report["AccessDetails"]
    assert (first["ServiceNamespace"], first["EntityPath"]) == ("sqs", f"{path}/{member}")
    assert second == {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0}
    nowhere = refused(iam.generate_organizations_access_report, EntityPath=f"{whole}/{root}/ou-none-12345678")
    assert nowhere.startswith("InvalidInput")
    stranger = client("iam", account=f"7{account[1:]}")
    assert refused(stranger.generate_organizations_access_report, EntityPath=path).startswith("AccountNotManagement")
