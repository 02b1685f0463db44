"""An account with users and roles, and clients that act as they."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from tests.conftest import connect

_models = botocore.loaders.create_loader()


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def trust(principal: Any, actions: Any = "sts:AssumeRole", **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": actions, **more})


class Account:
    """`number` on `cloud`, as its root without signed keys manages it."""

    def __init__(self, cloud: Any, number: str) -> None:
        self.cloud = cloud
        self.number = number
        self.iam = self.client("iam")

    def client(self, service: str, **options: Any) -> Any:
        """A client of the account's root."""
        return connect(self.cloud, service, account=self.number, **options)

    def user(self, name: str, *statements: Mapping[str, Any]) -> Mapping[str, str]:
        """The credentials of a new user who may do this."""
        self.iam.create_user(UserName=name)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}

    def role(self, name: str, document: str, *statements: Mapping[str, Any], **more: Any) -> str:
        """The ARN of a new role that trusts as the document says and may do this."""
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return role["Arn"]

    def user_arn(self, name: str) -> str:
        return f"arn:aws:iam::{self.number}:user/{name}"

    @property
    def root(self) -> str:
        return f"arn:aws:iam::{self.number}:root"


def acting(cloud: Any, credentials: Mapping[str, Any], service: str, region: str = "us-east-1") -> Any:
    """A client that signs with these credentials."""
    shared = botocore.session.Session()
    shared.register_component("data_loader", _models)
    session = boto3.session.Session(
        botocore_session=shared,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        region_name=region,
    )
    settings = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, parameter_validation=False)
    return session.client(service, endpoint_url=cloud.url, config=settings)


def refusal(raised: Any) -> tuple[str, str]:
    """The code and the words of a ClientError."""
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]
