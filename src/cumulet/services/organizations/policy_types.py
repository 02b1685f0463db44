"""The types of policies, and the numbers that hold for each.

Authorization policies bind what principals may do and are read by the policy engine; management policies are merged
from the root down (inheritance.py). Source: Organizations User Guide, Quotas and service limits."""

from __future__ import annotations

from typing import NamedTuple

from cumulet.kernel.authority import RCP, SCP
from cumulet.services.organizations.errors import InvalidInputException

ALL_ACCESS = {SCP: "p-FullAWSAccess", RCP: "p-RCPFullAWSAccess"}
"""The policies of AWS's own that everything has until other ones take their place."""


class PolicyType(NamedTuple):
    """`longest` is in characters; `top` the one member that a management policy's document has."""

    longest: int
    attached: int
    most: int
    top: str = ""


TYPES = {
    SCP: PolicyType(5120, 5, 10_000),
    RCP: PolicyType(5120, 5, 1000),
    "TAG_POLICY": PolicyType(10_000, 10, 1000, "tags"),
    "BACKUP_POLICY": PolicyType(10_000, 10, 1000, "plans"),
    "AISERVICES_OPT_OUT_POLICY": PolicyType(2500, 5, 1000, "services"),
    "CHATBOT_POLICY": PolicyType(10_000, 5, 1000, "chatbot"),
    "DECLARATIVE_POLICY_EC2": PolicyType(10_000, 10, 1000, "ec2_attributes"),
    "SECURITYHUB_POLICY": PolicyType(10_000, 10, 1000, "securityhub"),
    "SECURITYHUB_CSPM_POLICY": PolicyType(10_000, 10, 1000, "securityhub_cspm"),
    "INSPECTOR_POLICY": PolicyType(10_000, 10, 1000, "inspector"),
    "UPGRADE_ROLLOUT_POLICY": PolicyType(10_000, 10, 1000, "upgrade_rollout"),
    "BEDROCK_POLICY": PolicyType(10_000, 10, 1000, "bedrock"),
    "S3_POLICY": PolicyType(10_000, 10, 1000, "s3_attributes"),
    "NETWORK_SECURITY_DIRECTOR_POLICY": PolicyType(10_000, 10, 1000, "network_security_director"),
    "GUARDDUTY_POLICY": PolicyType(10_000, 10, 1000, "guardduty"),
}


def known(name: str) -> PolicyType:
    """Raises InvalidInputException for a type that there is not."""
    found = TYPES.get(name)
    if found is None:
        raise InvalidInputException("INVALID_ENUM_POLICY_TYPE")
    return found


def management(name: str) -> PolicyType:
    """A type whose policies are merged. Raises InvalidInputException for the others."""
    found = known(name)
    if not found.top:
        raise InvalidInputException("INVALID_ENUM_POLICY_TYPE")
    return found
