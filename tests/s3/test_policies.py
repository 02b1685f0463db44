"""Bucket policies as documents: kept as they are, refused in AWS's words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.s3.answers import refusal
from tests.s3.strangers import open_up, policy

from cumulet.services.s3 import policies
from cumulet.services.s3.errors import MalformedPolicy


@pytest.mark.spec("storage:S3-26")
def test_a_policy_is_kept_as_it_is_and_deleted(s3, bucket):
    text = policy(bucket, {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})

    missing = refusal(s3.get_bucket_policy, Bucket=bucket)
    put = s3.put_bucket_policy(Bucket=bucket, Policy=text)
    shown = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    deleted = s3.delete_bucket_policy(Bucket=bucket)

    assert (missing["Code"], missing["BucketName"], missing["status"]) == ("NoSuchBucketPolicy", bucket, 404)
    assert missing["Message"] == "The bucket policy does not exist"
    assert shown == text
    assert put["ResponseMetadata"]["HTTPStatusCode"] == deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(s3.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"
    assert refusal(s3.get_bucket_policy_status, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"


@pytest.mark.spec("storage:S3-35")
def test_what_the_policy_generator_writes_is_accepted(client, s3, bucket, account):
    client("iam").create_user(UserName="ann")
    generated = {
        "Id": "Policy1700000000000",
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Stmt1700000000001",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Effect": "Allow",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Principal": {"AWS": [f"arn:aws:iam::{account}:user/ann"]},
            }
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(generated))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == generated


def _statement(**changes):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    statement |= changes
    return json.dumps({"Statement": {name: value for name, value in statement.items() if value is not None}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("random", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "This policy contains invalid Json"),
        ("{" + '"a":{' * 5000, "This policy contains invalid Json"),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Statement": [1]}', "Invalid policy syntax."),
        ('{"Version": "2020-01-01", "Statement": []}', "The policy must contain a valid version string"),
        ('{"Statements": [], "Statement": []}', "Unknown field Statements"),
        (_statement(Effect=None), "Missing required field Effect"),
        (_statement(Effect="allow"), "Invalid effect : allow"),
        (_statement(Principal=None), "Missing required field Principal"),
        (_statement(Principal={"AWS": "ann"}), "Invalid principal in policy"),
        (_statement(Principal={"AWS": []}), "Invalid policy syntax."),
        (_statement(Principal="ann"), "Invalid principal in policy"),
        (_statement(Principal={"Everyone": "*"}), "Invalid principal in policy"),
        (_statement(Action=None), "Missing required field Action"),
        (_statement(Action="ec2:RunInstances"), "Policy has invalid action"),
        (_statement(Action={"a": "b"}), "Invalid policy syntax."),
        (_statement(Resource=None), "Missing required field Resource"),
        (_statement(Resource="*"), "Policy has invalid resource"),
        (_statement(Resource="arn:aws:s3:::another/*"), "Policy has invalid resource"),
        (_statement(Resource="arn:aws:s3:::b"), "Action does not apply to any resource(s) in statement"),
        (_statement(Action="s3:ListBucket"), "Action does not apply to any resource(s) in statement"),
        (_statement(Condition={"StringIs": {"aws:Referer": "x"}}), "Invalid Condition type : StringIs"),
        (_statement(Condition={"StringEquals": {"Referer": "x"}}), "Policy has an invalid condition key: Referer"),
        (_statement(Condition="x"), "Invalid policy syntax."),
        (_statement(Foo=1), "Unknown field Foo"),
    ],
)
def test_malformed_policies_are_refused_in_words(text, words):
    with pytest.raises(MalformedPolicy) as refused:
        policies.parse(text, "b")
    assert refused.value.message == words


def test_malformed_policies_are_refused_over_the_wire(s3, bucket):
    refused = refusal(s3.put_bucket_policy, Bucket=bucket, Policy="{}")
    assert (refused["Code"], refused["Message"], refused["status"]) == (
        "MalformedPolicy",
        "Missing required field Statement",
        400,
    )
    empty = refusal(s3.put_bucket_policy, Bucket=bucket, Policy="")
    assert empty["Message"] == "Policies must be valid JSON and the first byte must be '{'"


def test_the_size_limit_does_not_count_white_space():
    def padded(size):
        return json.dumps({"Id": "x" * size, "Statement": json.loads(_statement())["Statement"]}, indent=40)

    policies.parse(padded(20_000), "b")
    with pytest.raises(MalformedPolicy):
        policies.parse(padded(21_000), "b")


@pytest.mark.spec("storage:S3-32")
@pytest.mark.parametrize(
    ("changes", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Principal": {"Service": "logging.s3.amazonaws.com"}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*"}}}, True),
        ({"Condition": {"StringLike": {"aws:Referer": "https://example.com/*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"NotPrincipal": {"AWS": "111111111111"}, "Principal": None}, True),
    ],
)
def test_which_policies_are_public(changes, public):
    assert policies.parse(_statement(**changes), "b")["public"] is public


def test_the_status_tells_whether_a_policy_is_public(s3, bucket):
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["*", "s3:*", "arn:aws:s3:::b/*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(json.loads(_statement())["Statement"], _JSON)), _JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_policy_or_refused(statement, condition):
    whole = json.loads(_statement())["Statement"]
    for each in (statement, {**whole, **statement}, {**whole, "Condition": condition}):
        try:
            policies.parse(json.dumps({"Statement": each}), "b")
        except MalformedPolicy:
            continue
