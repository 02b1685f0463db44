"""Credentials that are for one service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cumulet.kernel import identity
from tests.conftest import connect
from tests.iam.policies import refused

GIT = "codecommit.amazonaws.com"


@pytest.fixture
def iam(client):
    iam = client("iam")
    iam.create_user(UserName="bob")
    return iam


def lets_in(cloud, account, service, name, secret) -> str | None:
    """Whom a service lets in with these."""
    asked = {"ServiceName": service, "ServiceUserName": name, "Secret": secret}
    caller = identity.service_principal(service.partition(".")[0], account)
    found = cloud.run(cloud.cloud.kernel.client(caller, "iam", "us-east-1").find_service_credential(**asked))
    return found.get("UserName")


@pytest.mark.parametrize("service", [GIT, "cassandra.amazonaws.com"])
def test_a_password_that_really_lets_in(iam, account, shared_cloud, service):
    made = iam.create_service_specific_credential(UserName="bob", ServiceName=service)["ServiceSpecificCredential"]
    password, name = made.pop("ServicePassword"), f"bob-at-{account}"
    assert made["ServiceUserName"] == name
    assert made["ServiceSpecificCredentialId"].startswith("ACCA")
    assert iam.list_service_specific_credentials(UserName="bob")["ServiceSpecificCredentials"] == [made]
    assert lets_in(shared_cloud, account, service, name, password) == "bob"
    assert lets_in(shared_cloud, account, service, name, "wrong") is None
    assert lets_in(shared_cloud, account, "bedrock.amazonaws.com", name, password) is None

    one = {"UserName": "bob", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    iam.update_service_specific_credential(**one, Status="Inactive")
    assert lets_in(shared_cloud, account, service, name, password) is None
    renewed = iam.reset_service_specific_credential(**one)["ServiceSpecificCredential"]
    assert renewed["Status"] == "Inactive"
    iam.update_service_specific_credential(**one, Status="Active")
    assert lets_in(shared_cloud, account, service, name, password) is None
    assert lets_in(shared_cloud, account, service, name, renewed["ServicePassword"]) == "bob"

    assert refused(iam.delete_user, UserName="bob").endswith("must delete service specific credentials first.")
    iam.delete_service_specific_credential(**one)
    assert refused(iam.delete_service_specific_credential, **one).startswith("NoSuchEntity")


def test_two_for_each_service_and_none_for_others(iam):
    for service in (GIT, "cassandra.amazonaws.com", GIT):
        iam.create_service_specific_credential(UserName="bob", ServiceName=service)
    assert refused(iam.create_service_specific_credential, UserName="bob", ServiceName=GIT).startswith("LimitExceeded")
    words = "No such service x.amazonaws.com is supported for Service Specific Credentials"
    foreign = {"UserName": "bob", "ServiceName": "x.amazonaws.com"}
    assert refused(iam.create_service_specific_credential, **foreign) == f"NotSupportedService: {words}"
    assert refused(iam.list_service_specific_credentials, **foreign) == f"NoSuchEntity: {words}"
    nobody = "NoSuchEntity: The user with name nobody cannot be found."
    assert refused(iam.create_service_specific_credential, UserName="nobody", ServiceName="x") == nobody
    of_git = iam.list_service_specific_credentials(UserName="bob", ServiceName=GIT)["ServiceSpecificCredentials"]
    assert len(of_git) == 2
    assert len(iam.list_service_specific_credentials(AllUsers=True)["ServiceSpecificCredentials"]) == 3


def test_an_api_key_expires_by_the_clock(own_cloud):
    iam = connect(own_cloud, "iam", account="111111111111")
    iam.create_user(UserName="bob")
    bedrock = {"UserName": "bob", "ServiceName": "bedrock.amazonaws.com"}
    made = iam.create_service_specific_credential(**bedrock, CredentialAgeDays=30)["ServiceSpecificCredential"]
    given = ("111111111111", "bedrock.amazonaws.com", made["ServiceCredentialAlias"], made["ServiceCredentialSecret"])
    assert made["ExpirationDate"] - made["CreateDate"] == timedelta(days=30)
    assert lets_in(own_cloud, *given) == "bob"

    own_cloud.advance(days=31)
    assert lets_in(own_cloud, *given) is None
    listed = iam.list_service_specific_credentials(UserName="bob")["ServiceSpecificCredentials"]
    assert listed[0]["Status"] == "Expired"
    assert refused(iam.create_service_specific_credential, UserName="bob", ServiceName=GIT, CredentialAgeDays=1)
