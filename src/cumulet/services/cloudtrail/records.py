"""Records: an entry of the audit record as CloudTrail tells it, in log files and in LookupEvents.

Source: CloudTrail User Guide, "CloudTrail record contents", "CloudTrail userIdentity element"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cumulet.kernel.audit import operations
from cumulet.kernel.audit.entries import Entry
from cumulet.kernel.identity import Caller, Kind, Session
from cumulet.kernel.ids import host_id
from cumulet.services.cloudtrail import resources

VERSION = "1.11"
_ANONYMOUS = "ANONYMOUS_PRINCIPAL"


def record(entry: Entry) -> dict[str, Any]:
    """The event as log files have it."""
    told: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": _identity(entry),
        "eventTime": stamp(entry.time),
        "eventSource": operations.source(entry.service),
        "eventName": entry.operation,
        "awsRegion": entry.region,
        "sourceIPAddress": _through(entry) or entry.source_ip,
        "userAgent": _through(entry) or entry.user_agent,
    }
    if entry.error:
        told |= {"errorCode": entry.error, "errorMessage": entry.message}
    told |= {"requestParameters": _parameters(entry), "responseElements": entry.response}
    if additional := _additional(entry):
        told["additionalEventData"] = additional
    if entry.request_id:
        told["requestID"] = entry.request_id
    told |= {"eventID": entry.id, "readOnly": entry.read_only}
    if touched := resources.touched(entry):
        told["resources"] = touched
    told |= {"eventType": entry.kind, "managementEvent": not entry.data, "recipientAccountId": entry.account}
    if entry.shared:
        told["sharedEventID"] = entry.shared
    told["eventCategory"] = "Data" if entry.data else "Management"
    if entry.secure:
        told["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": entry.host,
        }
    return told


def stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """The instant of an eventTime. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _through(entry: Entry) -> str:
    """The service that called, if one did: it stands for the address and the agent too."""
    if entry.caller.kind is Kind.SERVICE:
        return entry.caller.arn
    return entry.caller.via[-1] if entry.caller.via else ""


def _identity(entry: Entry) -> dict[str, Any]:
    caller = entry.caller
    if caller.kind is Kind.SERVICE:
        return {"type": "AWSService", "invokedBy": caller.arn}
    if caller.kind is Kind.ANONYMOUS:
        return _federated_stranger(entry) or {"type": "AWSAccount", "principalId": "", "accountId": _ANONYMOUS}
    if entry.account != caller.account:  # the owner of a resource learns less of strangers
        return {"type": "AWSAccount", "principalId": caller.id, "accountId": caller.account}
    told: dict[str, Any] = {
        "type": _TYPES[caller.kind],
        "principalId": caller.id or caller.account,
        "arn": caller.arn,
        "accountId": caller.account,
    }
    if caller.access_key:
        told["accessKeyId"] = caller.access_key
    if caller.kind is Kind.USER:
        told["userName"] = caller.arn.rpartition("/")[2]
    if caller.session is not None:
        told["sessionContext"] = _session(caller, caller.session)
    if caller.via:
        told["invokedBy"] = caller.via[-1]
    return told


_TYPES = {Kind.ROOT: "Root", Kind.USER: "IAMUser", Kind.ROLE: "AssumedRole", Kind.FEDERATED: "FederatedUser"}


def _session(caller: Caller, session: Session) -> dict[str, Any]:
    told: dict[str, Any] = {}
    issuer = caller.principal
    if caller.kind in (Kind.ROLE, Kind.FEDERATED) and issuer:
        told["sessionIssuer"] = {
            "type": "Role" if caller.kind is Kind.ROLE else "Root" if issuer.endswith(":root") else "IAMUser",
            "principalId": caller.id.partition(":")[0],
            "arn": issuer,
            "accountId": caller.account,
            "userName": issuer.rpartition("/")[2],
        }
    if session.provider:
        told["webIdFederationData"] = {"federatedProvider": session.provider, "attributes": session.context}
    told["attributes"] = {
        "creationDate": stamp(session.issued),
        "mfaAuthenticated": "true" if session.mfa is not None else "false",
    }
    if session.source_identity:
        told["sourceIdentity"] = session.source_identity
    return told


def _federated_stranger(entry: Entry) -> dict[str, Any] | None:
    """Who comes with a token of somebody else's instead of credentials; the answer says who that is."""
    answer = entry.response if isinstance(entry.response, dict) else {}
    if entry.operation == "AssumeRoleWithWebIdentity":
        subject, audience = str(answer.get("subjectFromWebIdentityToken", "")), str(answer.get("audience", ""))
        provider = str(answer.get("provider", ""))
        return {
            "type": "WebIdentityUser",
            "principalId": ":".join((provider, audience, subject)),
            "userName": subject,
            "identityProvider": provider,
        }
    if entry.operation == "AssumeRoleWithSAML":
        qualifier, subject = str(answer.get("nameQualifier", "")), str(answer.get("subject", ""))
        return {
            "type": "SAMLUser",
            "principalId": f"{qualifier}:{subject}",
            "userName": subject,
            "identityProvider": qualifier,
        }
    return None


def _parameters(entry: Entry) -> Any:
    if entry.service in ("s3", "s3control") and entry.host and isinstance(entry.parameters, dict):
        return {**entry.parameters, "Host": entry.host}
    return entry.parameters


def _additional(entry: Entry) -> Any:
    told = dict(entry.additional or {})
    if entry.service == "s3" and entry.source_ip and entry.kind == "AwsApiCall":
        told |= {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"} if entry.caller.access_key else {}
        told["x-amz-id-2"] = host_id(entry.request_id)
    return told
