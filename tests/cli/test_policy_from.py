"""`cumulet policy-from`: the least policy that covers what somebody did."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from cumulet.admin import policy_from
from cumulet.kernel.audit.batches import Uses
from cumulet.kernel.audit.use import MOST_RESOURCES, Use
from tests.admin_client import call
from tests.iam.policies import ALLOW_ALL, acting, refused, trusting, user_with

ROOT = "arn:aws:iam::000000000000:root"


@pytest.fixture
def own(own_cloud):
    """Makes clients of a cloud of the test's own: `own("s3")`."""

    def make(service, **options):
        if "aws_access_key_id" not in options:
            return own_cloud.client(service, **options)
        return boto3.client(service, endpoint_url=own_cloud.url, region_name="us-east-1", **options)

    return make


@pytest.fixture
def derive(own_cloud):
    def ask(principal=ROOT, **more):
        return call(own_cloud.url, "GET", "/_cumulet/policy-from", {"principal": principal, **more})

    return ask


def statements(answer) -> dict[str, list[str]]:
    """The actions that each resource, or list of them, is allowed."""
    status, told = answer
    assert status == 200, told
    made = [each for document in told["policies"] for each in document["Statement"]]
    return {json.dumps(each["Resource"]): each["Action"] for each in made}


def photos(s3) -> None:
    """What an application does with a bucket."""
    s3.put_object(Bucket="photos", Key="in/cat.jpg", Body=b"cat", Tagging="kind=cat")
    s3.copy_object(Bucket="photos", Key="out/cat.jpg", CopySource="photos/in/cat.jpg")
    assert s3.get_object(Bucket="photos", Key="out/cat.jpg")["Body"].read() == b"cat"
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="photos", Key="missing.jpg")
    gone = s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "out/cat.jpg"}, {"Key": "out/dog.jpg"}]})
    assert "Errors" not in gone


def jobs(sqs) -> None:
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="cat")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_user_with_the_policy_can_do_what_was_done_and_nothing_else(own, own_cloud, derive):
    s3, sqs, iam = own("s3"), own("sqs"), own("iam")
    s3.create_bucket(Bucket="photos")
    s3.create_bucket(Bucket="secrets")
    sqs.create_queue(QueueName="jobs")
    own_cloud.advance(hours=2)
    photos(s3)
    jobs(sqs)

    status, told = derive(since="1h")
    assert status == 200, told
    [document] = told["policies"]
    user = user_with(iam, "app", json.dumps(document))
    as_user, as_worker = acting(own, user, "s3"), acting(own, user, "sqs")

    photos(as_user)
    jobs(as_worker)
    assert {
        "Effect": "Allow", "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::photos/{key}" for key in ("in/cat.jpg", "missing.jpg", "out/cat.jpg")],
    } in document["Statement"]  # fmt: skip
    granted = {action for each in document["Statement"] for action in each["Action"]}
    assert granted == {
        "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:PutObjectTagging",
        "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage",
    }  # fmt: skip
    for operation, given in [
        (as_user.get_object, {"Bucket": "photos", "Key": "in/dog.jpg"}),
        (as_user.put_object, {"Bucket": "photos", "Key": "in/dog.jpg", "Body": b""}),
        (as_user.delete_object, {"Bucket": "photos", "Key": "in/cat.jpg"}),
        (as_user.list_objects_v2, {"Bucket": "secrets"}),
        (as_user.put_bucket_versioning, {"Bucket": "photos", "VersioningConfiguration": {"Status": "Enabled"}}),
        (as_worker.create_queue, {"QueueName": "more"}),
        (as_worker.purge_queue, {"QueueUrl": own("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]}),
        (acting(own, user).list_users, {}),
    ]:
        assert refused(operation, **given).startswith("AccessDenied"), operation


def test_many_objects_become_what_their_keys_begin_with(own, derive):
    s3, iam = own("s3"), own("iam")
    s3.create_bucket(Bucket="photos")
    for number in range(300):
        s3.put_object(Bucket="photos", Key=f"2026/{number:03}.jpg", Body=b"")
    s3.put_object(Bucket="photos", Key="2027/a.jpg", Body=b"")
    s3.get_object(Bucket="photos", Key="2027/a.jpg")

    answer = derive()
    made = statements(answer)
    user = acting(own, user_with(iam, "app", json.dumps(answer[1]["policies"][0])), "s3")

    assert made['"arn:aws:s3:::photos/202*"'] == ["s3:PutObject"]
    assert made['"arn:aws:s3:::photos/2027/a.jpg"'] == ["s3:GetObject"]
    assert any("more than 64" in note for note in answer[1]["notes"])
    user.put_object(Bucket="photos", Key="2028/new.jpg", Body=b"")
    assert refused(user.put_object, Bucket="photos", Key="other.jpg", Body=b"").startswith("AccessDenied")


def test_a_star_in_a_key_stands_for_itself(own, derive):
    s3, iam = own("s3"), own("iam")
    s3.create_bucket(Bucket="photos")
    for key in ("all*", "allowed"):
        s3.put_object(Bucket="photos", Key=key, Body=b"")
    s3.get_object(Bucket="photos", Key="all*")

    answer = derive()
    user = acting(own, user_with(iam, "app", json.dumps(answer[1]["policies"][0])), "s3")

    assert statements(answer)['"arn:aws:s3:::photos/all${*}"'] == ["s3:GetObject"]
    assert user.get_object(Bucket="photos", Key="all*")
    assert refused(user.get_object, Bucket="photos", Key="allowed").startswith("AccessDenied")


def test_users_and_roles_have_policies_of_their_own_use(own, derive):
    iam, sts, s3 = own("iam"), own("sts"), own("s3")
    s3.create_bucket(Bucket="photos")
    ana = acting(own, user_with(iam, "ana", ALLOW_ALL), "sqs")
    iam.create_role(RoleName="app", Path="/x/", AssumeRolePolicyDocument=trusting({"AWS": "000000000000"}))
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=ALLOW_ALL)
    session = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/x/app", RoleSessionName="dev")
    ana.create_queue(QueueName="jobs")
    acting(own, session["Credentials"], "s3").list_objects_v2(Bucket="photos")

    queue = '"arn:aws:sqs:us-east-1:000000000000:jobs"'
    of_role = {'"arn:aws:s3:::photos"': ["s3:ListBucket"]}
    assert statements(derive("arn:aws:iam::000000000000:user/ana")) == {queue: ["sqs:CreateQueue"]}
    assert statements(derive("arn:aws:iam::000000000000:role/x/app")) == of_role
    assert statements(derive(session["AssumedRoleUser"]["Arn"])) == of_role
    assert '"arn:aws:iam::000000000000:role/x/app"' in str(statements(derive("000000000000")))


def test_what_was_refused_or_needs_no_permission_is_not_in_it(own, derive):
    iam = own("iam")
    key = user_with(iam, "ana")
    assert refused(acting(own, key).list_users).startswith("AccessDenied")
    acting(own, key, "sts").get_caller_identity()

    status, told = derive("arn:aws:iam::000000000000:user/ana")

    assert status == 404
    assert "has used nothing" in told["error"] and ROOT in told["error"]


@pytest.mark.parametrize("since", ["soon", "1x", "-1h", "9999-99-99", "999999999999999999h"])
def test_times_that_are_none_are_refused(derive, since):
    assert derive(since=since)[0] == 400


@pytest.mark.parametrize("principal", ["", "root", "arn:aws:iam::1:root", "arn:aws:s3:::b", "x" * 10_000, "\ud800"])
def test_principals_that_are_none_are_refused(derive, principal):
    assert derive(principal)[0] == 400


def used(action: str, *resources: str) -> Use:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Use(action=action, count=1, first=now, last=now, region="", regions=(), resources=resources)


def test_policies_above_the_limit_of_size_are_divided_without_loss():
    long = [f"arn:aws:s3:::bucket/{number:02}/{'x' * 300}" for number in range(64)]
    uses = [used("s3:GetObject", *long), used("s3:PutObject", *long), used("sqs:SendMessage", "arn:aws:sqs:a:1:q")]

    parcels = list(policy_from.parcelled(policy_from.statements(uses)))

    sizes = [len("".join(json.dumps({"Version": "2012-10-17", "Statement": each}).split())) for each in parcels]
    assert len(parcels) > 1 and max(sizes) <= 6144
    granted = {
        (action, resource)
        for parcel in parcels
        for each in parcel
        for action in each["Action"]
        for resource in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }
    assert granted == {(use.action, resource) for use in uses for resource in use.resources}


def test_the_ledger_folds_what_a_batch_cannot_list():
    """What is too much to list has to be covered all the same, whatever comes first."""
    uses = Uses(datetime(2026, 1, 1, tzinfo=UTC))
    every = [f"arn:aws:s3:::photos/a/{number}" for number in range(300)] + ["arn:aws:s3:::photos/b"]
    for resource in every:
        uses.name(resource)

    assert len(uses.resources) <= 4 * MOST_RESOURCES
    assert uses.sum("s3:GetObject").resources == ("arn:aws:s3:::photos/*",)


def test_the_command_prints_the_policy_and_comments_beside_it(cumulet):
    url = cumulet.up()["url"]
    s3 = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    s3.create_bucket(Bucket="photos")

    said = cumulet("policy-from", "--principal", ROOT)
    facts = cumulet("policy-from", "--principal", "000000000000", "--json").json
    nobody = cumulet("policy-from", "--principal", "arn:aws:iam::000000000000:user/nobody")
    assert cumulet("down").code == 0
    stopped = cumulet("policy-from", "--principal", ROOT, "--since", "1h")

    wanted = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:CreateBucket"], "Resource": "arn:aws:s3:::photos"}],
    }
    assert (said.code, json.loads(said.out), facts["policies"]) == (0, wanted, [wanted])
    assert said.err.startswith(f"# 1 calls of {ROOT} from ")
    assert json.loads(stopped.out) == wanted
    assert (
        nobody.code == 1 and f"on record are {ROOT}" in nobody.err and "Use the cloud as that principal" in nobody.err
    )
