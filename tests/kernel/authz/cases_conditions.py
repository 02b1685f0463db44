"""Every condition operator: an Allow with one condition, on a request with or without its key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.kernel.authz.language import Case, allow, deny

_OPERATORS = 'IAM User Guide, "IAM JSON policy elements: Condition operators"'
_SETS = 'IAM User Guide, "Set operators for multivalued context keys"'
_SEVERAL = 'IAM User Guide, "Conditions with multiple context keys or values"'
_SINGLE = 'IAM User Guide, "Single-valued vs. multivalued context keys"'

_MISSING = None


def _table(page: str, operator: str, key: str, rows: Iterable[tuple[str, Any, Any, bool]]) -> list[Case]:
    """Rows of words, the policy's value or values, the request's (None: it lacks the key), and whether that fits."""
    return [
        Case(
            page,
            f"{operator}: {words}",
            "allowed" if fits else "no identity",
            context={} if given is _MISSING else {key: given},
            identity=[allow(when={operator: {key: wanted}})],
        )
        for words, wanted, given, fits in rows
    ]


_TAG = "aws:PrincipalTag/team"

STRINGS = [
    *_table(_OPERATORS, "StringEquals", _TAG, [
        ("the same", "red", "red", True),
        ("another", "red", "blue", False),
        ("another case", "red", "Red", False),
        ("the key missing", "red", _MISSING, False),
        ("one of several", ["red", "blue"], "blue", True),
        ("none of several", ["red", "blue"], "green", False),
        ("a star is text", "r*", "red", False),
        ("a star as itself", "r*", "r*", True),
        ("empty texts", "", "", True),
    ]),
    *_table(_OPERATORS, "StringNotEquals", _TAG, [
        ("the same", "red", "red", False),
        ("another", "red", "blue", True),
        ("another case", "red", "Red", True),
        ("the key missing", "red", _MISSING, True),
        ("several, none of them: they are joined by NOR", ["red", "blue"], "green", True),
        ("several, one of them", ["red", "blue"], "red", False),
    ]),
    *_table(_OPERATORS, "StringEqualsIgnoreCase", _TAG, [
        ("another case", "red", "RED", True),
        ("another text", "red", "blue", False),
        ("the key missing", "red", _MISSING, False),
    ]),
    *_table(_OPERATORS, "StringNotEqualsIgnoreCase", _TAG, [
        ("another case", "red", "RED", False),
        ("another text", "red", "blue", True),
        ("the key missing", "red", _MISSING, True),
    ]),
    *_table(_OPERATORS, "StringLike", _TAG, [
        ("a star", "re*", "red", True),
        ("a star within", "r*d", "round", True),
        ("a question mark", "r?d", "red", True),
        ("a question mark is one character", "r?d", "reed", False),
        ("another case", "re*", "RED", False),
        ("the key missing, even for a star", "*", _MISSING, False),
        ("a star fits all that is there", "*", "anything", True),
        ("one of several", ["blue*", "re*"], "red", True),
        ("no star", "red", "redder", False),
    ]),
    *_table(_OPERATORS, "StringNotLike", _TAG, [
        ("a star that fits", "re*", "red", False),
        ("a star that does not", "re*", "blue", True),
        ("the key missing", "*", _MISSING, True),
    ]),
]  # fmt: skip

NUMBERS = [
    *_table(_OPERATORS, "NumericEquals", "s3:max-keys", [
        ("the same", "10", "10", True),
        ("written otherwise", "10", "10.0", True),
        ("a number of JSON", 10, "10", True),
        ("another", "10", "11", False),
        ("one of several", [5, 10], "10", True),
        ("no number", "10", "ten", False),
        ("the key missing", "10", _MISSING, False),
    ]),
    *_table(_OPERATORS, "NumericNotEquals", "s3:max-keys", [
        ("the same", "10", "10", False), ("another", "10", "11", True), ("the key missing", "10", _MISSING, True),
    ]),
    *_table(_OPERATORS, "NumericLessThan", "s3:max-keys", [
        ("less", "10", "9", True), ("equal", "10", "10", False), ("not by letters", "10", "9.5", True),
        ("more digits are more", "9", "10", False), ("the key missing", "10", _MISSING, False),
    ]),
    *_table(_OPERATORS, "NumericLessThanEquals", "s3:max-keys", [
        ("equal", "10", "10", True), ("more", "10", "10.5", False), ("below zero", "0", "-1", True),
    ]),
    *_table(_OPERATORS, "NumericGreaterThan", "s3:max-keys", [
        ("more", "10", "11", True), ("equal", "10", "10", False), ("no number", "10", "many", False),
    ]),
    *_table(_OPERATORS, "NumericGreaterThanEquals", "s3:max-keys", [
        ("equal", "10", "10", True), ("less", "10", "9", False),
    ]),
]  # fmt: skip

_NOON = "2026-05-01T12:00:00Z"
DATES = [
    *_table(_OPERATORS, "DateEquals", "aws:CurrentTime", [
        ("the same", _NOON, _NOON, True),
        ("the same in another zone", _NOON, "2026-05-01T14:00:00+02:00", True),
        ("a second later", _NOON, "2026-05-01T12:00:01Z", False),
        ("no date", _NOON, "noon", False),
    ]),
    *_table(_OPERATORS, "DateNotEquals", "aws:CurrentTime", [
        ("the same", _NOON, _NOON, False), ("another", _NOON, "2026-05-02T12:00:00Z", True),
        ("the key missing", _NOON, _MISSING, True),
    ]),
    *_table(_OPERATORS, "DateLessThan", "aws:TokenIssueTime", [
        ("before", _NOON, "2026-05-01T11:59:59Z", True), ("then", _NOON, _NOON, False),
        ("the key missing, as with lasting keys", _NOON, _MISSING, False),
    ]),
    *_table(_OPERATORS, "DateLessThanEquals", "aws:CurrentTime", [
        ("then", _NOON, _NOON, True), ("after", _NOON, "2026-05-01T12:00:01Z", False),
        ("a day alone is its midnight", "2026-05-01", "2026-05-01T00:00:00Z", True),
    ]),
    *_table(_OPERATORS, "DateGreaterThan", "aws:CurrentTime", [
        ("after", _NOON, "2026-06-01T00:00:00Z", True), ("before", _NOON, "2026-04-01T00:00:00Z", False),
    ]),
    *_table(_OPERATORS, "DateGreaterThanEquals", "aws:EpochTime", [
        ("seconds since 1970", "1777636800", "1777636800", True), ("fewer", "1777636800", "1777636799", False),
        ("seconds and a date", _NOON, "1777636800", True),
    ]),
]  # fmt: skip

TRUTHS = [
    *_table(_OPERATORS, "Bool", "aws:SecureTransport", [
        ("true", "true", "true", True), ("false", "true", "false", False), ("JSON's true", True, "true", True),
        ("JSON's false", False, "false", True), ("another case", "True", "true", True),
        ("the key missing, wanted true", "true", _MISSING, False),
        ("the key missing, wanted false", "false", _MISSING, False),
        ("either", ["true", "false"], "false", True),
    ]),
    *_table(_OPERATORS, "BoolIfExists", "aws:MultiFactorAuthPresent", [
        ("true", "true", "true", True), ("false", "true", "false", False), ("the key missing", "true", _MISSING, True),
        ("the key missing, wanted false", "false", _MISSING, True),
    ]),
    *_table(_OPERATORS, "BinaryEquals", "kms:mac", [
        ("the same bytes", "QmluYXJ5", "QmluYXJ5", True), ("others", "QmluYXJ5", "QmluYXJ6", False),
        ("no Base64", "QmluYXJ5", "%", False), ("the key missing", "QmluYXJ5", _MISSING, False),
    ]),
    *_table(_OPERATORS, "Null", _TAG, [
        ("wanted missing, missing", "true", _MISSING, True), ("wanted missing, there", "true", "red", False),
        ("wanted there, there", "false", "red", True), ("wanted there, missing", "false", _MISSING, False),
        ("JSON's true", True, _MISSING, True), ("no values at all", "true", [], True),
    ]),
]  # fmt: skip

_SOURCE = "aws:SourceIp"
ADDRESSES = [
    *_table(_OPERATORS, "IpAddress", _SOURCE, [
        ("within the range", "203.0.113.0/24", "203.0.113.77", True),
        ("outside", "203.0.113.0/24", "203.0.114.1", False),
        ("one address", "203.0.113.7", "203.0.113.7", True),
        ("the next address", "203.0.113.7", "203.0.113.8", False),
        ("a range that is not written from its start", "203.0.113.9/24", "203.0.113.1", True),
        ("one of several", ["198.51.100.0/24", "203.0.113.0/24"], "203.0.113.1", True),
        ("version 6", "2001:db8:1234:5678::/64", "2001:db8:1234:5678::1", True),
        ("version 6, outside", "2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", False),
        ("version 6, written otherwise", "2001:0DB8:0::/32", "2001:db8::1", True),
        ("version 6 in version 4", "0.0.0.0/0", "2001:db8::1", False),
        ("all of version 4", "0.0.0.0/0", "8.8.8.8", True),
        ("no address", "203.0.113.0/24", "here", False),
        ("no range", "everywhere", "203.0.113.1", False),
        ("the key missing, as in calls through a VPC endpoint", "0.0.0.0/0", _MISSING, False),
    ]),
    *_table(_OPERATORS, "NotIpAddress", _SOURCE, [
        ("within the range", "203.0.113.0/24", "203.0.113.77", False),
        ("outside", "203.0.113.0/24", "203.0.114.1", True),
        ("outside of several", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.9", False),
        ("the key missing", "203.0.113.0/24", _MISSING, True),
    ]),
]  # fmt: skip

_ARN = "aws:SourceArn"
ARNS = [
    *_table(_OPERATORS, "ArnEquals", _ARN, [
        ("the same", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:us-east-1:111122223333:t", True),
        ("another", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:us-east-1:111122223333:u", False),
        ("wildcards count here too", "arn:aws:sns:*:111122223333:t*", "arn:aws:sns:us-east-1:111122223333:top", True),
        ("the key missing", "arn:aws:sns:*:*:*", _MISSING, False),
    ]),
    *_table(_OPERATORS, "ArnLike", _ARN, [
        ("a star in each part", "arn:aws:*:*:*:t", "arn:aws:sns:us-east-1:111122223333:t", True),
        ("a star does not reach over the first colons", "arn:aws:sns:*:t", "arn:aws:sns:us-east-1:111122223333:t",
         False),
        ("a star in the account", "arn:aws:sns:us-east-1:*:t", "arn:aws:sns:us-east-1:444455556666:t", True),
        ("a star reaches over the colons of the name", "arn:aws:logs:*:*:log-group:*",
         "arn:aws:logs:us-east-1:111122223333:log-group:a:b", True),
        ("a question mark", "arn:aws:s3:::photo?", "arn:aws:s3:::photos", True),
        ("no ARN", "arn:aws:s3:::*", "photos", False),
        ("one of several", ["arn:aws:s3:::a", "arn:aws:s3:::b"], "arn:aws:s3:::b", True),
        ("names are different in other cases", "arn:aws:s3:::Photos", "arn:aws:s3:::photos", False),
    ]),
    *_table(_OPERATORS, "ArnNotEquals", _ARN, [
        ("the same", "arn:aws:s3:::a", "arn:aws:s3:::a", False), ("another", "arn:aws:s3:::a", "arn:aws:s3:::b", True),
        ("the key missing", "arn:aws:s3:::a", _MISSING, True),
    ]),
    *_table(_OPERATORS, "ArnNotLike", _ARN, [
        ("a star that fits", "arn:aws:s3:::*", "arn:aws:s3:::a", False),
        ("a star that does not", "arn:aws:s3:::*", "arn:aws:sns:us-east-1:111122223333:t", True),
    ]),
]  # fmt: skip

IF_EXISTS = [
    *_table(_OPERATORS, "StringEqualsIfExists", "ec2:InstanceType", [
        ("the key missing, as for other resources", "t3.nano", _MISSING, True),
        ("the same", "t3.nano", "t3.nano", True),
        ("another", "t3.nano", "m5.large", False),
    ]),
    *_table(_OPERATORS, "StringLikeIfExists", "ec2:InstanceType", [
        ("the key missing", ["t1.*", "t2.*"], _MISSING, True), ("fits", ["t1.*", "t2.*"], "t2.micro", True),
        ("does not", ["t1.*", "t2.*"], "m5.large", False),
    ]),
    *_table(_OPERATORS, "StringNotEqualsIfExists", "aws:ResourceOrgID", [
        ("the key missing", "o-a1b2c3d4e5", _MISSING, True), ("the same", "o-a1b2c3d4e5", "o-a1b2c3d4e5", False),
    ]),
    *_table(_OPERATORS, "NumericLessThanIfExists", "aws:MultiFactorAuthAge", [
        ("the key missing", "3600", _MISSING, True), ("less", "3600", "60", True), ("more", "3600", "4000", False),
    ]),
    *_table(_OPERATORS, "IpAddressIfExists", _SOURCE, [
        ("the key missing", "203.0.113.0/24", _MISSING, True), ("outside", "203.0.113.0/24", "198.51.100.1", False),
    ]),
    *_table(_OPERATORS, "ArnLikeIfExists", _ARN, [("the key missing", "arn:aws:s3:::*", _MISSING, True)]),
]  # fmt: skip

_KEYS = "aws:TagKeys"
SETS = [
    *_table(_SETS, "ForAllValues:StringEquals", _KEYS, [
        ("all of them", ["team", "stage"], ["team", "stage"], True),
        ("fewer", ["team", "stage"], ["team"], True),
        ("one more", ["team", "stage"], ["team", "owner"], False),
        ("the key missing", ["team", "stage"], _MISSING, True),
        ("no values", ["team", "stage"], [], True),
        ("an empty text counts as no value", ["team"], "", True),
        ("a single value", ["team", "stage"], "team", True),
    ]),
    *_table(_SETS, "ForAllValues:StringLike", _KEYS, [
        ("all fit", ["team-*"], ["team-a", "team-b"], True), ("one does not", ["team-*"], ["team-a", "x"], False),
    ]),
    *_table(_SETS, "ForAllValues:StringNotEquals", _KEYS, [
        ("none of them is there", ["secret"], ["team", "stage"], True),
        ("one of them is", ["secret"], ["team", "secret"], False),
        ("the key missing", ["secret"], _MISSING, True),
    ]),
    *_table(_SETS, "ForAnyValue:StringEquals", _KEYS, [
        ("one of them", ["team", "stage"], ["owner", "team"], True),
        ("none of them", ["team", "stage"], ["owner"], False),
        ("the key missing", ["team"], _MISSING, False),
        ("no values", ["team"], [], False),
        ("an empty text counts as no value", [""], "", False),
    ]),
    *_table(_SETS, "ForAnyValue:StringLike", "aws:PrincipalOrgPaths", [
        ("a path below", "o-1/r-2/ou-3/*", ["o-1/r-2/ou-3/ou-4/"], True),
        ("the unit itself", "o-1/r-2/ou-3/*", ["o-1/r-2/ou-3/"], True),
        ("another unit", "o-1/r-2/ou-3/*", ["o-1/r-2/ou-9/"], False),
    ]),
    *_table(_SETS, "ForAnyValue:StringNotEquals", _KEYS, [
        ("one is another", ["team"], ["team", "owner"], True), ("all are the same", ["team"], ["team"], False),
        ("the key missing", ["team"], _MISSING, False),
    ]),
    *_table(_SETS, "ForAllValues:ArnLike", "aws:SourceArn", [
        ("all fit", "arn:aws:s3:::*", ["arn:aws:s3:::a", "arn:aws:s3:::b"], True),
    ]),
    *_table(_SETS, "ForAnyValue:StringEqualsIfExists", _KEYS, [
        ("the key missing", ["team"], _MISSING, True), ("none of them", ["team"], ["owner"], False),
    ]),
    *_table(_SINGLE, "StringEquals", _KEYS, [
        ("several values without a set operator, one fits", "team", ["owner", "team"], True),
        ("several values without a set operator, none fits", "team", ["owner"], False),
    ]),
    *_table(_SINGLE, "StringNotEquals", _KEYS, [
        ("several values without a set operator, one is the same", "team", ["owner", "team"], False),
    ]),
]  # fmt: skip

_BOTH = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:PrincipalTag/stage": "test"}}
_TWO = {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}, "Bool": {"aws:SecureTransport": "true"}}
SEVERAL = [
    Case(_SEVERAL, words, expect, context=context, identity=identity)
    for words, expect, context, identity in [
        ("two keys, both fit", "allowed", {"aws:PrincipalTag/team": "red", "aws:PrincipalTag/stage": "test"},
         [allow(when=_BOTH)]),
        ("two keys, one fits", "no identity", {"aws:PrincipalTag/team": "red", "aws:PrincipalTag/stage": "live"},
         [allow(when=_BOTH)]),
        ("two keys, one is missing", "no identity", {"aws:PrincipalTag/team": "red"}, [allow(when=_BOTH)]),
        ("two operators, both fit", "allowed", {"aws:PrincipalTag/team": "blue", "aws:SecureTransport": "true"},
         [allow(when=_TWO)]),
        ("two operators, one fits", "no identity", {"aws:PrincipalTag/team": "blue", "aws:SecureTransport": "false"},
         [allow(when=_TWO)]),
        ("a Deny needs all its conditions too", "allowed", {"aws:PrincipalTag/team": "blue"},
         [allow(), deny(when=_TWO)]),
        ("a Deny whose conditions all fit", "denied by identity",
         {"aws:PrincipalTag/team": "blue", "aws:SecureTransport": "true"}, [allow(), deny(when=_TWO)]),
        ("the name of a key in another case", "allowed", {"aws:securetransport": "true"},
         [allow(when={"Bool": {"AWS:SECURETRANSPORT": "true"}})]),
        ("no condition in the block", "allowed", {}, [allow(when={})]),
        ("denied without MFA, the key false", "denied by identity", {"aws:MultiFactorAuthPresent": "false"},
         [allow(), deny(when={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})]),
        ("denied without MFA, lasting keys", "denied by identity", {},
         [allow(), deny(when={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})]),
        ("denied without MFA, with it", "allowed", {"aws:MultiFactorAuthPresent": "true"},
         [allow(), deny(when={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})]),
        ("Bool alone lets lasting keys through", "allowed", {},
         [allow(), deny(when={"Bool": {"aws:MultiFactorAuthPresent": "false"}})]),
    ]
]  # fmt: skip

CASES = [*STRINGS, *NUMBERS, *DATES, *TRUTHS, *ADDRESSES, *ARNS, *IF_EXISTS, *SETS, *SEVERAL]
