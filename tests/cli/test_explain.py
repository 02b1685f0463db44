"""`cumulet explain`: why a call was refused or let in."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from cumulet.kernel.audit import entries
from cumulet.kernel.authz import Ask, Policies, PolicyKind, parse
from tests.admin_client import call
from tests.iam.policies import ALLOW_ALL, acting, allow, deny, policy, refused, trusting, user_with


@pytest.fixture
def own(own_cloud):
    """Makes clients of a cloud of the test's own: `own("s3")`."""

    def make(service, **options):
        if "aws_access_key_id" not in options:
            return own_cloud.client(service, **options)
        return boto3.client(service, endpoint_url=own_cloud.url, region_name="us-east-1", **options)

    return make


@pytest.fixture
def explain(own_cloud):
    def ask(request_id=None, **body):
        path = "/_cumulet/explain" + (f"/{request_id}" if request_id else "")
        return call(own_cloud.url, "GET", path, body or None)

    return ask


def failed(operation, **parameters) -> str:
    """The request id of the call, which is refused."""
    with pytest.raises(ClientError) as caught:
        operation(**parameters)
    return caught.value.response["ResponseMetadata"]["RequestId"]


@pytest.mark.spec("security:IAM-20")
def test_a_denial_is_told_with_every_policy_and_what_of_it_did_not_fit(own, own_cloud, explain):
    iam, s3 = own("iam"), own("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="cat.jpg", Body=b"x")
    mine = allow(
        "s3:GetObject", resource="arn:aws:s3:::photos/*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    )
    other = allow("s3:GetObject", resource="arn:aws:s3:::other/*")
    queues = {**allow("sqs:*"), "Sid": "Queues"}
    user = acting(own, user_with(iam, "ana", policy(mine, other, queues)), "s3")
    strict = {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "s3:*"}
    s3.put_bucket_policy(Bucket="photos", Policy=policy({**strict, "Resource": "arn:aws:s3:::photos/*"}))

    request_id = failed(user.get_object, Bucket="photos", Key="cat.jpg")
    iam.put_user_policy(UserName="ana", PolicyName="p0", PolicyDocument=ALLOW_ALL)  # too late for that call
    status, told = explain(request_id)

    assert (status, told["outcome"], told["policies_as_of"]) == (200, "denied", "then")
    assert told["principal"].endswith(":user/ana")
    [question] = told["questions"]
    assert (question["action"], question["resource"]) == ("s3:GetObject", "arn:aws:s3:::photos/cat.jpg")
    assert question["words"].endswith("because no identity-based policy allows the s3:GetObject action")
    seen = {(each["layer"], each["statement"]): (each["failed"], each["wanted"]) for each in question["statements"]}
    assert seen == {
        ("a resource-based policy", 0): ("Principal", {"AWS": "arn:aws:iam::999999999999:root"}),
        ("an identity-based policy", 0): ("Condition", None),
        ("an identity-based policy", 1): ("Resource", ["arn:aws:s3:::other/*"]),
        ("an identity-based policy", "Queues"): ("Action", ["sqs:*"]),
    }
    assert question["statements"][1]["condition"]["wanted"] == ["true"]
    assert question["missing_keys"] == ["aws:MultiFactorAuthPresent"]
    own_cloud.cloud.kernel.check()


def test_what_is_offered_for_pasting_is_what_was_missing(own, explain):
    iam, s3 = own("iam"), own("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a*b?${c}", Body=b"x")
    s3.put_object(Bucket="photos", Key="a-b", Body=b"x")
    user = acting(own, user_with(iam, "ana"), "s3")

    failed(user.get_object, Bucket="photos", Key="a*b?${c}")
    [remedy] = explain()[1]["questions"][0]["remedies"]
    iam.put_user_policy(UserName="ana", PolicyName="pasted", PolicyDocument=policy(remedy["statement"]))

    assert remedy["in"] == "an identity-based policy"
    assert user.get_object(Bucket="photos", Key="a*b?${c}")["Body"].read() == b"x"
    failed(user.get_object, Bucket="photos", Key="a-b")


def test_both_sides_are_offered_where_both_are_missing(own, own_cloud, explain):
    mine = own("s3")
    mine.create_bucket(Bucket="photos")
    mine.put_object(Bucket="photos", Key="k", Body=b"x")
    away = boto3.client("iam", endpoint_url=own_cloud.url, region_name="us-east-1",
                        aws_access_key_id="222222222222", aws_secret_access_key="x")  # fmt: skip
    guest = acting(own, user_with(away, "guest"), "s3")

    failed(guest.get_object, Bucket="photos", Key="k")
    first, second = explain(account="222222222222")[1]["questions"][0]["remedies"]
    assert (first["in"], second["in"]) == ("a resource-based policy", "an identity-based policy")
    mine.put_bucket_policy(Bucket="photos", Policy=policy(first["statement"]))
    failed(guest.get_object, Bucket="photos", Key="k")
    away.put_user_policy(UserName="guest", PolicyName="p", PolicyDocument=policy(second["statement"]))
    assert guest.get_object(Bucket="photos", Key="k")["Body"].read() == b"x"


def test_whoever_learns_nothing_of_a_missing_key_can_still_ask_here(own, explain):
    iam, s3 = own("iam"), own("s3")
    s3.create_bucket(Bucket="photos")
    user = acting(own, user_with(iam, "ana", policy(allow("s3:GetObject"))), "s3")

    said = refused(user.get_object, Bucket="photos", Key="missing")
    question = explain()[1]["questions"][0]

    assert said == "AccessDenied: Access Denied"
    assert (question["action"], question["resource"]) == ("s3:ListBucket", "arn:aws:s3:::photos")


def test_of_a_flood_of_refused_reads_the_last_are_kept(own, own_cloud, explain):
    s3 = own("s3")
    s3.create_bucket(Bucket="photos")
    user = acting(own, user_with(own("iam"), "ana"), "s3")
    ids = [failed(user.get_object, Bucket="photos", Key=f"k{number}") for number in range(120)]
    own_cloud.settle()

    store = own_cloud.cloud.kernel.store
    kept = own_cloud.run(store.read(entries.denials, "000000000000", "", 1000))
    assert kept[0].request_id == ids[-1] == explain()[1]["request_id"]
    assert explain(ids[-1])[1]["questions"][0]["resource"] == "arn:aws:s3:::photos/k119"
    own_cloud.advance(days=4)
    assert explain()[0] == 404


def test_a_refusal_without_a_policy_is_told_as_such(own, explain):
    s3 = own("s3")
    s3.create_bucket(Bucket="photos")

    request_id = failed(s3.get_bucket_versioning, Bucket="photos", ExpectedBucketOwner="111111111111")
    told = explain(request_id)[1]

    assert (told["outcome"], told["questions"]) == ("refused", [])
    assert told["notes"] == ["No policy refused this; the service did, for the reason that its message gives."]


def test_an_explicit_deny_is_named_and_no_statement_is_offered(own, explain):
    iam = own("iam")
    user = acting(own, user_with(iam, "ana", ALLOW_ALL, policy({**deny("iam:List*"), "Sid": "NoLists"})))

    failed(user.list_users)
    question = explain()[1]["questions"][0]

    assert question["reason"] == "explicitDeny"
    assert question["decided_by"]["statement"] == "NoLists"
    assert question["remedies"] == []


def test_a_call_that_was_let_in_is_decided_again_with_the_policies_of_now(own, explain):
    iam, sqs = own("iam"), own("sqs")
    user = acting(own, user_with(iam, "ana", policy(allow("sqs:CreateQueue", "iam:ListUsers"))), "sqs")
    made = user.create_queue(QueueName="jobs")["ResponseMetadata"]["RequestId"]
    roots = sqs.create_queue(QueueName="others")["ResponseMetadata"]["RequestId"]

    before = explain(made)[1]
    iam.delete_user_policy(UserName="ana", PolicyName="p0")
    after = explain(made)[1]
    root = explain(roots)[1]

    assert (before["outcome"], before["policies_as_of"]) == ("allowed", "now")
    [question] = before["questions"]
    assert question["allowed"] and question["action"] == "sqs:CreateQueue"
    assert question["decided_by"] == {"policy": "inline p0 of user ana", "statement": 0}
    assert not after["questions"][0]["allowed"]
    assert any("Now it would not go so" in note for note in after["notes"])
    assert root["questions"] == []
    assert "no policy binds it" in root["notes"][1]
    assert sqs.list_queues()["QueueUrls"]


def test_session_policies_that_are_not_on_record_are_told_of(own, explain):
    iam, sts = own("iam"), own("sts")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"AWS": "000000000000"}))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=ALLOW_ALL)
    role = "arn:aws:iam::000000000000:role/r"
    narrow = policy(allow("iam:ListUsers"))
    key = sts.assume_role(RoleArn=role, RoleSessionName="dev", Policy=narrow)["Credentials"]
    session = acting(own, key)

    let_in = session.list_users()["ResponseMetadata"]["RequestId"]
    failed(session.list_roles)
    denied = explain()[1]["questions"][0]

    assert any("session had policies" in note for note in explain(let_in)[1]["notes"])
    assert denied["layer"] == "a session policy"
    assert [each["policy"] for each in denied["statements"] if each["layer"] == "a session policy"] == [
        "session policy"
    ]


@pytest.mark.parametrize("body", [b"{", b'{"account": 1}', b'{"account": "1"}', b'{"what": 1}'])
def test_what_cannot_be_meant_is_refused(explain, own_cloud, body):
    assert call(own_cloud.url, "GET", "/_cumulet/explain", body)[0] == 400
    assert call(own_cloud.url, "GET", "/_cumulet/explain/x", body)[0] == 400
    assert call(own_cloud.url, "GET", "/_cumulet/explain/" + "x" * 129)[0] == 400


def test_what_is_not_on_record_is_said_so_with_what_mends_it(cumulet):
    cumulet.up()
    nothing = cumulet("explain")
    unknown = cumulet("explain", "no-such-request")

    assert nothing.code == 1 and "nothing on record was refused" in nothing.err
    assert "cumulet explain REQUEST-ID" in nothing.err
    assert unknown.code == 1 and "no-such-request" in unknown.err and "cumulet explain\n" in unknown.err


def test_the_command_tells_it_while_the_cloud_runs_and_afterwards(cumulet):
    url = cumulet.up()["url"]

    def make(service, **keys):
        keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)

    user = acting(
        make,
        user_with(
            make("iam"), "ana", policy(allow("sqs:*"), {**allow("s3:*", resource="arn:aws:s3:::x"), "Sid": "OnlyX"})
        ),
        "iam",
    )
    request_id = failed(user.list_users)
    running = cumulet("explain", request_id)
    facts = cumulet("explain", "--json").json
    assert cumulet("down").code == 0
    stopped = cumulet("explain")

    assert running.code == 0, running.err
    assert running.out == stopped.out
    assert "DENIED  arn:aws:iam::000000000000:user/ana" in running.out
    assert "because no identity-based policy allows the iam:ListUsers action" in running.out
    assert "OnlyX" in running.out and "Action is about others: s3:*" in running.out
    pasted = json.loads(running.out[running.out.index("{") :])
    assert pasted == facts["questions"][0]["remedies"][0]["statement"]
    assert facts["request_id"] == request_id


def test_statements_about_other_actions_are_left_out_first():
    from cumulet.kernel.authz.explain import explain as account
    from tests.kernel.authz.language import ANA

    others = [allow(f"sqs:Action{number}") for number in range(150)]
    many = parse(policy(*others, allow("s3:GetObject", resource="arn:aws:s3:::b/*")), PolicyKind.IDENTITY, "many")
    told = account(Ask(ANA, "s3:GetObject", "arn:aws:s3:::c/k"), Policies(identity=(many,)))

    assert [each["failed"] for each in told["statements"]] == ["Resource"]
    assert told["left_out"] == 150
