"""Trails: which events go where. A trail lives in its home Region; one of all Regions is seen from each of them.

Source: CloudTrail API Reference, CreateTrail; User Guide, naming requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.audit import readers
from cumulet.kernel.audit.readers import Reader
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import selectors
from cumulet.services.cloudtrail.errors import (
    CloudTrailARNInvalidException,
    InvalidCloudWatchLogsLogGroupArnException,
    InvalidCloudWatchLogsRoleArnException,
    InvalidHomeRegionException,
    InvalidKmsKeyIdException,
    InvalidS3BucketNameException,
    InvalidS3PrefixException,
    InvalidSnsTopicNameException,
    InvalidTrailNameException,
    MaximumNumberOfTrailsExceededException,
    TrailAlreadyExistsException,
    TrailNotFoundException,
)

DELIVER, DIGEST = "cloudtrail.deliver", "cloudtrail.digest"
DETECT = "cloudtrail.detect"
_MOST_IN_REGION = 5
_AGAIN = timedelta(minutes=5)
_LONGEST_PREFIX = 200
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ARN = re.compile(r"arn:(aws[a-z-]*):cloudtrail:([a-z0-9-]+):([0-9]{12}):trail/(.+)")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/.+|alias/.+|(mrk-)?[0-9a-f-]{32,36}")
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[^:*]+(:\*)?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
_TOPIC = re.compile(r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:)?[A-Za-z0-9_-]{1,256}(\.fifo)?")


class Trail(Record):
    """What is set; how it goes is in its Status."""

    scope: Scope
    """Its account and home Region."""
    name: str
    bucket: str
    created: datetime
    prefix: str = ""
    topic: str = ""
    global_events: bool = True
    multi_region: bool = False
    validation: bool = False
    log_group: str = ""
    log_role: str = ""
    kms_key: str = ""
    organization: str = ""
    """The organization's id, of a trail for all its accounts."""
    recursive: bool = False
    basic: tuple[dict[str, Any], ...] = selectors.DEFAULT  # type: ignore[assignment]
    advanced: tuple[dict[str, Any], ...] = ()
    insights: tuple[dict[str, Any], ...] = ()
    configuration: dict[str, Any] = {}  # noqa: RUF012 - records are frozen
    """What PutEventConfiguration set."""

    @property
    def arn(self) -> str:
        return self.scope.arn("cloudtrail", f"trail/{self.name}")

    @property
    def has_custom_selectors(self) -> bool:
        return bool(self.advanced) or self.basic != selectors.DEFAULT

    def key(self, kind: str, *rest: Any) -> Key:
        return self.scope.key("cloudtrail", kind, self.name, *rest)

    def folder(self, account: str, kind: str) -> str:
        """Where its files of an account lie; `kind` is CloudTrail or CloudTrail-Digest."""
        parts = (self.prefix, "AWSLogs", self.organization, account, kind)
        return "/".join(part for part in parts if part) + "/"

    def path(self, account: str, kind: str, region: str, day: datetime) -> str:
        return f"{self.folder(account, kind)}{region}/{day:%Y/%m/%d}/"


class Status(Record):
    """How a trail goes."""

    logging: bool = False
    started: datetime | None = None
    stopped: datetime | None = None
    attempted: datetime | None = None
    delivered: datetime | None = None
    failure: str = ""
    notified: datetime | None = None
    notification_attempted: datetime | None = None
    notification_failure: str = ""
    digested: datetime | None = None
    digest_failure: str = ""


def check_name(name: str) -> None:
    """Raises InvalidTrailNameException."""
    if len(name) < 3:
        raise InvalidTrailNameException(
            "Trail name too short. Minimum allowed length: 3 characters. "
            f"Specified name length: {len(name)} characters."
        )
    if len(name) > 128:
        raise InvalidTrailNameException(
            "Trail name too long. Maximum allowed length: 128 characters. "
            f"Specified name length: {len(name)} characters."
        )
    if not name[0].isalnum():
        raise InvalidTrailNameException("Trail name must starts with a letter or number.")
    if not name[-1].isalnum():
        raise InvalidTrailNameException("Trail name must ends with a letter or number.")
    if not _NAME.fullmatch(name):
        raise InvalidTrailNameException(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )


def check(trail: Trail) -> None:
    """Hold what is set to the rules. Raises the errors of CreateTrail."""
    if not _BUCKET.fullmatch(trail.bucket):
        raise InvalidS3BucketNameException(f"Bucket name {trail.bucket[:100]} is not valid.")
    if len(trail.prefix) > _LONGEST_PREFIX:
        raise InvalidS3PrefixException(f"The S3 prefix can have at most {_LONGEST_PREFIX} characters.")
    if trail.topic and not _TOPIC.fullmatch(trail.topic):
        raise InvalidSnsTopicNameException("SNS Topic does not exist or the topic policy is incorrect!")
    if trail.kms_key and not _KEY.fullmatch(trail.kms_key):
        raise InvalidKmsKeyIdException(f"Invalid KMS key ID: {trail.kms_key[:200]}")
    if trail.log_group and not _LOG_GROUP.fullmatch(trail.log_group):
        raise InvalidCloudWatchLogsLogGroupArnException("CloudTrail cannot validate the specified log group ARN.")
    if trail.log_group and not _ROLE.fullmatch(trail.log_role):
        raise InvalidCloudWatchLogsRoleArnException("CloudTrail cannot validate the specified role ARN.")
    if trail.log_role and not trail.log_group:
        raise InvalidCloudWatchLogsLogGroupArnException("A role is of use only together with a log group.")


def create(tx: Transaction, trail: Trail) -> None:
    """Raises TrailAlreadyExistsException, MaximumNumberOfTrailsExceededException."""
    check_absent(tx, trail)
    put(tx, trail)
    tx.put(trail.key("status"), Status())


def check_absent(tx: ReadTransaction, trail: Trail) -> None:
    scope = trail.scope
    if _seen(tx, scope, trail.name) is not None:
        raise TrailAlreadyExistsException(f"Trail {trail.name} already exists for customer: {scope.account}")
    if len(list(tx.range(("cloudtrail", scope.account, "trails", scope.region)))) >= _MOST_IN_REGION:
        raise MaximumNumberOfTrailsExceededException(
            f"User: {scope.account} already has {_MOST_IN_REGION} trails in {scope.region}."
        )


def put(tx: Transaction, trail: Trail) -> None:
    """Keep a trail, and have it hear of what it delivers."""
    tx.put(_place(trail.scope, trail.name), trail)
    _listen(tx, trail, status(tx, trail))


def delete(tx: Transaction, trail: Trail) -> None:
    readers.remove(tx, trail.scope.account, _reader_name(trail))
    tx.unschedule(DELIVER, _job_key(trail))
    tx.unschedule(DIGEST, _job_key(trail))
    tx.delete(_place(trail.scope, trail.name))
    for kind in ("status", "position", "undigested", "digest", "insights"):
        tx.delete_range(trail.key(kind))


def status(tx: ReadTransaction, trail: Trail) -> Status:
    found: Status | None = tx.get(trail.key("status"))
    return found or Status()


def note(tx: Transaction, trail: Trail, **changes: Any) -> None:
    """Remember how it went."""
    if kept(tx, trail.scope, trail.name) is not None:
        tx.put(trail.key("status"), replace(status(tx, trail), **changes))


def start(tx: Transaction, trail: Trail) -> None:
    now = status(tx, trail)
    if now.logging:
        return
    new = replace(now, logging=True, started=tx.now, stopped=None)
    tx.put(trail.key("status"), new)
    _listen(tx, trail, new)


def stop(tx: Transaction, trail: Trail) -> None:
    """What was recorded so far is still delivered."""
    now = status(tx, trail)
    if not now.logging:
        return
    new = replace(now, logging=False, stopped=tx.now)
    tx.put(trail.key("status"), new)
    _listen(tx, trail, new)
    tx.schedule(tx.now, DELIVER, {"Name": trail.name}, scope=trail.scope, key=_job_key(trail))


def deliver_again(tx: Transaction, trail: Trail) -> None:
    """There is more to deliver than one run did."""
    readers.call_at(tx, _reader(trail), tx.now + _AGAIN)


def _listen(tx: Transaction, trail: Trail, now: Status) -> None:
    if now.logging:
        readers.set_reader(tx, _reader(trail))
    else:
        readers.remove(tx, trail.scope.account, _reader_name(trail))
    if not (now.logging and trail.validation):
        tx.unschedule(DIGEST, _job_key(trail))


def _reader(trail: Trail) -> Reader:
    return Reader(
        name=_reader_name(trail), handler=DELIVER, scope=trail.scope, payload={"Name": trail.name},
        data=selectors.data_services(trail.basic, trail.advanced), organization=bool(trail.organization),
        rates=DETECT if trail.insights else "",
    )  # fmt: skip


def _reader_name(trail: Trail) -> str:
    return f"trail {trail.scope.region} {trail.name}"


def _job_key(trail: Trail) -> str:
    """As readers.call has it."""
    return f"{trail.scope.account} {_reader_name(trail)}"


def schedule_digest(tx: Transaction, trail: Trail, at: datetime) -> None:
    tx.schedule(at, DIGEST, {"Name": trail.name}, scope=trail.scope, key=_job_key(trail))


def kept(tx: ReadTransaction, scope: Scope, name: str) -> Trail | None:
    """The trail with its home in this scope."""
    found: Trail | None = tx.get(_place(scope, name))
    return found


def _place(scope: Scope, name: str) -> Key:
    return ("cloudtrail", scope.account, "trails", scope.region, name)


def find(tx: ReadTransaction, scope: Scope, name: str) -> Trail:
    """The trail of this name or ARN, as seen from `scope`. Raises TrailNotFoundException and others."""
    if name.startswith("arn:"):
        home, short = _parse(name)
        trail = kept(tx, home, short) if home.account == scope.account else None
        if trail is None:
            raise TrailNotFoundException.of(name[:512], scope.account)
        return trail
    check_name(name)
    trail = _seen(tx, scope, name)
    if trail is None:
        raise TrailNotFoundException.of(scope.arn("cloudtrail", f"trail/{name}"), scope.account)
    return trail


def at_home(tx: ReadTransaction, scope: Scope, name: str) -> Trail:
    """As `find`, to change it. Raises InvalidHomeRegionException in another Region."""
    trail = find(tx, scope, name)
    if trail.scope.region != scope.region:
        raise InvalidHomeRegionException(
            f"Trail {trail.arn} can only be modified in its home region: {trail.scope.region}."
        )
    return trail


def listed(tx: ReadTransaction, account: str) -> Iterator[Trail]:
    """All trails of an account."""
    yield from tx.range(("cloudtrail", account, "trails"))


def seen(tx: ReadTransaction, scope: Scope, *, shadows: bool = True) -> list[Trail]:
    """The trails with their home in a Region, and those of all Regions."""
    return [
        trail
        for trail in listed(tx, scope.account)
        if trail.scope.region == scope.region or (shadows and trail.multi_region)
    ]


def _seen(tx: ReadTransaction, scope: Scope, name: str) -> Trail | None:
    here = kept(tx, scope, name)
    return here or next((trail for trail in seen(tx, scope) if trail.name == name), None)


def _parse(arn: str) -> tuple[Scope, str]:
    found = _ARN.fullmatch(arn)
    if found is None:
        raise CloudTrailARNInvalidException(f"Trail ARN {arn[:512]} is not valid.")
    check_name(found[4])
    return Scope(account=found[3], region=found[2]), found[4]


def delivers_as(trail: Trail) -> Caller:
    """Who puts the files of a trail."""
    return cloudtrail(trail.scope, trail.arn)


def cloudtrail(scope: Scope, arn: str) -> Caller:
    """CloudTrail, as it calls other services for the sake of something of an account."""
    return Caller(
        kind=Kind.SERVICE, account=scope.account, arn="cloudtrail.amazonaws.com", source_arn=arn,
        source_account=scope.account,
    )  # fmt: skip


def topic_arn(trail: Trail) -> str:
    return trail.topic if trail.topic.startswith("arn:") else trail.scope.arn("sns", trail.topic)


def as_wire(trail: Trail) -> Mapping[str, Any]:
    """What CreateTrail answers, and what DescribeTrails tells beside more."""
    told: dict[str, Any] = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validation,
        "IsOrganizationTrail": bool(trail.organization),
    }
    if trail.prefix:
        told["S3KeyPrefix"] = trail.prefix
    if trail.topic:
        told |= {"SnsTopicName": trail.topic.rpartition(":")[2], "SnsTopicARN": topic_arn(trail)}
    if trail.log_group:
        told |= {"CloudWatchLogsLogGroupArn": trail.log_group, "CloudWatchLogsRoleArn": trail.log_role}
    if trail.kms_key:
        told["KmsKeyId"] = trail.kms_key
    if trail.recursive:
        told["RecursiveLogging"] = True
    return told


def described(trail: Trail) -> Mapping[str, Any]:
    return {
        **as_wire(trail),
        "HomeRegion": trail.scope.region,
        "HasCustomEventSelectors": trail.has_custom_selectors,
        "HasInsightSelectors": bool(trail.insights),
    }
