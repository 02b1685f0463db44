"""Roles for services to act in, made as users make them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def role_for(iam: Any, service: str, name: str = "helper", actions: str | Sequence[str] = "*") -> str:
    """The ARN of a new role that `service` ("s3", "lambda") may assume and that may do `actions` everywhere."""
    principal = {"Service": f"{service}.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
    allowed = _document({"Effect": "Allow", "Action": actions, "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=allowed)
    return made["Role"]["Arn"]


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
