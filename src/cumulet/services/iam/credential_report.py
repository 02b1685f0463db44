"""The credential report: a table of the root and every user, and how old and how used their credentials are.

Source: IAM User Guide, "Generate credential reports for your AWS account"."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cumulet.kernel import accounts, identity
from cumulet.kernel.identity import AccessKey
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import (
    access_keys,
    mfa,
    owners,
    password_policy,
    passwords,
    sign_in,
    signing_certificates,
    users,
)
from cumulet.services.iam.credential_errors import ReportExpired, ReportInProgress, ReportNotPresent
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.signing_certificates import SigningCertificate

KEPT = timedelta(hours=4)
HANDLER = "iam.make_credential_report"
STARTED, IN_PROGRESS, COMPLETE = "STARTED", "INPROGRESS", "COMPLETE"
_ROOT = "<root_account>"
_NONE, _UNKNOWN, _UNSUPPORTED = "N/A", "no_information", "not_supported"
_KEY_COLUMNS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    *(f"access_key_1_{column}" for column in _KEY_COLUMNS), *(f"access_key_2_{column}" for column in _KEY_COLUMNS),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip


class CredentialReport(Record):
    """`content` is the compressed CSV; empty while the report is being made."""

    asked: datetime
    made: datetime | None = None
    content: bytes = b""

    @property
    def text(self) -> bytes:
        return zlib.decompress(self.content)


def start(tx: Transaction, scope: Scope) -> str:
    """Have a report made, unless the last one is young enough; how far it is."""
    report = _find(tx, scope.account)
    if report is not None and report.made is None:
        return IN_PROGRESS
    if report is not None and report.made is not None and tx.now < report.made + KEPT:
        return COMPLETE
    tx.put(_key(scope.account), CredentialReport(asked=tx.now))
    tx.schedule(tx.now, HANDLER, scope=scope, key=scope.account)
    return STARTED


def make(tx: Transaction, account: str) -> None:
    report = _find(tx, account)
    if report is None:  # a reset came between
        return
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerow(_row(tx, owners.root(account)))
    for user in users.listed(tx, account):
        table.writerow(_row(tx, owners.of(user)))
    content = zlib.compress(text.getvalue().removesuffix("\n").encode())
    tx.put(_key(account), CredentialReport(asked=report.asked, made=tx.now, content=content))


def get(tx: ReadTransaction, account: str) -> CredentialReport:
    """Raises ReportNotPresent, ReportInProgress or ReportExpired."""
    report = _find(tx, account)
    if report is None:
        raise ReportNotPresent
    if report.made is None:
        raise ReportInProgress
    if tx.now >= report.made + KEPT:
        raise ReportExpired
    return report


def _row(tx: ReadTransaction, owner: Owner) -> list[str]:
    created = owner.user.created if owner.user is not None else accounts.find(tx, owner.account).created
    return [
        owner.name or _ROOT,
        owner.caller.arn,
        _instant(created),
        *_password(tx, owner),
        _truth(bool(mfa.of(tx, owner))),
        *_keys(tx, access_keys.listed(tx, owner)),
        *_certificates(signing_certificates.listed(tx, owner)),
    ]


def _password(tx: ReadTransaction, owner: Owner) -> Iterator[str]:
    profile, used = passwords.find(tx, owner), sign_in.last(tx, owner)
    if owner.user is None:
        yield from (_UNSUPPORTED, _instant(used) if used else _UNKNOWN, _UNSUPPORTED, _UNSUPPORTED)
        return
    yield _truth(profile is not None)
    if profile is None:
        yield from (_NONE, _NONE, _NONE)
        return
    yield _instant(used) if used else _UNKNOWN
    yield _instant(profile.changed)
    yield _instant(password_policy.expires(password_policy.find(tx, owner.account), profile.changed))


def _keys(tx: ReadTransaction, keys: Sequence[AccessKey]) -> Iterator[str]:
    for key in keys[: access_keys.MOST]:
        use = identity.last_used(tx, key.id)
        yield from (_truth(key.active), _instant(key.created))
        yield from (_NONE,) * 3 if use is None else (_instant(use.time), use.region, use.service)
    for _ in range(access_keys.MOST - len(keys)):
        yield from ("false", *(_NONE,) * 4)


def _certificates(certificates: Sequence[SigningCertificate]) -> Iterator[str]:
    for certificate in certificates:
        yield from (_truth(certificate.active), _instant(certificate.uploaded))
    for _ in range(signing_certificates.MOST - len(certificates)):
        yield from ("false", _NONE)


def _instant(instant: datetime | None) -> str:
    return _NONE if instant is None else instant.replace(microsecond=0).isoformat()


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _find(tx: ReadTransaction, account: str) -> CredentialReport | None:
    found: CredentialReport | None = tx.get(_key(account))
    return found


def _key(account: str) -> Key:
    return ("iam", account, "credential-report")
