"""MFA devices: programs and tokens that show a code of six digits, another one every 30 seconds (RFC 6238).

A virtual device is made here, and its seed told once. A hardware token has its seed from its maker, who tells it to
those who are to know it: whoever runs the cloud registers the token with it (`register`), since a code can be checked
by nobody who does not know the seed. Both then belong to a user by EnableMFADevice.

A code lets somebody in once: a device remembers the latest period whose code it was used with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cumulet.kernel import identity, totp
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.credential_errors import InvalidAuthenticationCode
from cumulet.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
)
from cumulet.services.iam.owners import Owner

MOST_OF_ONE = 8
_SEED_CHARACTERS = 64
_ROOT_DEVICE = "root-account-mfa-device"
_NEAR_PERIODS = 5
"""How far a device's clock may be off when it is enabled: two codes are two periods, and typing takes time."""
_FAR_PERIODS = 2880
"""... and when it is resynchronised: a day, either way."""
_DRIFT_PERIODS = 2
_NO_PERIOD = -1


class Device(Record):
    """`serial` is an ARN for virtual devices, and what is printed on the others. `seed` is in base32."""

    serial: str
    seed: str
    created: datetime
    virtual: bool = True
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    owner: str = ""
    """The unique id of whose it is; empty while nobody enabled it."""
    enabled: datetime | None = None
    drift: int = 0
    """By how many periods the device's clock is ahead."""
    used_period: int = _NO_PERIOD
    """The latest period whose code was used."""


def create_virtual(tx: Transaction, account: str, path: str, name: str, tags: Mapping[str, str]) -> Device:
    """A new device, of nobody yet. Raises EntityAlreadyExists."""
    serial = f"arn:aws:iam::{account}:mfa{path}{name}"
    if serial == _root_serial(account):
        raise InvalidInput(f"The name {name} is kept for the device of the account's root.")
    if find(tx, account, serial) is not None:
        raise EntityAlreadyExists("MFADevice entity at the same path and name already exists.")
    device = Device(serial=serial, seed=tx.ids.base32(_SEED_CHARACTERS), created=tx.now, tags=dict(tags))
    tx.put(_key(account, serial), device)
    return device


def register(tx: Transaction, account: str, serial: str, seed: str) -> Device:
    """Make a hardware token known by the serial number printed on it. Raises EntityAlreadyExists or InvalidInput."""
    if find(tx, account, serial) is not None:
        raise EntityAlreadyExists(f"The MFA device {serial} is registered already.")
    if not totp.is_seed(seed):
        raise InvalidInput("The seed of a device is base32 of at least 16 bytes.")
    device = Device(serial=serial, seed=seed, created=tx.now, virtual=False)
    tx.put(_key(account, serial), device)
    return device


def find(tx: ReadTransaction, account: str, serial: str) -> Device | None:
    if serial == _root_serial(account):
        return _roots(tx, account)
    found: Device | None = tx.get(_key(account, serial))
    return found


def get(tx: ReadTransaction, account: str, serial: str) -> Device:
    """Raises NoSuchEntity."""
    device = find(tx, account, serial)
    if device is None:
        kind = "VirtualMFADevice" if serial.startswith("arn:") else "MFADevice"
        raise NoSuchEntity(f"{kind} with serial number {serial} does not exist.")
    return device


def of(tx: ReadTransaction, owner: Owner) -> list[Device]:
    """The devices that somebody has to show a code of, by serial number."""
    serials = list(tx.range(_owned(owner)))
    if owner.user is None and identity.root_mfa(tx, owner.account) is not None:
        serials.append(_root_serial(owner.account))
    return [get(tx, owner.account, serial) for serial in serials]


def owned(tx: ReadTransaction, owner: Owner, serial: str) -> Device:
    """Raises NoSuchEntity for a device of somebody else."""
    device = find(tx, owner.account, serial)
    if device is None or device.owner != owner.id:
        raise NoSuchEntity("MFA Device invalid for user.")
    return device


def virtual(tx: ReadTransaction, account: str) -> list[Device]:
    """All virtual devices of the account, the root's among them."""
    return [device for device in all_of(tx, account) if device.virtual]


def all_of(tx: ReadTransaction, account: str) -> list[Device]:
    roots = _roots(tx, account)
    return [*tx.range(("iam", account, "mfa")), *([] if roots is None else [roots])]


def enable(tx: Transaction, owner: Owner, serial: str, first: str, second: str) -> None:
    """Let a device vouch for its owner, once two of its codes, one after the other, prove that he has it.

    Raises NoSuchEntity, EntityAlreadyExists, LimitExceeded or InvalidAuthenticationCode."""
    device = get(tx, owner.account, serial)
    if device.owner:
        raise EntityAlreadyExists(f"MFA device {serial} is already enabled.")
    if len(of(tx, owner)) >= MOST_OF_ONE:
        raise LimitExceeded(f"Cannot exceed quota for MFADevicesPerUser: {MOST_OF_ONE}")
    device = _synchronised(tx, device, first, second, _NEAR_PERIODS)
    _put(tx, owner.account, replace(device, owner=owner.id, enabled=tx.now))
    tx.put((*_owned(owner), serial), serial)


def resync(tx: Transaction, owner: Owner, serial: str, first: str, second: str) -> None:
    """Follow a device whose clock went wrong. Raises NoSuchEntity or InvalidAuthenticationCode."""
    device = owned(tx, owner, serial)
    _put(tx, owner.account, _synchronised(tx, device, first, second, _FAR_PERIODS))


def deactivate(tx: Transaction, owner: Owner, serial: str) -> None:
    """Take a device from its owner. It stays, for somebody to enable again."""
    device = owned(tx, owner, serial)
    if serial == _root_serial(owner.account):
        identity.disable_root_mfa(tx, owner.account)
        tx.delete(_root_state(owner.account))
        return
    _put(tx, owner.account, replace(device, owner="", enabled=None, drift=0))
    tx.delete((*_owned(owner), serial))


def delete_virtual(tx: Transaction, account: str, serial: str) -> None:
    """Raises NoSuchEntity, or DeleteConflict while it is somebody's."""
    device = get(tx, account, serial)
    if not device.virtual:
        raise NoSuchEntity(f"VirtualMFADevice with serial number {serial} does not exist.")
    if device.owner:
        raise DeleteConflict("MFA VirtualDevice in use. Must deactivate first.")
    tx.delete(_key(account, serial))


def set_tags(tx: Transaction, account: str, serial: str, tags: Mapping[str, str]) -> None:
    _put(tx, account, replace(get(tx, account, serial), tags=dict(tags)))


def use_code(tx: Transaction, owner: Owner, serial: str, code: str) -> bool:
    """Whether `code` is one that the owner's device shows about now and nobody has used yet. It is used by this."""
    device = find(tx, owner.account, serial)
    if device is None or device.owner != owner.id:
        return False
    period = totp.period(tx.now) + device.drift
    shown = totp.match(device.seed, code, range(period - _DRIFT_PERIODS, period + _DRIFT_PERIODS + 1))
    if shown is None or shown <= device.used_period:
        return False
    _put(tx, owner.account, replace(device, used_period=shown))
    return True


def use_any_code(tx: Transaction, owner: Owner, code: str) -> str | None:
    """The serial number of the owner's device that shows this code; None if none does, or not for the first time."""
    return next((device.serial for device in of(tx, owner) if use_code(tx, owner, device.serial, code)), None)


def forget(tx: Transaction, owner: Owner) -> None:
    for device in of(tx, owner):
        deactivate(tx, owner, device.serial)


def _synchronised(tx: ReadTransaction, device: Device, first: str, second: str, off: int) -> Device:
    """The device with the drift that two codes in a row prove. Raises InvalidAuthenticationCode."""
    period = totp.period(tx.now)
    unused = range(max(period - off, device.used_period + 1), period + off)
    for at in unused:
        if totp.match(device.seed, first, (at,)) is not None and totp.match(device.seed, second, (at + 1,)) is not None:
            return replace(device, drift=at + 1 - period, used_period=at + 1)
    raise InvalidAuthenticationCode


def _roots(tx: ReadTransaction, account: str) -> Device | None:
    """The root's device, which the kernel keeps; what it was used for is kept here."""
    device = identity.root_mfa(tx, account)
    if device is None:
        return None
    kept: Device | None = tx.get(_root_state(account))
    if kept is not None and kept.seed == device.seed:
        return kept
    since = device.created or tx.now
    return Device(serial=device.serial, seed=device.seed, created=since, owner=account, enabled=since)


def _put(tx: Transaction, account: str, device: Device) -> None:
    is_roots = device.serial == _root_serial(account)
    tx.put(_root_state(account) if is_roots else _key(account, device.serial), device)


def _root_serial(account: str) -> str:
    return f"arn:aws:iam::{account}:mfa/{_ROOT_DEVICE}"


def _key(account: str, serial: str) -> Key:
    return ("iam", account, "mfa", serial)


def _owned(owner: Owner) -> Key:
    return ("iam", owner.account, "mfa-of", owner.id)


def _root_state(account: str) -> Key:
    return ("iam", account, "root-mfa")
