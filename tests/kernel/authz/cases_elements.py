"""Actions, resources, variables, and who is meant: the elements of a statement."""

from __future__ import annotations

from itertools import starmap
from typing import Any

from tests.kernel.authz.language import (
    ANA,
    AWAY,
    AWAY_ROOT,
    AWAY_WORKER,
    BOB,
    BUCKET,
    CAT,
    FEDERATED,
    HOME,
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
)  # fmt: skip

_ACTION = 'IAM User Guide, "IAM JSON policy elements: Action"'
_NOT_ACTION = 'IAM User Guide, "IAM JSON policy elements: NotAction"'
_RESOURCE = 'IAM User Guide, "IAM JSON policy elements: Resource"'
_NOT_RESOURCE = 'IAM User Guide, "IAM JSON policy elements: NotResource"'
_VARIABLES = 'IAM User Guide, "IAM policy elements: Variables and tags"'
_VERSION = 'IAM User Guide, "IAM JSON policy elements: Version"'
_PRINCIPAL = 'IAM User Guide, "AWS JSON policy elements: Principal"'
_NOT_PRINCIPAL = 'IAM User Guide, "AWS JSON policy elements: NotPrincipal"'

YES, NO = "allowed", "no identity"


def _action(words: str, pattern: Any, action: str, expect: str) -> Case:
    return Case(_ACTION, words, expect, action=action, identity=[allow(pattern)])


ACTIONS = list(
    starmap(
        _action,
        [
            ("one action", "sqs:SendMessage", "sqs:SendMessage", YES),
            ("another action", "sqs:SendMessage", "sqs:ReceiveMessage", NO),
            ("a longer action is another", "s3:GetObject", "s3:GetObjectAcl", NO),
            ("the action of another service", "sqs:SendMessage", "sns:SendMessage", NO),
            ("the service in capitals", "SQS:SendMessage", "sqs:SendMessage", YES),
            ("the action in small letters", "sqs:sendmessage", "sqs:SendMessage", YES),
            ("the request in small letters", "iam:ListAccessKeys", "IAM:listaccesskeys", YES),
            ("a list", ["sqs:SendMessage", "sqs:ReceiveMessage"], "sqs:ReceiveMessage", YES),
            ("not in a list", ["sqs:SendMessage", "sqs:ReceiveMessage"], "sqs:DeleteMessage", NO),
            ("everything", "*", "ec2:RunInstances", YES),
            ("everything of a service", "s3:*", "s3:GetObject", YES),
            ("everything of another service", "s3:*", "sqs:SendMessage", NO),
            ("a service whose name goes on", "s3:*", "s3-object-lambda:GetObject", NO),
            ("a star at the end", "iam:*AccessKey*", "iam:ListAccessKeys", YES),
            ("a star at both ends", "iam:*AccessKey*", "iam:CreateAccessKey", YES),
            ("a star that fits nothing there", "iam:*AccessKey*", "iam:ListUsers", NO),
            ("a star within", "s3:Get*Acl", "s3:GetObjectAcl", YES),
            ("a star within takes as much as it has to", "s3:Get*Acl", "s3:GetObjectVersionAcl", YES),
            ("a star within and another end", "s3:Get*Acl", "s3:GetObjectTagging", NO),
            ("a star stands for nothing too", "s3:GetObject*", "s3:GetObject", YES),
            ("two stars", "ec2:*Vpc*Peering*", "ec2:AcceptVpcPeeringConnection", YES),
            ("the order of what stands between stars", "ec2:*Peering*Vpc*", "ec2:AcceptVpcPeeringConnection", NO),
            ("a question mark", "ec2:Describe?pcs", "ec2:DescribeVpcs", YES),
            ("a question mark is one character", "ec2:Describe?s", "ec2:DescribeVpcs", NO),
            ("a question mark is no empty text", "s3:GetObject?", "s3:GetObject", NO),
            ("question marks and stars", "s3:?et*Acl", "s3:PutObjectAcl", NO),
            ("question marks and stars that fit", "s3:?et*Acl", "s3:GetObjectAcl", YES),
        ],
    )
)

NOT_ACTIONS = [
    Case(_NOT_ACTION, words, expect, action=action, identity=identity)
    for words, action, expect, identity in [
        ("all but deleting, another action", "s3:GetObject", YES, [allow(but="s3:DeleteBucket")]),
        ("all but deleting, deleting", "s3:DeleteBucket", NO, [allow(but="s3:DeleteBucket")]),
        ("all but a service, another service", "ec2:RunInstances", YES, [allow(but="iam:*")]),
        ("all but a service, that service", "iam:CreateUser", NO, [allow(but="iam:*")]),
        ("all but a list, one of it", "organizations:ListRoots", NO, [allow(but=["iam:*", "organizations:*"])]),
        ("all but a list, none of it", "sqs:SendMessage", YES, [allow(but=["iam:*", "organizations:*"])]),
        ("a Deny of all but one, that one", "iam:ListUsers", YES, [allow(), deny(but="iam:*")]),
        ("a Deny of all but one, another", "sqs:SendMessage", "denied by identity", [allow(), deny(but="iam:*")]),
        ("what a Deny leaves out is not allowed by that", "iam:ListUsers", NO, [deny(but="iam:*")]),
        ("case does not matter here either", "IAM:listusers", NO, [allow(but="iam:ListUsers")]),
    ]
]


def _resource(words: str, pattern: Any, resource: str, expect: str) -> Case:
    return Case(_RESOURCE, words, expect, action="s3:GetObject", resource=resource, identity=[allow(on=pattern)])


RESOURCES = list(
    starmap(
        _resource,
        [
            ("one resource", QUEUE, QUEUE, YES),
            ("another queue", QUEUE, f"arn:aws:sqs:us-east-1:{HOME}:other", NO),
            ("a name that goes on", QUEUE, QUEUE + "2", NO),
            ("another Region", QUEUE, f"arn:aws:sqs:us-east-2:{HOME}:jobs", NO),
            ("another account", QUEUE, f"arn:aws:sqs:us-east-1:{AWAY}:jobs", NO),
            ("names are different in other cases", CAT, "arn:aws:s3:::photos/Cat.png", NO),
            ("all resources", "*", QUEUE, YES),
            ("all resources, of an action that has none", "*", "*", YES),
            ("one resource, of an action that has none", QUEUE, "*", NO),
            ("all ARNs are not all resources", "arn:aws:*", "*", NO),
            ("everything in a bucket", "arn:aws:s3:::photos/*", CAT, YES),
            ("everything in a bucket is not the bucket", "arn:aws:s3:::photos/*", BUCKET, NO),
            ("a bucket is not what is in it", BUCKET, CAT, NO),
            ("bucket and content", [BUCKET, BUCKET + "/*"], CAT, YES),
            ("a star crosses slashes", "arn:aws:s3:::photos/*", "arn:aws:s3:::photos/2026/may/cat.png", YES),
            ("a star within a path", "arn:aws:s3:::photos/*/may/*", "arn:aws:s3:::photos/2026/may/cat.png", YES),
            ("a star within another path", "arn:aws:s3:::photos/*/may/*", "arn:aws:s3:::photos/2026/june/cat.png", NO),
            ("an ending", "arn:aws:s3:::photos/*.png", CAT, YES),
            ("another ending", "arn:aws:s3:::photos/*.jpg", CAT, NO),
            ("a beginning of a bucket's name", "arn:aws:s3:::pho*", CAT, YES),
            ("any Region", f"arn:aws:sqs:*:{HOME}:jobs", QUEUE, YES),
            ("any account", "arn:aws:sqs:us-east-1:*:jobs", QUEUE, YES),
            ("all of a kind", f"arn:aws:iam::{HOME}:user/*", f"arn:aws:iam::{HOME}:user/team/Ana", YES),
            ("a path of users", f"arn:aws:iam::{HOME}:user/team/*", f"arn:aws:iam::{HOME}:user/Ana", NO),
            ("question marks", f"arn:aws:sqs:us-east-1:{HOME}:job?", QUEUE, YES),
            ("too few question marks", f"arn:aws:sqs:us-east-1:{HOME}:jo?", QUEUE, NO),
            ("question marks and a star", f"arn:aws:sqs:us-east-?:{HOME}:j*", QUEUE, YES),
            ("an ARN of three parts is filled up", "arn:aws:sqs", QUEUE, YES),
            ("an ARN of four parts is filled up", "arn:aws:sqs:us-east-1", QUEUE, YES),
            ("an ARN of four parts, another Region", "arn:aws:sqs:us-east-2", QUEUE, NO),
            ("a star for the rest after the service", "arn:aws:sqs:*", QUEUE, YES),
            ("the resource's own stars are text", f"arn:aws:iam::{HOME}:role/*", f"arn:aws:iam::{HOME}:role/*", YES),
            ("text does not fit the resource's stars", ROLE_ARN, f"arn:aws:iam::{HOME}:role/*", NO),
            ("overlap does not count twice", "arn:aws:s3:::aba*aba", "arn:aws:s3:::aba", NO),
            ("ends that touch", "arn:aws:s3:::aba*aba", "arn:aws:s3:::abaaba", YES),
            ("ends that overlap, with question marks", "arn:aws:s3:::a?a*a?a", "arn:aws:s3:::aba", NO),
        ],
    )
)

NOT_RESOURCES = [
    Case(_NOT_RESOURCE, words, expect, action="s3:GetObject", resource=resource, identity=identity)
    for words, resource, expect, identity in [
        ("all but a bucket, another", CAT, YES, [allow(off="arn:aws:s3:::secret/*")]),
        ("all but a bucket, that one", "arn:aws:s3:::secret/a", NO, [allow(off="arn:aws:s3:::secret/*")]),
        ("a Deny outside a bucket, inside it", CAT, YES, [allow(), deny(off=[BUCKET, BUCKET + "/*"])]),
        ("a Deny outside a bucket, outside it", QUEUE, "denied by identity", [allow(), deny(off=[BUCKET + "/*"])]),
        ("but everything: nothing is left", CAT, NO, [allow(off="*")]),
    ]
]

_HOME_DIRECTORY = "arn:aws:s3:::photos/${aws:username}/*"
_TAGGED = "arn:aws:s3:::photos/${aws:PrincipalTag/team, 'common'}/*"


def _variable(words: str, on: Any, resource: str, context: dict[str, Any], expect: str, **more: Any) -> Case:
    return Case(
        _VARIABLES, words, expect, action="s3:GetObject", resource=resource, context=context,
        identity=[allow(on=on)] if not isinstance(on, list) else on, **more,
    )  # fmt: skip


VARIABLES = [
    _variable("one's own folder", _HOME_DIRECTORY, "arn:aws:s3:::photos/Ana/cat", {"aws:username": "Ana"}, YES),
    _variable("another's folder", _HOME_DIRECTORY, "arn:aws:s3:::photos/Bob/cat", {"aws:username": "Ana"}, NO),
    _variable("no user name, as in a role", _HOME_DIRECTORY, "arn:aws:s3:::photos/Ana/cat", {}, NO),
    _variable("keys are the same in any case", "arn:aws:s3:::photos/${AWS:UserName}", "arn:aws:s3:::photos/Ana",
              {"aws:username": "Ana"}, YES),
    _variable("values are not", "arn:aws:s3:::photos/${aws:username}", "arn:aws:s3:::photos/ana",
              {"aws:username": "Ana"}, NO),
    _variable("a value's star is a star", "arn:aws:s3:::photos/${aws:username}", "arn:aws:s3:::photos/Ana",
              {"aws:username": "*"}, NO),
    _variable("a value's star fits a star", "arn:aws:s3:::photos/${aws:username}", "arn:aws:s3:::photos/*",
              {"aws:username": "*"}, YES),
    _variable("a value's question mark is one", "arn:aws:s3:::photos/${aws:username}", "arn:aws:s3:::photos/A",
              {"aws:username": "?"}, NO),
    _variable("a tag", "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*", "arn:aws:s3:::photos/red/1",
              {"aws:PrincipalTag/team": "red"}, YES),
    _variable("a tag with a default", _TAGGED, "arn:aws:s3:::photos/red/1", {"aws:PrincipalTag/team": "red"}, YES),
    _variable("the default, without the tag", _TAGGED, "arn:aws:s3:::photos/common/1", {}, YES),
    _variable("not the default, with the tag", _TAGGED, "arn:aws:s3:::photos/common/1",
              {"aws:PrincipalTag/team": "red"}, NO),
    _variable("several values cannot fill in", "arn:aws:s3:::photos/${aws:TagKeys}", "arn:aws:s3:::photos/a",
              {"aws:TagKeys": ["a", "b"]}, NO),
    _variable("a star as text", "arn:aws:s3:::photos/${*}", "arn:aws:s3:::photos/*", {}, YES),
    _variable("a star as text fits no other", "arn:aws:s3:::photos/${*}", "arn:aws:s3:::photos/a", {}, NO),
    _variable("a question mark as text", "arn:aws:s3:::photos/${?}", "arn:aws:s3:::photos/?", {}, YES),
    _variable("a question mark as text fits no other", "arn:aws:s3:::photos/${?}", "arn:aws:s3:::photos/a", {}, NO),
    _variable("a dollar as text", "arn:aws:s3:::photos/${$}5", "arn:aws:s3:::photos/$5", {}, YES),
    _variable("variables and stars together", "arn:aws:s3:::p*/${aws:username}/*.png", "arn:aws:s3:::photos/Ana/c.png",
              {"aws:username": "Ana"}, YES),
    _variable("variables and question marks", "arn:aws:s3:::photo?/${aws:username}", "arn:aws:s3:::photos/Ana",
              {"aws:username": "Ana"}, YES),
    _variable("a Deny on one's own folder, without a name", [allow(), deny(on=_HOME_DIRECTORY)],
              "arn:aws:s3:::photos/Ana/cat", {}, YES),
    _variable("a Deny outside one's own folder", [allow(), deny(off=_HOME_DIRECTORY)],
              "arn:aws:s3:::photos/Bob/cat", {"aws:username": "Ana"}, "denied by identity"),
    _variable("a Deny outside one's own folder, without a name", [allow(), deny(off=_HOME_DIRECTORY)],
              "arn:aws:s3:::photos/Bob/cat", {}, "denied by identity"),
    _variable("an Allow outside a folder, without a name", [allow(off=_HOME_DIRECTORY)],
              "arn:aws:s3:::photos/Bob/cat", {}, NO),
    _variable("in a condition", [allow(when={"StringEquals": {"s3:prefix": "${aws:username}"}})], BUCKET,
              {"aws:username": "Ana", "s3:prefix": "Ana"}, YES),
    _variable("in a condition, another value", [allow(when={"StringEquals": {"s3:prefix": "${aws:username}"}})], BUCKET,
              {"aws:username": "Ana", "s3:prefix": "Bob"}, NO),
    _variable("in a condition with wildcards", [allow(when={"StringLike": {"s3:prefix": "${aws:username}/*"}})], BUCKET,
              {"aws:username": "Ana", "s3:prefix": "Ana/2026"}, YES),
    _variable("a star as text in a condition", [allow(when={"StringLike": {"s3:prefix": "${*}"}})], BUCKET,
              {"s3:prefix": "anything"}, NO),
    _variable("in an ARN condition",
              [allow(when={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:PrincipalTag/bucket}"}})], BUCKET,
              {"aws:SourceArn": BUCKET, "aws:PrincipalTag/bucket": "photos"}, YES),
    _variable("an unequal value that is missing refuses",
              [allow(), deny(when={"StringNotEquals": {"s3:prefix": "${aws:username}"}})], BUCKET,
              {"s3:prefix": "Ana"}, "denied by identity"),
    _variable("an unequal value that is missing allows nothing",
              [allow(when={"StringNotEquals": {"s3:prefix": "${aws:username}"}})], BUCKET, {"s3:prefix": "Ana"}, NO),
    _variable("numbers know no variables", [allow(when={"NumericEquals": {"s3:max-keys": "${aws:username}"}})], BUCKET,
              {"s3:max-keys": "5", "aws:username": "5"}, NO),
    Case(_VERSION, "the earlier version has no variables", NO, action="s3:GetObject", version="2008-10-17",
         resource="arn:aws:s3:::photos/Ana", context={"aws:username": "Ana"},
         identity=[allow(on="arn:aws:s3:::photos/${aws:username}")]),
    Case(_VERSION, "to the earlier version they are text", YES, action="s3:GetObject", version="2008-10-17",
         resource="arn:aws:s3:::photos/${aws:username}", context={"aws:username": "Ana"},
         identity=[allow(on="arn:aws:s3:::photos/${aws:username}")]),
    Case(_VERSION, "text in conditions as well", NO, version="2008-10-17",
         context={"aws:username": "Ana", "s3:p": "Ana"},
         identity=[allow(when={"StringLike": {"s3:p": "${aws:username}"}})]),
]  # fmt: skip

_NONE = "no resource"


def _meant(words: str, to: Any, caller: Any, expect: str, **more: Any) -> Case:
    return Case(_PRINCIPAL, words, expect, caller=caller, on_resource=[allow(to=to)], **more)


_SESSION_ARN = WORKER.arn
PRINCIPALS = [
    _meant("everybody, a user", "*", ANA, YES),
    _meant("everybody, the public", "*", STRANGER, YES),
    _meant("everybody, the public, written the other way", {"AWS": "*"}, STRANGER, YES),
    _meant("everybody, a service", {"AWS": "*"}, SNS, YES),
    _meant("everybody, somebody of another account who may nothing at home", "*", BOB, NO),
    _meant("everybody, somebody of another account who may", "*", BOB, YES, identity=[allow()]),
    _meant("a user", {"AWS": ANA.arn}, ANA, YES),
    _meant("another user", {"AWS": f"arn:aws:iam::{HOME}:user/Eva"}, ANA, NO),
    _meant("a user's name in another case", {"AWS": f"arn:aws:iam::{HOME}:user/ana"}, ANA, NO),
    _meant("the same name in another account", {"AWS": f"arn:aws:iam::{AWAY}:user/Ana"}, ANA, NO),
    _meant("a list of users", {"AWS": [f"arn:aws:iam::{HOME}:user/Eva", ANA.arn]}, ANA, YES),
    _meant("the own account passes it on by identity policies only", {"AWS": HOME}, ANA, NO),
    _meant("the own account, which passes it on", {"AWS": HOME}, ANA, YES, identity=[allow()]),
    _meant("the own account as an ARN", {"AWS": ROOT.arn}, ANA, NO),
    _meant("another account, by its number", {"AWS": AWAY}, BOB, YES, identity=[allow()]),
    _meant("another account, by its root's ARN", {"AWS": AWAY_ROOT.arn}, BOB, YES, identity=[allow()]),
    _meant("another account, which does not pass it on", {"AWS": AWAY}, BOB, NO),
    _meant("a third account", {"AWS": "777788889999"}, BOB, _NONE, identity=[allow()]),
    _meant("another account's root", {"AWS": AWAY}, AWAY_ROOT, YES),
    _meant("a role, a session of it", {"AWS": ROLE_ARN}, WORKER, YES),
    _meant("a role of another account", {"AWS": AWAY_WORKER.principal}, AWAY_WORKER, YES, identity=[allow()]),
    _meant("a role of another account that may nothing", {"AWS": AWAY_WORKER.principal}, AWAY_WORKER, NO),
    _meant("a role without its path is another", {"AWS": f"arn:aws:iam::{HOME}:role/Worker"}, WORKER, NO),
    _meant("a session", {"AWS": _SESSION_ARN}, WORKER, YES),
    _meant("another session", {"AWS": _SESSION_ARN.replace("monday", "sunday")}, WORKER, NO),
    _meant("a federated user", {"AWS": FEDERATED.arn}, FEDERATED, YES),
    _meant("a service", {"Service": "s3.amazonaws.com"}, S3, YES),
    _meant("another service", {"Service": "sns.amazonaws.com"}, S3, _NONE),
    _meant("a service with its Region", {"Service": "s3.us-east-1.amazonaws.com"}, S3, YES),
    _meant("a list of services", {"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}, S3, YES),
    _meant("a service is no user", {"Service": "s3.amazonaws.com"}, ANA, NO),
    _meant("an account is no service", {"AWS": HOME}, S3, _NONE),
    _meant("users and services", {"AWS": ANA.arn, "Service": "s3.amazonaws.com"}, S3, YES),
    _meant("a canonical user", {"CanonicalUser": "ab" * 32}, BOB, YES, identity=[allow()], canonical_user="ab" * 32),
    _meant("another canonical user", {"CanonicalUser": "cd" * 32}, BOB, _NONE, identity=[allow()],
           canonical_user="ab" * 32),
    _meant("a user by the id that the ARN became", {"AWS": ANA.id}, ANA, YES),
    _meant("a user who was deleted and made again", {"AWS": "AIDAOLDOLDOLDOLDOLDOL"}, ANA, NO),
    _meant("a role by the id that the ARN became", {"AWS": "AROAWORKERWORKERWORKE"}, WORKER, YES),
    _meant("a role that was deleted and made again", {"AWS": "AROAOLDOLDOLDOLDOLDOL"}, WORKER, NO),
    _meant("the public is not in an account", {"AWS": HOME}, STRANGER, _NONE),
]  # fmt: skip


def _exempt(words: str, names: list[str], caller: Any, expect: str, **more: Any) -> Case:
    policy = [allow(to="*"), deny(to_all_but={"AWS": names})]
    more.setdefault("identity", [allow()])
    return Case(_NOT_PRINCIPAL, words, expect, caller=caller, on_resource=policy, **more)


_REFUSED = "denied by resource"
NOT_PRINCIPALS = [
    _exempt("a user with the account", [BOB.arn, AWAY_ROOT.arn], BOB, YES),
    _exempt("a user without the account", [BOB.arn], BOB, _REFUSED),
    _exempt("another user of the account", [f"arn:aws:iam::{AWAY}:user/Eve", AWAY], BOB, _REFUSED),
    _exempt("an account alone does not exempt its users", [AWAY], BOB, _REFUSED),
    _exempt("an account's root", [AWAY], AWAY_ROOT, YES),
    _exempt("session, role and account", [AWAY_WORKER.arn, AWAY_WORKER.principal, AWAY], AWAY_WORKER, YES),
    _exempt("session and account, without the role", [AWAY_WORKER.arn, AWAY], AWAY_WORKER, _REFUSED),
    _exempt("role and account, for all its sessions", [AWAY_WORKER.principal, AWAY], AWAY_WORKER, YES),
    _exempt("another session of the role",
            [AWAY_WORKER.arn.replace("tuesday", "friday"), AWAY_WORKER.principal, AWAY], AWAY_WORKER, _REFUSED),
    _exempt("the public", [AWAY], STRANGER, _REFUSED),
    _exempt("a service", [AWAY], S3, _REFUSED),
    _exempt("whoever has a boundary is always refused", [BOB.arn, AWAY], BOB, _REFUSED, boundary=[allow()]),
    _exempt("somebody else", [BOB.arn, AWAY], ANA, _REFUSED),
    Case(_NOT_PRINCIPAL, "an Allow to all but one, that one", NO, on_resource=[allow(to_all_but={"AWS": ANA.arn})]),
    Case(_NOT_PRINCIPAL, "an Allow to all but one, the public", YES, caller=STRANGER,
         on_resource=[allow(to_all_but={"AWS": ANA.arn})]),
    Case(_NOT_PRINCIPAL, "a service that is exempt", YES, caller=S3,
         on_resource=[allow(to="*"), deny(to_all_but={"Service": "s3.amazonaws.com"})]),
]  # fmt: skip

CASES = [*ACTIONS, *NOT_ACTIONS, *RESOURCES, *NOT_RESOURCES, *VARIABLES, *PRINCIPALS, *NOT_PRINCIPALS]
