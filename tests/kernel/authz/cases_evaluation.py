"""Which policies have to allow, and which may refuse: AWS's evaluation logic, kind of policy by kind of policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cumulet.kernel.identity import Session
from tests.kernel.authz.language import (
    ANA,
    AWAY,
    AWAY_ROOT,
    AWAY_WORKER,
    BOB,
    FEDERATED,
    FEDERATED_ROOT,
    HOME,
    KEY,
    LINKED,
    QUEUE,
    ROLE_ARN,
    ROOT,
    S3,
    SNS,
    STRANGER,
    WORKER,
    Case,
    allow,
    deny,
    session_of,
    vouched,
)  # fmt: skip

_DENIES = 'IAM User Guide, "The difference between explicit and implicit denies"'
_SINGLE = 'IAM User Guide, "Policy evaluation for requests within a single account"'
_LOGIC = 'IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access"'
_CROSS = 'IAM User Guide, "Cross-account policy evaluation logic"'
_BOUNDARIES = 'IAM User Guide, "Permissions boundaries for IAM entities"'
_SESSIONS = 'IAM User Guide, "Session policies"'
_FEDERATION = 'STS API Reference, "GetFederationToken"'
_SCPS = 'Organizations User Guide, "SCP evaluation"'
_RCPS = 'Organizations User Guide, "RCP evaluation"'
_ENDPOINTS = 'PrivateLink Guide, "Control access to VPC endpoints using endpoint policies"'
_KEYS = 'KMS Developer Guide, "Key policies in AWS KMS"'
_TRUST = 'IAM User Guide, "Roles terms and concepts"'
_PROVIDERS = 'IAM User Guide, "Create a role for OpenID Connect federation"'
_SERVICES = 'IAM User Guide, "The confused deputy problem"'
_ACLS = 'S3 User Guide, "How Amazon S3 authorizes a request"'
_LINKED = 'IAM User Guide, "Create a service-linked role"'
_ROOTS = 'IAM User Guide, "AWS account root user"'

YES, NO = "allowed", "no identity"
_SEND = "sqs:SendMessage"
_TO_ANA, _TO_WORKER = allow(to={"AWS": ANA.arn}), allow(to={"AWS": ROLE_ARN})
_TO_SESSION, _TO_ALL = allow(to={"AWS": WORKER.arn}), allow(to="*")
_TO_HOME, _TO_AWAY = allow(to={"AWS": HOME}), allow(to={"AWS": AWAY})
_OTHER = [allow("s3:*")]

DENIES = [
    Case(_DENIES, "nothing allows", NO),
    Case(_DENIES, "something else is allowed", NO, identity=_OTHER),
    Case(_DENIES, "allowed", YES, identity=[allow(_SEND)]),
    Case(_DENIES, "allowed and denied", "denied by identity", identity=[allow(), deny(_SEND)]),
    Case(_DENIES, "denied first, then allowed", "denied by identity", identity=[deny(_SEND), allow()]),
    Case(_DENIES, "something else is denied", YES, identity=[allow(), deny("sqs:DeleteQueue")]),
    Case(_DENIES, "denied for another resource", YES, identity=[allow(), deny(on=QUEUE + "2")]),
    Case(_DENIES, "only denied", "denied by identity", identity=[deny()]),
    Case(_DENIES, "reports are denied among reads", "denied by identity", action="iam:GetCredentialReport",
         resource="*", identity=[allow(["iam:Get*", "iam:List*"]), deny("iam:*Report")]),
    Case(_DENIES, "reads but reports", YES, action="iam:GetUser", resource="*",
         identity=[allow(["iam:Get*", "iam:List*"]), deny("iam:*Report")]),
    Case(_DENIES, "what is neither read nor report", NO, action="iam:CreatePolicy", resource="*",
         identity=[allow(["iam:Get*", "iam:List*"]), deny("iam:*Report")]),
    Case(_LOGIC, "denied by the resource's policy", "denied by resource", identity=[allow()],
         on_resource=[deny(to={"AWS": ANA.arn})]),
    Case(_LOGIC, "denied by the resource's policy through the account", "denied by resource", identity=[allow()],
         on_resource=[deny(to={"AWS": HOME})]),
    Case(_LOGIC, "the resource's policy denies others", YES, identity=[allow()],
         on_resource=[deny(to={"AWS": BOB.arn})]),
    Case(_LOGIC, "an identity's Deny beats the resource's Allow", "denied by identity", identity=[deny()],
         on_resource=[_TO_ANA]),
    Case(_LOGIC, "a boundary's Deny beats the resource's Allow", "denied by boundary", boundary=[allow(), deny(_SEND)],
         on_resource=[_TO_ANA]),
    Case(_LOGIC, "a session's Deny beats the resource's Allow", "denied by session", caller=WORKER,
         session=[allow(), deny(_SEND)], on_resource=[_TO_SESSION]),
    Case(_LOGIC, "a Deny of the organization beats the resource's Allow", "denied by scp",
         scps=[[allow(), deny(_SEND)]], on_resource=[_TO_ANA]),
]  # fmt: skip

# The table "Resource-based policies and implicit denies in other policy types (same account)"
_LIMITS: dict[str, Any] = {"boundary": _OTHER, "session": _OTHER}
RESOURCES = [
    Case(_SINGLE, "a user, allowed by ARN, not by identity or boundary", YES, boundary=_OTHER, on_resource=[_TO_ANA]),
    Case(_SINGLE, "a user, allowed through the account, not by identity", NO, on_resource=[_TO_HOME]),
    Case(_SINGLE, "a user, allowed through the account and by identity", YES, identity=[allow()],
         on_resource=[_TO_HOME]),
    Case(_SINGLE, "a user, allowed by identity alone", YES, identity=[allow()],
         on_resource=[allow(to="*", on="arn:aws:s3:::x")]),
    Case(_SINGLE, "a role, allowed by the role's ARN", YES, caller=WORKER, on_resource=[_TO_WORKER]),
    Case(_SINGLE, "a role, allowed by the role's ARN, not by the boundary", "no boundary", caller=WORKER,
         boundary=_OTHER, on_resource=[_TO_WORKER]),
    Case(_SINGLE, "a role, allowed by the role's ARN, not by the session", "no session", caller=WORKER, session=_OTHER,
         on_resource=[_TO_WORKER]),
    Case(_SINGLE, "a role, allowed by the role's ARN, boundary and session", YES, caller=WORKER, boundary=[allow()],
         session=[allow()], on_resource=[_TO_WORKER]),
    Case(_SINGLE, "a role, allowed by the session's ARN, by nothing else", YES, caller=WORKER, **_LIMITS,
         on_resource=[_TO_SESSION]),
    Case(_SINGLE, "a role, allowed with everybody, by nothing else", YES, caller=WORKER, **_LIMITS,
         on_resource=[_TO_ALL]),
    Case(_SINGLE, "a role, allowed with everybody of its ARN", YES, caller=WORKER, **_LIMITS,
         context={"aws:PrincipalArn": ROLE_ARN},
         on_resource=[allow(to="*", when={"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}})]),
    Case(_SINGLE, "a federated user, allowed by its ARN, by nothing else", YES, caller=FEDERATED, session=_OTHER,
         on_resource=[allow(to={"AWS": FEDERATED.arn})]),
    Case(_SINGLE, "a federated user, allowed by the user's ARN, not by the session", "no session", caller=FEDERATED,
         session=_OTHER, on_resource=[_TO_ANA]),
    Case(_SINGLE, "a federated user, allowed by the user's ARN and the session", YES, caller=FEDERATED,
         session=[allow()], on_resource=[_TO_ANA]),
    Case(_SINGLE, "a session's ARN with a condition that fails", NO, caller=WORKER,
         on_resource=[allow(to={"AWS": WORKER.arn}, when={"Bool": {"aws:SecureTransport": "true"}})]),
    Case(_SINGLE, "the role by one statement, the session by another", YES, caller=WORKER, **_LIMITS,
         on_resource=[_TO_WORKER, _TO_SESSION]),
    Case(_SINGLE, "the resource's policy speaks of another action", NO,
         on_resource=[allow("sqs:ReceiveMessage", to={"AWS": ANA.arn})]),
]  # fmt: skip

BOUNDARIES = [
    Case(_BOUNDARIES, "identity and boundary", YES, identity=[allow()], boundary=[allow("sqs:*")]),
    Case(_BOUNDARIES, "identity without boundary", "no boundary", identity=[allow()], boundary=_OTHER),
    Case(_BOUNDARIES, "boundary without identity", NO, identity=_OTHER, boundary=[allow()]),
    Case(_BOUNDARIES, "neither", NO, identity=_OTHER, boundary=_OTHER),
    Case(_BOUNDARIES, "a boundary allows nothing by itself", NO, boundary=[allow()]),
    Case(_BOUNDARIES, "a boundary that denies", "denied by boundary", identity=[allow()],
         boundary=[allow(), deny("sqs:*")]),
    Case(_BOUNDARIES, "a boundary for another resource", "no boundary", identity=[allow()],
         boundary=[allow(on=QUEUE + "2")]),
    Case(_BOUNDARIES, "with a session, all three", YES, caller=WORKER, identity=[allow()], boundary=[allow()],
         session=[allow()]),
    Case(_BOUNDARIES, "with a session, the boundary lacks", "no boundary", caller=WORKER, identity=[allow()],
         boundary=_OTHER, session=[allow()]),
    Case(_BOUNDARIES, "with SCPs, all three", YES, identity=[allow()], boundary=[allow()], scps=[[allow()]]),
    Case(_BOUNDARIES, "with SCPs, the boundary lacks", "no boundary", identity=[allow()], boundary=_OTHER,
         scps=[[allow()]]),
]  # fmt: skip

SESSIONS = [
    Case(_SESSIONS, "a role without session policies", YES, caller=WORKER, identity=[allow()]),
    Case(_SESSIONS, "a role and a session policy", YES, caller=WORKER, identity=[allow()], session=[allow("sqs:*")]),
    Case(_SESSIONS, "a session policy that lacks", "no session", caller=WORKER, identity=[allow()], session=_OTHER),
    Case(_SESSIONS, "a session policy gives nothing by itself", NO, caller=WORKER, session=[allow()]),
    Case(_SESSIONS, "a session policy that denies", "denied by session", caller=WORKER, identity=[allow()],
         session=[allow(), deny(_SEND)]),
    Case(_SESSIONS, "several session policies, one allows", YES, caller=WORKER, identity=[allow()],
         session=[allow("s3:*"), allow("sqs:*")]),
    Case(_FEDERATION, "no session policy, no permission", "no session", caller=FEDERATED, identity=[allow()]),
    Case(_FEDERATION, "user and session policy", YES, caller=FEDERATED, identity=[allow()], session=[allow("sqs:*")]),
    Case(_FEDERATION, "the user may not", NO, caller=FEDERATED, identity=_OTHER, session=[allow()]),
    Case(_FEDERATION, "the session policy may not", "no session", caller=FEDERATED, identity=[allow()], session=_OTHER),
    Case(_FEDERATION, "of the root, with a session policy", YES, caller=FEDERATED_ROOT, session=[allow("sqs:*")]),
    Case(_FEDERATION, "of the root, without one", "no session", caller=FEDERATED_ROOT),
    Case(_FEDERATION, "without a session policy, by the resource's", YES, caller=FEDERATED,
         on_resource=[allow(to={"AWS": FEDERATED.arn})]),
]  # fmt: skip

_BOBS: dict[str, Any] = {"caller": BOB, "account": HOME}
CROSS = [
    Case(_CROSS, "both sides", YES, **_BOBS, identity=[allow()], on_resource=[_TO_AWAY]),
    Case(_CROSS, "both sides, by the user's ARN", YES, **_BOBS, identity=[allow()],
         on_resource=[allow(to={"AWS": BOB.arn})]),
    Case(_CROSS, "only the caller's side", "no resource", **_BOBS, identity=[allow()]),
    Case(_CROSS, "only the caller's side, the resource's policy is silent", "no resource", **_BOBS, identity=[allow()],
         on_resource=[_TO_ANA]),
    Case(_CROSS, "only the resource's side", NO, **_BOBS, on_resource=[_TO_AWAY]),
    Case(_CROSS, "only the resource's side, by the user's ARN", NO, **_BOBS, on_resource=[allow(to={"AWS": BOB.arn})]),
    Case(_CROSS, "the caller's side denies", "denied by identity", **_BOBS, identity=[allow(), deny(_SEND)],
         on_resource=[_TO_AWAY]),
    Case(_CROSS, "the resource's side denies", "denied by resource", **_BOBS, identity=[allow()],
         on_resource=[_TO_AWAY, deny(to={"AWS": BOB.arn})]),
    Case(_CROSS, "the caller's boundary lacks", "no boundary", **_BOBS, identity=[allow()], boundary=_OTHER,
         on_resource=[allow(to={"AWS": BOB.arn})]),
    Case(_CROSS, "the caller's organization lacks", "no scp", **_BOBS, identity=[allow()], scps=[_OTHER],
         on_resource=[_TO_AWAY]),
    Case(_CROSS, "a role's session, by its own ARN, needs its identity policy", NO, caller=AWAY_WORKER,
         on_resource=[allow(to={"AWS": AWAY_WORKER.arn})]),
    Case(_CROSS, "a role's session, by its own ARN, both sides", YES, caller=AWAY_WORKER, identity=[allow()],
         on_resource=[allow(to={"AWS": AWAY_WORKER.arn})]),
    Case(_CROSS, "a role's session whose session policy lacks", "no session", caller=AWAY_WORKER, identity=[allow()],
         session=_OTHER, on_resource=[allow(to={"AWS": AWAY_WORKER.arn})]),
    Case(_CROSS, "the other account's root", YES, caller=AWAY_ROOT, on_resource=[_TO_AWAY]),
    Case(_CROSS, "the other account's root, not named", "no resource", caller=AWAY_ROOT, on_resource=[_TO_HOME]),
    Case(_CROSS, "everybody", YES, **_BOBS, identity=[allow()], on_resource=[_TO_ALL]),
]  # fmt: skip

_ALL = [allow()]
SCPS = [
    Case(_SCPS, "every level allows", YES, identity=_ALL, scps=[_ALL, _ALL, _ALL]),
    Case(_SCPS, "the root of the organization lacks", "no scp", identity=_ALL, scps=[_OTHER, _ALL, _ALL]),
    Case(_SCPS, "a unit lacks", "no scp", identity=_ALL, scps=[_ALL, _OTHER, _ALL]),
    Case(_SCPS, "the account lacks", "no scp", identity=_ALL, scps=[_ALL, _ALL, _OTHER]),
    Case(_SCPS, "nothing is attached at one level", "no scp", identity=_ALL, scps=[_ALL, [], _ALL]),
    Case(_SCPS, "one of two policies at a level allows", YES, identity=_ALL, scps=[[allow("s3:*"), allow("sqs:*")]]),
    Case(_SCPS, "a unit denies", "denied by scp", identity=_ALL, scps=[_ALL, [allow(), deny("sqs:*")], _ALL]),
    Case(_SCPS, "an SCP gives nothing", NO, scps=[_ALL]),
    Case(_SCPS, "the root of a member is bound", "denied by scp", caller=ROOT, scps=[[allow(), deny("sqs:*")]]),
    Case(_SCPS, "the root of a member, not allowed", "no scp", caller=ROOT, scps=[_OTHER]),
    Case(_SCPS, "the root of a member, allowed", YES, caller=ROOT, scps=[_ALL]),
    Case(_SCPS, "service-linked roles are not bound", YES, caller=LINKED, identity=_ALL, scps=[[allow(), deny()]]),
    Case(_SCPS, "services are not bound", YES, caller=S3, scps=[[deny()]],
         on_resource=[allow(to={"Service": "s3.amazonaws.com"})]),
    Case(_SCPS, "the resource's policy does not help", "no scp", scps=[_OTHER], on_resource=[_TO_ANA]),
    Case(_SCPS, "a Deny outside of Regions, outside", "denied by scp", identity=_ALL,
         context={"aws:RequestedRegion": "us-west-1"},
         scps=[[allow(), deny(but="iam:*", when={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}})]]),
    Case(_SCPS, "a Deny outside of Regions, inside", YES, identity=_ALL, context={"aws:RequestedRegion": "eu-west-1"},
         scps=[[allow(), deny(but="iam:*", when={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}})]]),
    Case(_SCPS, "a Deny outside of Regions, a global service", YES, action="iam:ListUsers", resource="*",
         identity=_ALL, context={"aws:RequestedRegion": "us-east-1"},
         scps=[[allow(), deny(but="iam:*", when={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}})]]),
    Case(_SCPS, "an Allow with a condition", YES, identity=_ALL, context={"aws:RequestedRegion": "eu-west-1"},
         scps=[[allow(when={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})]]),
    Case(_SCPS, "an Allow for one resource, another", "no scp", identity=_ALL, scps=[[allow(on=QUEUE + "2")]]),
]  # fmt: skip

_FULL = [allow(to="*")]
_ONLY_HOME = [*_FULL, deny("sqs:*", to="*", when={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})]
RCPS = [
    Case(_RCPS, "full access at every level", YES, identity=_ALL, rcps=[_FULL, _FULL]),
    Case(_RCPS, "nothing at one level", "no rcp", identity=_ALL, rcps=[_FULL, []]),
    Case(_RCPS, "somebody of the organization", YES, identity=_ALL, context={"aws:PrincipalOrgID": "o-1"},
         rcps=[_ONLY_HOME]),
    Case(_RCPS, "somebody from outside", "denied by rcp", **_BOBS, identity=_ALL, on_resource=[_TO_ALL],
         context={"aws:PrincipalOrgID": "o-2"}, rcps=[_ONLY_HOME]),
    Case(_RCPS, "somebody without an organization", "denied by rcp", identity=_ALL, rcps=[_ONLY_HOME]),
    Case(_RCPS, "the public", "denied by rcp", caller=STRANGER,
         on_resource=[_TO_ALL], rcps=[[*_FULL, deny("sqs:*", to="*")]]),
    Case(_RCPS, "services are bound too", "denied by rcp", caller=S3, on_resource=[_TO_ALL],
         rcps=[[*_FULL, deny("sqs:*", to="*")]]),
    Case(_RCPS, "the owner's root is bound too", "denied by rcp", caller=ROOT, rcps=[[*_FULL, deny("sqs:*", to="*")]]),
    Case(_RCPS, "service-linked roles are not", YES, caller=LINKED, identity=_ALL,
         rcps=[[*_FULL, deny("sqs:*", to="*")]]),
    Case(_RCPS, "they give nothing", NO, rcps=[_FULL]),
    Case(_RCPS, "retiring a grant is left alone", YES, action="kms:RetireGrant", resource=KEY, identity=_ALL,
         rcps=[[*_FULL, deny("kms:*", to="*")]]),
    Case(_RCPS, "making a grant is not", "denied by rcp", action="kms:CreateGrant", resource=KEY, identity=_ALL,
         rcps=[[*_FULL, deny("kms:*", to="*")]]),
    Case(_RCPS, "another service", YES, action="s3:GetObject", identity=_ALL, rcps=[[*_FULL, deny("sqs:*", to="*")]]),
]  # fmt: skip

ENDPOINTS = [
    Case(_ENDPOINTS, "full access", YES, identity=_ALL, endpoint=[_TO_ALL]),
    Case(_ENDPOINTS, "the endpoint does not allow", "no endpoint", identity=_ALL,
         endpoint=[allow("s3:*", to="*")]),
    Case(_ENDPOINTS, "the endpoint denies", "denied by endpoint", identity=_ALL,
         endpoint=[_TO_ALL, deny(_SEND, to="*")]),
    Case(_ENDPOINTS, "the endpoint gives nothing", NO, endpoint=[_TO_ALL]),
    Case(_ENDPOINTS, "the endpoint allows the account", YES, identity=_ALL, endpoint=[_TO_HOME]),
    Case(_ENDPOINTS, "the endpoint allows another account", "no endpoint", identity=_ALL, endpoint=[_TO_AWAY]),
    Case(_ENDPOINTS, "the resource's policy does not help", "no endpoint", on_resource=[_TO_ANA],
         endpoint=[allow("s3:*", to="*")]),
]  # fmt: skip

_KEY: dict[str, Any] = {"action": "kms:Decrypt", "resource": KEY, "must_allow": True}
_DEFAULT_KEY_POLICY = [allow("kms:*", to={"AWS": ROOT.arn})]
KEYS = [
    Case(_KEYS, "delegated to the account, allowed by identity", YES, **_KEY, identity=[allow("kms:Decrypt")],
         on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "delegated to the account, not allowed by identity", NO, **_KEY, on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "not delegated: an administrator may not", "no resource", **_KEY, identity=[allow()],
         on_resource=[_TO_WORKER]),
    Case(_KEYS, "named in the key policy, no identity policy", YES, **_KEY,
         on_resource=[allow("kms:Decrypt", to={"AWS": ANA.arn})]),
    Case(_KEYS, "the role is named", YES, **_KEY, caller=WORKER,
         on_resource=[allow("kms:Decrypt", to={"AWS": ROLE_ARN})]),
    Case(_KEYS, "the root, delegated", YES, **_KEY, caller=ROOT, on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "the root, not named", "no resource", **_KEY, caller=ROOT, on_resource=[_TO_ANA]),
    Case(_KEYS, "another account, both sides", YES, **_KEY, caller=BOB, identity=[allow("kms:Decrypt")],
         on_resource=[allow("kms:Decrypt", to={"AWS": AWAY})]),
    Case(_KEYS, "another account, only the key policy", NO, **_KEY, caller=BOB,
         on_resource=[allow("kms:Decrypt", to={"AWS": BOB.arn})]),
    Case(_KEYS, "another account, only its identity policy", "no resource", **_KEY, caller=BOB, identity=[allow()],
         on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "the key policy denies", "denied by resource", **_KEY, identity=[allow()],
         on_resource=[*_DEFAULT_KEY_POLICY, deny("kms:Decrypt", to="*")]),
    Case(_KEYS, "a grant", YES, **_KEY, granted=True, on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "a grant, and the key policy denies", "denied by resource", **_KEY, granted=True,
         on_resource=[deny("kms:Decrypt", to="*")]),
    Case(_KEYS, "a grant to another account, which does not allow it", NO, **_KEY, caller=BOB, granted=True,
         on_resource=_DEFAULT_KEY_POLICY),
    Case(_KEYS, "for a service only, through it", YES, **_KEY, context={"kms:ViaService": "s3.us-east-1.amazonaws.com"},
         on_resource=[allow("kms:*", to={"AWS": ANA.arn},
                            when={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})]),
    Case(_KEYS, "for a service only, directly", "no resource", **_KEY,
         on_resource=[allow("kms:*", to={"AWS": ANA.arn},
                            when={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})]),
    Case(_KEYS, "by the encryption context", YES, **_KEY, context={"kms:EncryptionContext:app": "mail"},
         on_resource=[allow("kms:*", to={"AWS": ANA.arn},
                            when={"StringEquals": {"kms:EncryptionContext:app": "mail"}})]),
]  # fmt: skip

_ASSUME: dict[str, Any] = {"action": "sts:AssumeRole", "resource": ROLE_ARN}


def _trust(to: Any, action: str = "sts:AssumeRole", **more: Any) -> list[dict[str, Any]]:
    return [allow(action, on=None, to=to, **more)]


_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
_WEB: dict[str, Any] = {"action": "sts:AssumeRoleWithWebIdentity", "resource": ROLE_ARN}
_GITHUB = f"arn:aws:iam::{HOME}:oidc-provider/token.actions.githubusercontent.com"
_REPOSITORY = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/app:*"}}
_WEB_TRUST = _trust({"Federated": _GITHUB}, _WEB["action"], when=_REPOSITORY)
TRUST = [
    Case(_TRUST, "the user is trusted", YES, **_ASSUME, trust=_trust({"AWS": ANA.arn})),
    Case(_TRUST, "the account is trusted, the user may", YES, **_ASSUME, identity=[allow("sts:AssumeRole", ROLE_ARN)],
         trust=_trust({"AWS": HOME})),
    Case(_TRUST, "the account is trusted, the user may not", NO, **_ASSUME, trust=_trust({"AWS": HOME})),
    Case(_TRUST, "nobody trusts, an administrator may not", "no trust", **_ASSUME, identity=[allow()],
         trust=_trust({"Service": "ec2.amazonaws.com"})),
    Case(_TRUST, "another account is trusted, both sides", YES, **_ASSUME, caller=BOB, identity=[allow()],
         trust=_trust({"AWS": AWAY})),
    Case(_TRUST, "another account is trusted, its user may not", NO, **_ASSUME, caller=BOB,
         trust=_trust({"AWS": AWAY})),
    Case(_TRUST, "another user is trusted, by ARN, but may not at home", NO, **_ASSUME, caller=BOB,
         trust=_trust({"AWS": BOB.arn})),
    Case(_TRUST, "a third account", "no trust", **_ASSUME, caller=BOB, identity=[allow()], trust=_trust({"AWS": HOME})),
    Case(_TRUST, "a service is trusted", YES, **_ASSUME, caller=S3, trust=_trust({"Service": "s3.amazonaws.com"})),
    Case(_TRUST, "another service is trusted", "no trust", **_ASSUME, caller=S3,
         trust=_trust({"Service": "ec2.amazonaws.com"})),
    Case(_TRUST, "the trust policy denies", "denied by trust", **_ASSUME, identity=[allow()],
         trust=[*_trust({"AWS": HOME}), deny("sts:AssumeRole", on=None, to={"AWS": ANA.arn})]),
    Case(_TRUST, "MFA is wanted, with it", YES, **_ASSUME, context={"aws:MultiFactorAuthPresent": "true"},
         trust=_trust({"AWS": ANA.arn}, when=_MFA)),
    Case(_TRUST, "MFA is wanted, without it", "no trust", **_ASSUME, identity=[allow()],
         trust=_trust({"AWS": ANA.arn}, when=_MFA)),
    Case(_TRUST, "an external id, the right one", YES, **_ASSUME, caller=BOB, identity=[allow()],
         context={"sts:ExternalId": "12345"},
         trust=_trust({"AWS": AWAY}, when={"StringEquals": {"sts:ExternalId": "12345"}})),
    Case(_TRUST, "an external id, another", "no trust", **_ASSUME, caller=BOB, identity=[allow()],
         context={"sts:ExternalId": "54321"},
         trust=_trust({"AWS": AWAY}, when={"StringEquals": {"sts:ExternalId": "12345"}})),
    Case(_TRUST, "tagging the session needs its own action", "no trust", action="sts:TagSession", resource=ROLE_ARN,
         trust=_trust({"AWS": ANA.arn})),
    Case(_PROVIDERS, "the provider and the repository", YES, **_WEB, caller=vouched(_GITHUB), trust=_WEB_TRUST,
         context={"token.actions.githubusercontent.com:sub": "repo:octo/app:ref:refs/heads/main"}),
    Case(_PROVIDERS, "another repository", "no trust", **_WEB, caller=vouched(_GITHUB), trust=_WEB_TRUST,
         context={"token.actions.githubusercontent.com:sub": "repo:evil/app:ref:refs/heads/main"}),
    Case(_PROVIDERS, "another provider", "no trust", **_WEB, caller=vouched("accounts.google.com"), trust=_WEB_TRUST,
         context={"token.actions.githubusercontent.com:sub": "repo:octo/app:ref:refs/heads/main"}),
    Case(_PROVIDERS, "with another action", "no trust", **_ASSUME, caller=vouched(_GITHUB), trust=_WEB_TRUST,
         context={"token.actions.githubusercontent.com:sub": "repo:octo/app:ref:refs/heads/main"}),
    Case(_PROVIDERS, "a session of the provider's, named in a resource's policy", YES,
         caller=session_of("graph.facebook.com", Session(
             issued=datetime(2026, 1, 1, tzinfo=UTC), expires=datetime(2026, 1, 2, tzinfo=UTC),
             provider="graph.facebook.com")),
         on_resource=[allow(to={"Federated": "graph.facebook.com"})]),
]  # fmt: skip

_BUCKET_ARN = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}}
_BUCKETS = {"aws:SourceArn": "arn:aws:s3:::photos", "aws:SourceAccount": HOME}
SERVICES = [
    Case(_SERVICES, "a service without a policy", "no resource", caller=S3),
    Case(_SERVICES, "a service whom the policy names", YES, caller=S3,
         on_resource=[allow(to={"Service": "s3.amazonaws.com"})]),
    Case(_SERVICES, "for the right source", YES, caller=S3, context=_BUCKETS,
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}, when=_BUCKET_ARN)]),
    Case(_SERVICES, "for another source", "no resource", caller=S3, context={"aws:SourceArn": "arn:aws:s3:::evil"},
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}, when=_BUCKET_ARN)]),
    Case(_SERVICES, "for the right account", YES, caller=S3, context=_BUCKETS,
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}, when={"StringEquals": {"aws:SourceAccount": HOME}})]),
    Case(_SERVICES, "for another account", "no resource", caller=S3, context={**_BUCKETS, "aws:SourceAccount": AWAY},
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}, when={"StringEquals": {"aws:SourceAccount": HOME}})]),
    Case(_SERVICES, "a service in another account's resource", YES, caller=SNS, account=AWAY,
         on_resource=[allow(to={"Service": "sns.amazonaws.com"})]),
    Case(_SERVICES, "a service is refused by a Deny for everybody", "denied by resource", caller=S3,
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}), deny(to="*")]),
    Case(_SERVICES, "a Deny for all but services", YES, caller=S3, context={"aws:PrincipalIsAWSService": "true"},
         on_resource=[allow(to={"Service": "s3.amazonaws.com"}),
                      deny(to="*", when={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})]),
]  # fmt: skip

OTHERS = [
    Case(_ACLS, "the public, by nothing", "no resource", caller=STRANGER),
    Case(_ACLS, "the public, by an ACL", YES, caller=STRANGER, granted=True),
    Case(_ACLS, "the public, by an ACL, denied by the policy", "denied by resource", caller=STRANGER, granted=True,
         on_resource=[deny(to="*")]),
    Case(_ACLS, "another account, by an ACL, its user may", YES, caller=BOB, granted=True, identity=[allow()]),
    Case(_ACLS, "another account, by an ACL, its user may not", NO, caller=BOB, granted=True),
    Case(_ACLS, "the public over plain HTTP", "denied by resource", caller=STRANGER,
         context={"aws:SecureTransport": "false"},
         on_resource=[_TO_ALL, deny(to="*", when={"Bool": {"aws:SecureTransport": "false"}})]),
    Case(_ROOTS, "the root needs no policy", YES, caller=ROOT),
    Case(_ROOTS, "the root is refused by its own resource's policy", "denied by resource", caller=ROOT,
         on_resource=[deny(to="*")]),
    Case(_ROOTS, "the root is refused by name", "denied by resource", caller=ROOT,
         on_resource=[deny(to={"AWS": HOME})]),
    Case(_ROOTS, "the root of another account may nothing here", "no resource", caller=AWAY_ROOT),
    Case(_ROOTS, "the root is not meant by a Deny to a user", YES, caller=ROOT,
         on_resource=[deny(to={"AWS": ANA.arn})]),
    Case(_LINKED, "needs its identity policy as any role", NO, caller=LINKED),
    Case(_LINKED, "is refused by a resource's policy as any role", "denied by resource", caller=LINKED, identity=_ALL,
         on_resource=[deny(to="*")]),
]  # fmt: skip

CASES = [
    *DENIES, *RESOURCES, *BOUNDARIES, *SESSIONS, *CROSS, *SCPS, *RCPS, *ENDPOINTS, *KEYS, *TRUST, *SERVICES, *OTHERS,
]  # fmt: skip
