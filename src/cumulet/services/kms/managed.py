"""The keys that AWS manages: alias/aws/SERVICE, one for each service of an account in a Region, made on first use.

Source: KMS Developer Guide, AWS managed keys."""

from __future__ import annotations

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import aliases, keys, lifecycle, names, policies, rotations, specs
from cumulet.services.kms.errors import NotAuthorizedException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Material
from cumulet.services.kms.names import Name

SERVICES = frozenset(
    ("acm", "backup", "codeartifact", "codecommit", "connect", "dynamodb", "ebs", "elasticfilesystem", "es", "fsx",
     "glue", "kafka", "kinesis", "kinesisvideo", "lambda", "lightsail", "rds", "redshift", "s3", "secretsmanager",
     "sns", "sqs", "ssm", "timestream", "workspaces", "xray")
)  # fmt: skip
"""Those whose alias can be asked for before the service has used its key."""


def alias(service: str) -> str:
    return f"{aliases.RESERVED}{service}"


def is_foreseen(name: Name) -> bool:
    """Whether a name is the alias of a key that is made when somebody asks for it."""
    return name.alias.removeprefix(aliases.RESERVED) in SERVICES and name.alias.startswith(aliases.RESERVED)


def find(tx: ReadTransaction, scope: Scope, service: str) -> Key | None:
    return names.find(tx, Name(scope, alias=alias(service)))


def create(tx: Transaction, scope: Scope, service: str, material: Material, key_id: str) -> Key:
    """The service's key; the one that is there already, if it is."""
    known = find(tx, scope, service)
    if known is not None:
        return known
    key = Key(
        id=key_id, account=scope.account, region=scope.region, created=tx.now, spec=specs.SYMMETRIC,
        usage=specs.ENCRYPT, policy=policies.of_aws_managed(scope, service), manager="AWS", service=service,
        description=f"Default key that protects my {_guarded(service)} when no other key is defined",
    )  # fmt: skip
    lifecycle.create(tx, key, material)
    aliases.point(tx, key, alias(service))
    rotations.begin_yearly(tx, key)
    return keys.existing(tx, scope, key.id)


def _guarded(service: str) -> str:
    return {"s3": "S3 objects", "ebs": "EBS volumes", "rds": "RDS database volumes"}.get(
        service, f"{service.upper()} data"
    )


def refuse(key: Key) -> None:
    """For what customers may not do to a key that AWS manages. Raises NotAuthorizedException."""
    if key.manager == "AWS":
        raise NotAuthorizedException(f"{key.arn} is an AWS managed key, which only its service can change.")
