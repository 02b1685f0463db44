"""Key policies: the default one, that of AWS's keys, and what a new one has to be.

Source: KMS Developer Guide, key policies; KMS API Reference, PutKeyPolicy."""

from __future__ import annotations

import json
from typing import Any

from cumulet.kernel import named
from cumulet.kernel.authority import Authority
from cumulet.kernel.authz import policies as language
from cumulet.kernel.authz.malformed import MalformedPolicy
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms.errors import LimitExceededException, MalformedPolicyDocumentException
from cumulet.services.kms.keys import Key

NAME = "default"
"""The only name that a key policy can have."""
LARGEST_BYTES = 32_768
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
UNKNOWN_PRINCIPAL = "Policy contains a statement with one or more invalid principals."


def default(scope: Scope) -> str:
    """Everything for the account, whose IAM policies may hand it on."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{scope.partition}:iam::{scope.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _document("key-default-1", [statement])


def of_aws_managed(scope: Scope, service: str) -> str:
    """The account's principals may use the key through the service, and look at it."""
    use = {
        "Sid": f"Allow access through {service} for all principals in the account that are authorized to use it",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
                   "kms:ListGrants", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": scope.account,
                "kms:ViaService": f"{service}.{scope.region}.amazonaws.com",
            }
        },
    }  # fmt: skip
    look = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{scope.partition}:iam::{scope.account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return _document(f"auto-{service}-1", [use, look])


def check(text: str) -> str:
    """The policy, if it is one. Raises LimitExceededException or MalformedPolicyDocumentException."""
    if len(text.encode()) > LARGEST_BYTES:
        raise LimitExceededException(f"The key policy document cannot be larger than {LARGEST_BYTES} bytes.")
    try:
        language.parse(text, language.PolicyKind.RESOURCE, "key policy")
    except MalformedPolicy as malformed:
        raise MalformedPolicyDocumentException(str(malformed) or "The policy document is malformed.") from None
    return text


def bound(tx: ReadTransaction, authority: Authority, key: Key, text: str) -> Key:
    """The key with a policy that means, for good, the users and roles whom it names now.

    Raises MalformedPolicyDocumentException for one that is not there."""
    try:
        ids = named.ids_in(text, lambda arn: authority.id_of(tx, arn))
    except named.UnknownPrincipal:
        raise MalformedPolicyDocumentException(UNKNOWN_PRINCIPAL) from None
    return replace(key, policy=text, policy_ids=ids, bound_policy=named.with_ids(text, ids) if ids else "")


def shown(tx: ReadTransaction, authority: Authority, key: Key) -> str:
    """The text as it is read back."""
    return named.as_shown(key.policy, key.policy_ids, lambda *who: authority.arn_of(tx, *who))


def _document(policy_id: str, statements: list[dict[str, Any]]) -> str:
    """Laid out as KMS does, on lines with spaces around the colons."""
    document = {"Version": "2012-10-17", "Id": policy_id, "Statement": statements}
    return json.dumps(document, indent=2, separators=(",", " : "))
