"""An organization with all features, as tests need it: accounts that are there, units, and policies attached."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cumulet.testing import LocalCloud
from tests.conftest import connect

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


class World:
    """The organization that `account` manages on a cloud."""

    def __init__(self, cloud: LocalCloud, account: str, features: str = "ALL") -> None:
        self.cloud = cloud
        self.account = account
        self.api = self.client("organizations")
        self.id = self.api.create_organization(FeatureSet=features)["Organization"]["Id"]
        self.root = self.api.list_roots()["Roots"][0]["Id"]

    def client(self, service: str, account: str | None = None, **options: Any) -> Any:
        return connect(self.cloud, service, account=account or self.account, **options)

    def make_account(self, name: str, **more: Any) -> str:
        email = more.pop("email", f"{name}-{self.account}@example.com")
        asked = self.api.create_account(AccountName=name, Email=email, **more)["CreateAccountStatus"]
        self.cloud.settle()
        return self.status(asked["Id"])["AccountId"]

    def status(self, request: str) -> Any:
        return self.api.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]

    def make_unit(self, name: str, parent: str | None = None) -> str:
        made = self.api.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return made["OrganizationalUnit"]["Id"]

    def move(self, account: str, to: str) -> None:
        here = self.api.list_parents(ChildId=account)["Parents"][0]["Id"]
        self.api.move_account(AccountId=account, SourceParentId=here, DestinationParentId=to)

    def enable(self, kind: str) -> None:
        self.api.enable_policy_type(RootId=self.root, PolicyType=kind)

    def policy(self, kind: str, content: Any, name: str = "") -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        name = name or f"policy-{len(self.api.list_policies(Filter=kind)['Policies'])}"
        made = self.api.create_policy(Name=name, Description="", Type=kind, Content=text)
        return made["Policy"]["PolicySummary"]["Id"]

    def attach(self, kind: str, content: Any, target: str) -> str:
        made = self.policy(kind, content)
        self.api.attach_policy(PolicyId=made, TargetId=target)
        return made

    def invite(self, number: str) -> str:
        party = {"Type": "ACCOUNT", "Id": number}
        return self.api.invite_account_to_organization(Target=party)["Handshake"]["Id"]

    def join(self, number: str) -> None:
        self.client("organizations", number).accept_handshake(HandshakeId=self.invite(number))

    def administrator(self, number: str, name: str = "admin") -> Callable[..., Any]:
        """A maker of clients of a user that may do everything in an account."""
        iam = self.client("iam", number)
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.acting(key["AccessKeyId"], key["SecretAccessKey"])

    def acting(self, key: str, secret: str, token: str | None = None) -> Callable[..., Any]:
        session = boto3.session.Session(key, secret, token, "us-east-1")
        return lambda service: session.client(service, endpoint_url=self.cloud.url)


def statement(effect: str, action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    one = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [one]}


@contextmanager
def refused(code: str, reason: str | None = None, words: str = ""):
    """What is within is refused with the code, and the Reason if one is named."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert reason is None or answer.get("Reason") == reason, answer
    assert words in answer["Error"]["Message"], answer


@pytest.fixture
def world(shared_cloud, account) -> World:
    return World(shared_cloud, account)
