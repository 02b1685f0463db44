"""The condition keys of a call: what policies may ask about the caller, the request, and the resource.

A key is worked out when a policy asks for it, since most policies ask for none.
Source: IAM User Guide, AWS global condition context keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cumulet.kernel.access import Need, Value
from cumulet.kernel.identity import Caller, Kind

if TYPE_CHECKING:
    from cumulet.kernel.authority import Membership
    from cumulet.kernel.service import RequestInfo

_PRINCIPAL_TAG = "aws:principaltag/"
_RESOURCE_TAG = ":resourcetag/"
_TYPES = {Kind.ROOT: "Account", Kind.USER: "User", Kind.ROLE: "AssumedRole", Kind.FEDERATED: "FederatedUser"}


class Context:
    """Asked for a key in lower case, tells its value, its values, or None where the call has no such key."""

    __slots__ = ("_organization_of", "account", "caller", "need", "now", "region", "request", "tags")

    def __init__(
        self,
        caller: Caller,
        request: RequestInfo,
        now: datetime,
        region: str,
        account: str,
        need: Need,
        tags: Mapping[str, str],
        organization_of: Callable[[str], Membership | None],
    ) -> None:
        self.caller = caller
        self.request = request
        self.now = now
        self.region = region
        self.account = account
        """Whose the resource is."""
        self.need = need
        self.tags = tags
        """The tags of the caller, those of its session among them; names in lower case."""
        self._organization_of = organization_of

    def get(self, key: str) -> Value | None:
        found = self.need.context.get(key)
        if found is not None:
            return found
        tell = _KEYS.get(key)
        if tell is not None:
            return tell(self)
        if key.startswith(_PRINCIPAL_TAG):
            return self.tags.get(key[len(_PRINCIPAL_TAG) :])
        if _RESOURCE_TAG in key:
            return self._resource_tag(key)
        session = self.caller.session
        return session.context.get(key) if session is not None else None

    def _resource_tag(self, key: str) -> Value | None:
        """Of aws:ResourceTag/NAME, and of the older form that some services have (ec2:ResourceTag/NAME)."""
        service, _, wanted = key.partition(_RESOURCE_TAG)
        if self.need.tags is None or service not in ("aws", self.need.action.partition(":")[0].lower()):
            return None
        return next((value for name, value in self.need.tags().items() if name.lower() == wanted), None)

    def organization(self, account: str) -> Membership | None:
        return self._organization_of(account) if account else None


def _principal_arn(call: Context) -> Value | None:
    return None if call.caller.kind is Kind.SERVICE else call.caller.identity_arn or None


def _principal_type(call: Context) -> Value | None:
    return "Anonymous" if call.caller.kind is Kind.ANONYMOUS else _TYPES.get(call.caller.kind)


def _principal_account(call: Context) -> Value | None:
    return None if call.caller.kind is Kind.SERVICE else call.caller.account or None


def _user_name(call: Context) -> Value | None:
    return call.caller.arn.rpartition("/")[2] if call.caller.kind is Kind.USER else None


def _user_id(call: Context) -> Value | None:
    return call.caller.id or (call.caller.account if call.caller.kind is Kind.ROOT else None)


def _service_name(call: Context) -> Value | None:
    return call.caller.arn if call.caller.kind is Kind.SERVICE else None


def _service_names(call: Context) -> Value | None:
    return [call.caller.arn] if call.caller.kind is Kind.SERVICE else None


def _source_ip(call: Context) -> Value | None:
    """Absent where a service calls for somebody: the address would be the service's."""
    return None if call.caller.via or call.caller.kind is Kind.SERVICE else call.request.source_ip


def _token_issued(call: Context) -> Value | None:
    return _written(call.caller.session.issued) if call.caller.session is not None else None


def _mfa_present(call: Context) -> Value | None:
    """Only temporary credentials have the key; long-term ones have none, which is not the same as "false"."""
    session = call.caller.session
    return None if session is None else _truth(session.mfa is not None)


def _mfa_age(call: Context) -> Value | None:
    session = call.caller.session
    return None if session is None or session.mfa is None else str(int((call.now - session.mfa).total_seconds()))


def _source_identity(call: Context) -> Value | None:
    return (call.caller.session.source_identity or None) if call.caller.session is not None else None


def _provider(call: Context) -> Value | None:
    return (call.caller.session.provider or None) if call.caller.session is not None else None


def _called_via(call: Context) -> Value | None:
    return list(call.caller.via) or None


def _via_first(call: Context) -> Value | None:
    return call.caller.via[0] if call.caller.via else None


def _via_last(call: Context) -> Value | None:
    return call.caller.via[-1] if call.caller.via else None


def _organization_id(account: Callable[[Context], str]) -> Callable[[Context], Value | None]:
    def tell(call: Context) -> Value | None:
        membership = call.organization(account(call))
        return membership.organization if membership is not None else None

    return tell


def _organization_paths(account: Callable[[Context], str]) -> Callable[[Context], Value | None]:
    def tell(call: Context) -> Value | None:
        membership = call.organization(account(call))
        return [membership.path] if membership is not None else None

    return tell


def _of_caller(call: Context) -> str:
    return "" if call.caller.kind is Kind.SERVICE else call.caller.account


def _of_resource(call: Context) -> str:
    return call.account


def _of_source(call: Context) -> str:
    return call.caller.source_account


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _truth(value: bool) -> str:
    return "true" if value else "false"


_KEYS: Mapping[str, Callable[[Context], Value | None]] = {
    "aws:calledvia": _called_via,
    "aws:calledviafirst": _via_first,
    "aws:calledvialast": _via_last,
    "aws:currenttime": lambda call: _written(call.now),
    "aws:epochtime": lambda call: str(int(call.now.timestamp())),
    "aws:federatedprovider": _provider,
    "aws:multifactorauthage": _mfa_age,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:principalaccount": _principal_account,
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda call: _truth(call.caller.kind is Kind.SERVICE),
    "aws:principalorgid": _organization_id(_of_caller),
    "aws:principalorgpaths": _organization_paths(_of_caller),
    "aws:principalservicename": _service_name,
    "aws:principalservicenameslist": _service_names,
    "aws:principaltype": _principal_type,
    "aws:referer": lambda call: call.request.headers.get("referer"),
    "aws:requestedregion": lambda call: call.region or None,
    "aws:resourceaccount": lambda call: call.account or None,
    "aws:resourceorgid": _organization_id(_of_resource),
    "aws:resourceorgpaths": _organization_paths(_of_resource),
    "aws:securetransport": lambda call: _truth(call.request.secure),
    "aws:sourceaccount": lambda call: call.caller.source_account or None,
    "aws:sourcearn": lambda call: call.caller.source_arn or None,
    "aws:sourceidentity": _source_identity,
    "aws:sourceip": _source_ip,
    "aws:sourceorgid": _organization_id(_of_source),
    "aws:sourceorgpaths": _organization_paths(_of_source),
    "aws:tokenissuetime": _token_issued,
    "aws:useragent": lambda call: call.request.user_agent or None,
    "aws:userid": _user_id,
    "aws:username": _user_name,
    "aws:viaawsservice": lambda call: _truth(bool(call.caller.via)),
}
