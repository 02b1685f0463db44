"""The operations about MFA devices."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import aliases, mfa, owners, pages, paths, tags
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.api.tagged import Tagged, member
from cumulet.services.iam.errors import NoSuchEntity
from cumulet.services.iam.mfa import Device
from cumulet.services.iam.owners import Owner

_ISSUER = "Amazon Web Services"
_PIXELS_A_MODULE = 5


class MfaDevices(Own, Tagged):
    async def create_virtual_mfa_device(
        self, *, VirtualMFADeviceName: str, Path: str | None = None, Tags: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        path = paths.check_path(Path)
        account = self.scope.account
        given = tags.read(Tags)
        device = await self.store.write(mfa.create_virtual, account, path, VirtualMFADeviceName, given)
        alias = await self.store.read(aliases.find, account)
        shown = {
            "SerialNumber": device.serial,
            "Base32StringSeed": device.seed.encode(),
            "QRCodePNG": _qr_code(VirtualMFADeviceName, alias or account, device.seed),
        }
        return {"VirtualMFADevice": shown | member(device.tags)}

    async def enable_mfa_device(
        self, *, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
    ) -> dict[str, Any]:
        await self._owned(UserName, mfa.enable, SerialNumber, AuthenticationCode1, AuthenticationCode2)
        return {}

    async def resync_mfa_device(
        self, *, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
    ) -> dict[str, Any]:
        await self._owned(UserName, mfa.resync, SerialNumber, AuthenticationCode1, AuthenticationCode2)
        return {}

    async def deactivate_mfa_device(self, *, SerialNumber: str, UserName: str | None = None) -> dict[str, Any]:
        await self._owned(UserName, mfa.deactivate, SerialNumber)
        return {}

    async def delete_virtual_mfa_device(self, *, SerialNumber: str) -> dict[str, Any]:
        await self.store.write(mfa.delete_virtual, self.scope.account, SerialNumber)
        return {}

    async def list_mfa_devices(
        self, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        owner, devices = await self._seen(UserName, mfa.of)
        page, more = pages.cut(devices, _serial, Marker, MaxItems)
        shown = [{**owner.named, "SerialNumber": each.serial, "EnableDate": each.enabled} for each in page]
        return {"MFADevices": shown, **more}

    async def get_mfa_device(self, *, SerialNumber: str, UserName: str | None = None) -> dict[str, Any]:
        found = await self.store.read(_enabled, self.scope.account, SerialNumber)
        if found is None or (UserName is not None and found[1].name != UserName):
            raise NoSuchEntity(f"MFADevice with serial number {SerialNumber} does not exist.")
        device, owner = found
        return {**owner.named, "SerialNumber": SerialNumber, "EnableDate": device.enabled}

    async def list_virtual_mfa_devices(
        self, *, AssignmentStatus: str = "Any", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        def listed(tx: ReadTransaction) -> tuple[list[dict[str, Any]], dict[str, Any]]:
            wanted = {"Assigned": (True,), "Unassigned": (False,)}.get(AssignmentStatus, (True, False))
            every = [device for device in mfa.virtual(tx, self.scope.account) if bool(device.owner) in wanted]
            page, more = pages.cut(every, _serial, Marker, MaxItems)
            return [_virtual(tx, self.scope.account, device) for device in page], more

        shown, more = await self.store.read(listed)
        return {"VirtualMFADevices": shown, **more}

    async def tag_mfa_device(self, *, SerialNumber: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        return await self._tag(mfa.get, mfa.set_tags, SerialNumber, Tags)

    async def untag_mfa_device(self, *, SerialNumber: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        return await self._untag(mfa.get, mfa.set_tags, SerialNumber, TagKeys)

    async def list_mfa_device_tags(
        self, *, SerialNumber: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return await self._tags_of(mfa.get, SerialNumber, Marker, MaxItems)


def _enabled(tx: ReadTransaction, account: str, serial: str) -> tuple[Device, Owner] | None:
    device = mfa.find(tx, account, serial)
    return None if device is None or not device.owner else (device, owners.by_id(tx, account, device.owner))


def _virtual(tx: ReadTransaction, account: str, device: Device) -> dict[str, Any]:
    shown: dict[str, Any] = {"SerialNumber": device.serial, **member(device.tags)}
    if not device.owner:
        return shown
    owner = owners.by_id(tx, account, device.owner)
    return shown | {"User": _holder(owner, device), "EnableDate": device.enabled}


def _holder(owner: Owner, device: Device) -> dict[str, Any]:
    if owner.user is None:
        return {"Arn": owner.caller.arn, "UserId": owner.account, "CreateDate": device.enabled}
    user = owner.user
    return {
        "Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn, "CreateDate": user.created,
    }  # fmt: skip


def _serial(device: Device) -> str:
    return device.serial


def _qr_code(name: str, account: str, seed: str) -> bytes:
    """The picture that an authenticator program reads (Key URI format)."""
    import segno  # needed here alone

    label = quote(f"{_ISSUER}:{name}@{account}", safe="@:")
    address = f"otpauth://totp/{label}?secret={seed}&issuer={quote(_ISSUER)}"
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=_PIXELS_A_MODULE)
    return picture.getvalue()
