"""Policies that tests attach, and who calls with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def trusting(principal: Any, **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


ALLOW_ALL = policy(allow("*"))
FOR_EC2 = trusting({"Service": "ec2.amazonaws.com"})


def refused(operation: Callable[..., Any], **parameters: Any) -> str:
    """Code and words of the error that the call ends with."""
    with pytest.raises(ClientError) as caught:
        operation(**parameters)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


def acting(client: Callable[..., Any], key: dict[str, Any], service: str = "iam", **options: Any) -> Any:
    """A client of whoever the access key, or the temporary credentials, let in."""
    return client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
        **options,
    )


def user_with(iam: Any, name: str, *policies: str) -> dict[str, Any]:
    """A new user's access key; the policies are written into the user."""
    iam.create_user(UserName=name)
    for number, text in enumerate(policies):
        iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=text)
    return iam.create_access_key(UserName=name)["AccessKey"]
