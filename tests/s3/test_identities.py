"""Users, roles and other accounts at a bucket: what their own policies, the bucket's and its ACLs come to together."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest
from tests.admin_client import call
from tests.conftest import connect
from tests.iam.policies import ALLOW_ALL, acting, allow, deny, policy, trusting, user_with
from tests.organizations.conftest import SCP, World
from tests.s3.answers import refusal
from tests.s3.strangers import fetch, open_up
from tests.s3.strangers import policy as on
from tests.s3control.conftest import at_aws

from cumulet.kernel import totp

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def other(account) -> str:
    """The number of another account."""
    return f"8{account[1:]}"


@pytest.fixture
def theirs(client, other):
    """IAM of the other account."""
    return client("iam", account=other)


@pytest.fixture
def kept(s3, bucket) -> str:
    """The bucket, with an object `k`."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="class=open")
    return bucket


def user(client, iam, *policies, name="ana"):
    """S3 as a new user sees it."""
    return acting(client, user_with(iam, name, *policies), "s3")


def role(iam, name, trusted, *policies) -> str:
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting({"AWS": trusted}))
    for number, text in enumerate(policies):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=text)
    return made["Role"]["Arn"]


def assumed(client, account, arn, service="s3", **more):
    """A service as a session of the role sees it; the root of `account` assumes it."""
    sts = client("sts", account=account)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="dev", **more)["Credentials"]
    return acting(client, given, service)


def may(operation, **given) -> bool:
    """Whether a call is let in; anything but a plain refusal raises."""
    try:
        operation(**given)
    except operation.__self__.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
        return False
    return True


def objects(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}/*"


# Within one account

READS, NOTHING, REFUSES = "reads", "nothing", "refuses"


def own_policy(what: str, resource: str) -> list[str]:
    made = {READS: allow, REFUSES: deny}.get(what)
    return [] if made is None else [policy(made("s3:GetObject", resource=resource))]


@pytest.mark.spec("storage:S3-24", "security:IAM-20", "security:IAM-21")
@pytest.mark.parametrize("kind", ["user", "role"])
@pytest.mark.parametrize("own", [READS, NOTHING, REFUSES])
@pytest.mark.parametrize("buckets", [READS, NOTHING, REFUSES])
def test_either_policy_may_allow_and_either_may_deny(client, iam, s3, kept, account, kind, own, buckets):
    if kind == "user":
        caller, arn = user(client, iam, *own_policy(own, objects(kept))), f"arn:aws:iam::{account}:user/ana"
    else:
        arn = role(iam, "app", account, *own_policy(own, objects(kept)))
        caller = assumed(client, account, arn)
    if buckets != NOTHING:
        effect = "Allow" if buckets == READS else "Deny"
        s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Effect": effect, "Principal": {"AWS": arn}}))

    assert may(caller.get_object, Bucket=kept, Key="k") is (READS in (own, buckets) and REFUSES not in (own, buckets))
    assert not may(caller.put_object, Bucket=kept, Key="k", Body=b"")


@pytest.mark.spec("security:IAM-08")
def test_roots_users_and_sessions_of_roles_call_and_nobody_else(client, iam, s3, kept, account):
    arn = f"arn:aws:iam::{account}"
    session = role(iam, "app", account, ALLOW_ALL)
    callers = {
        f"{arn}:root": client, f"{arn}:user/ana": partial(acting, client, user_with(iam, "ana", ALLOW_ALL)),
        f"arn:aws:sts::{account}:assumed-role/app/dev": partial(assumed, client, account, session),
    }  # fmt: skip
    for who, calling in callers.items():
        assert calling(service="sts").get_caller_identity()["Arn"] == who
        assert calling(service="s3").get_object(Bucket=kept, Key="k")
    assert fetch(s3.meta.endpoint_url, f"/{kept}/k").status == 403


@pytest.mark.spec("security:IAM-20", "security:IAM-22")
def test_groups_count_for_their_users(client, iam, kept):
    own = user(client, iam)
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=policy(allow("s3:GetObject")))
    before = may(own.get_object, Bucket=kept, Key="k")
    iam.add_user_to_group(GroupName="readers", UserName="ana")
    within = may(own.get_object, Bucket=kept, Key="k")
    iam.put_user_policy(UserName="ana", PolicyName="no", PolicyDocument=policy(deny("s3:GetObject")))

    assert (before, within, may(own.get_object, Bucket=kept, Key="k")) == (False, True, False)


@pytest.mark.spec("storage:S3-24")
def test_a_denial_tells_users_of_the_account_why(client, iam, s3, kept, account):
    own = user(client, iam)
    who, what = f"arn:aws:iam::{account}:user/ana", f'"arn:aws:s3:::{kept}/k"'
    words = f"User: {who} is not authorized to perform: s3:GetObject on resource: {what} "
    nobody_allowed = refusal(own.get_object, Bucket=kept, Key="k")
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Effect": "Deny"}))

    assert nobody_allowed["Message"] == words + "because no identity-based policy allows the s3:GetObject action"
    assert refusal(own.get_object, Bucket=kept, Key="k")["Message"] == (
        words + "with an explicit deny in a resource-based policy"
    )


@pytest.mark.spec("storage:S3-06", "storage:S3-27", "security:IAM-29")
def test_buckets_and_their_objects_are_named_apart(client, iam, s3, bucket):
    for key in ("folder/a", "folder/b/c", "folders", "other"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    arn = f"arn:aws:s3:::{bucket}"
    keys = ("folder/a", "folder/b/c", "folders", "other")

    def can(name, *resources) -> tuple[bool, list[str]]:
        own = user(client, iam, policy(allow("s3:*", resource=list(resources))), name=name)
        return may(own.list_objects_v2, Bucket=bucket), [k for k in keys if may(own.get_object, Bucket=bucket, Key=k)]

    assert can("whole", f"{arn}/*") == (False, list(keys))
    assert can("bucket", arn) == (True, [])
    assert can("both", arn, f"{arn}/*") == (True, list(keys))
    assert can("folder", f"{arn}/folder/*") == (False, ["folder/a", "folder/b/c"])
    assert can("one", f"{arn}/folder/?") == (False, ["folder/a"])
    assert can("start", f"{arn}*") == (True, list(keys))


@pytest.mark.spec("storage:S3-25")
def test_identity_policies_decide_which_calls_a_user_may_make(client, iam, s3, kept, account):
    resources = [f"arn:aws:s3:::{kept}", objects(kept)]
    own = user(client, iam, policy(allow("s3:PutObject", "s3:GetBucketVersioning", resource=resources)))
    mine = {"Bucket": kept}

    assert may(own.put_object, **mine, Key="new", Body=b"y")
    assert may(own.get_bucket_versioning, **mine)
    for operation, given in [
        (own.get_object, {"Key": "k"}),
        (own.delete_object, {"Key": "k"}),
        (own.list_objects_v2, {}),
        (own.put_object, {"Key": "new", "Body": b"", "Tagging": "a=b"}),
        (own.put_object, {"Key": "new", "Body": b"", "ObjectLockLegalHoldStatus": "ON"}),
        (own.copy_object, {"Key": "new", "CopySource": f"{kept}/k"}),
        (own.get_object_tagging, {"Key": "k"}),
        (own.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (own.put_bucket_policy, {"Policy": on(kept, {})}),
        (own.delete_bucket, {}),
    ]:
        assert not may(operation, **mine, **given), operation
    assert not may(own.list_buckets)
    assert not may(own.create_bucket, Bucket=f"mine-{account}")


@pytest.mark.spec("storage:S3-25")
def test_of_many_deletions_each_is_permitted_by_itself(client, iam, s3, bucket):
    for key in ("mine/a", "yours/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    own = user(client, iam, policy(allow("s3:DeleteObject", resource=f"arn:aws:s3:::{bucket}/mine/*")))

    answer = own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "yours/a"}]})

    assert [each["Key"] for each in answer["Deleted"]] == ["mine/a"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("yours/a", "AccessDenied")]
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["yours/a"]


# What policies may ask


@pytest.mark.spec("storage:S3-06", "security:IAM-22")
def test_everybody_has_a_home_folder_by_one_policy_of_the_group(client, iam, s3, bucket):
    arn = f"arn:aws:s3:::{bucket}"
    homes = policy(
        allow("s3:ListBucket", resource=arn, Condition={"StringLike": {"s3:prefix": ["home/${aws:username}/*"]}}),
        allow("s3:*Object", resource=f"{arn}/home/${{aws:username}}/*"),
    )
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="homes", PolicyDocument=homes)
    ana, bob = user(client, iam, name="ana"), user(client, iam, name="bob")
    for name in ("ana", "bob"):
        iam.add_user_to_group(GroupName="staff", UserName=name)

    ana.put_object(Bucket=bucket, Key="home/ana/diary", Body=b"dear")
    assert ana.list_objects_v2(Bucket=bucket, Prefix="home/ana/")["KeyCount"] == 1
    assert not may(bob.get_object, Bucket=bucket, Key="home/ana/diary")
    assert not may(bob.put_object, Bucket=bucket, Key="home/ana/diary", Body=b"")
    assert not may(bob.list_objects_v2, Bucket=bucket, Prefix="home/ana/")
    assert not may(bob.list_objects_v2, Bucket=bucket)
    assert may(bob.list_objects_v2, Bucket=bucket, Prefix="home/bob/")


@pytest.mark.spec("storage:S3-28", "security:IAM-24")
@pytest.mark.parametrize("where", ["identity", "bucket"])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"s3:ExistingObjectTag/class": "open"}}, True),
        ({"StringEquals": {"s3:ExistingObjectTag/class": "secret"}}, False),
        ({"StringEquals": {"s3:ExistingObjectTag/other": "open"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"Null": {"aws:SourceVpce": "true", "aws:SourceVpc": "true", "aws:VpcSourceIp": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-aaaaaaaaaa"}}, False),
        ({"StringEquals": {"s3:ResourceAccount": "000000000000"}}, False),
        ({"StringEquals": {"aws:username": "ana"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True),
        ({"StringEquals": {"s3:authType": "REST-HEADER"}}, True),
        ({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}, True),
        ({"NumericLessThan": {"s3:signatureAge": 1000}}, False),
    ],
)
def test_conditions_mean_the_same_in_both_kinds_of_policies(client, iam, s3, kept, account, where, condition, holds):
    read = allow("s3:GetObject", resource=objects(kept), Condition=condition)
    own = user(client, iam, *([policy(read)] if where == "identity" else []))
    iam.tag_user(UserName="ana", Tags=[{"Key": "team", "Value": "blue"}])
    if where == "bucket":
        ana = {"AWS": f"arn:aws:iam::{account}:user/ana"}
        s3.put_bucket_policy(Bucket=kept, Policy=policy({**read, "Principal": ana}))

    assert may(own.get_object, Bucket=kept, Key="k") is holds


@pytest.mark.spec("storage:S3-28")
def test_only_who_comes_by_the_endpoint_or_not_at_all(client, iam, s3, kept):
    """The well-known policy that shuts out whoever does not come through one VPC endpoint: nobody does yet."""
    shut = {"Effect": "Deny", "Action": "s3:GetObject", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}
    own = user(client, iam, ALLOW_ALL)
    assert may(own.get_object, Bucket=kept, Key="k")
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, shut))
    assert not may(own.get_object, Bucket=kept, Key="k")


@pytest.mark.spec("storage:S3-28", "storage:S3-29", "security:ORG-03")
def test_a_bucket_is_open_to_an_organization_and_nobody_else(shared_cloud, client, s3, kept, account, other):
    world = World(shared_cloud, account)
    member = world.make_account("member")
    within = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": world.id}}}
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, within))

    colleague = user(client, client("iam", account=member), ALLOW_ALL)
    powerless = user(client, client("iam", account=member), name="powerless")
    stranger = user(client, client("iam", account=other), ALLOW_ALL)

    assert may(colleague.get_object, Bucket=kept, Key="k")
    assert not may(powerless.get_object, Bucket=kept, Key="k")
    assert not may(stranger.get_object, Bucket=kept, Key="k")


# Several kinds of policies at once


@pytest.mark.spec("security:IAM-20", "security:IAM-22", "security:IAM-44")
@pytest.mark.parametrize("lacking", ["boundary", "session", "scp", None])
@pytest.mark.parametrize("effect", ["lacks", "denies"])
def test_every_limit_has_to_let_a_call_through(shared_cloud, client, account, lacking, effect):
    world = World(shared_cloud, account)
    world.enable(SCP)
    member = world.make_account("member")
    s3, iam = client("s3", account=member), client("iam", account=member)
    bucket = f"limits-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"")

    def limit(kind: str) -> str:
        if kind != lacking:
            return ALLOW_ALL
        return policy(allow("s3:List*")) if effect == "lacks" else policy(allow("*"), deny("s3:GetObject"))

    bounds = iam.create_policy(PolicyName="bounds", PolicyDocument=limit("boundary"))["Policy"]["Arn"]
    arn = role(iam, "app", member, ALLOW_ALL)
    iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=bounds)
    caller = assumed(client, member, arn, Policy=limit("session"))
    if lacking == "scp":
        world.attach(SCP, limit("scp"), member)
        if effect == "lacks":
            world.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=member)

    assert may(caller.get_object, Bucket=bucket, Key="k") is (lacking is None)


@pytest.mark.spec("security:IAM-22")
@pytest.mark.parametrize(
    ("named", "bounded", "let_in"),
    [("role", True, False), ("role", False, True), ("session", True, True), ("account", False, False)],
)
def test_how_a_bucket_names_a_session_decides_what_still_limits_it(
    client, iam, s3, kept, account, named, bounded, let_in
):
    """A grant to the role is limited by its boundary, one to the session itself is not; one to the account is
    nobody's in particular (IAM User Guide, policy evaluation logic)."""
    arn = role(iam, "app", account)
    if bounded:
        nothing = iam.create_policy(PolicyName="none", PolicyDocument=policy(allow("sqs:*")))["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=nothing)
    who = {"role": arn, "session": f"arn:aws:sts::{account}:assumed-role/app/dev", "account": account}[named]
    caller = assumed(client, account, arn)
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": who}}))

    assert may(caller.get_object, Bucket=kept, Key="k") is let_in


# Across accounts


@pytest.mark.spec("storage:S3-29", "security:IAM-23")
@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("named", ["user", "account"])
@pytest.mark.parametrize("their", [READS, NOTHING, REFUSES])
def test_across_accounts_both_sides_have_to_allow(client, theirs, s3, kept, other, ours, named, their):
    guest = user(client, theirs, *own_policy(their, objects(kept)), name="guest")
    arn = f"arn:aws:iam::{other}:user/guest" if named == "user" else f"arn:aws:iam::{other}:root"
    if ours:
        s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": arn}}))

    assert may(guest.get_object, Bucket=kept, Key="k") is (ours and their == READS)
    if not ours:
        assert refusal(guest.get_object, Bucket=kept, Key="k")["Message"] == "Access Denied"


@pytest.mark.spec("storage:S3-29", "storage:S3-30")
def test_a_guest_keeps_its_own_permissions_and_who_assumes_a_role_does_not(
    client, iam, theirs, s3, kept, account, other
):
    home = f"home-{other}"
    client("s3", account=other).create_bucket(Bucket=home)
    guest = user_with(theirs, "guest", ALLOW_ALL)
    arn = role(iam, "visitors", other, policy(allow("s3:GetObject", resource=objects(kept))))
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": f"arn:aws:iam::{other}:user/guest"}}))

    by_policy = acting(client, guest, "s3")
    given = acting(client, guest, "sts").assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
    by_role = acting(client, given, "s3")

    body = by_policy.get_object(Bucket=kept, Key="k")["Body"].read()
    assert may(by_policy.put_object, Bucket=home, Key="brought", Body=body)
    assert may(by_role.get_object, Bucket=kept, Key="k")
    assert not may(by_role.put_object, Bucket=home, Key="brought", Body=body)
    assert not may(by_role.list_objects_v2, Bucket=kept)


@pytest.mark.spec("storage:S3-29")
def test_a_deleted_guest_is_not_its_namesake(client, theirs, s3, kept, other):
    """A bucket's policy means the user, not the name: the one who comes after has another id."""
    guest = user_with(theirs, "guest", ALLOW_ALL)
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": f"arn:aws:iam::{other}:user/guest"}}))
    assert may(acting(client, guest, "s3").get_object, Bucket=kept, Key="k")
    theirs.delete_access_key(UserName="guest", AccessKeyId=guest["AccessKeyId"])
    theirs.delete_user_policy(UserName="guest", PolicyName="p0")
    theirs.delete_user(UserName="guest")

    gone = refusal(acting(client, guest, "s3").get_object, Bucket=kept, Key="k")
    namesake = user(client, theirs, ALLOW_ALL, name="guest")

    assert gone["Code"] == "InvalidAccessKeyId"
    assert not may(namesake.get_object, Bucket=kept, Key="k")
    [left] = json.loads(s3.get_bucket_policy(Bucket=kept)["Policy"])["Statement"]
    assert left["Principal"]["AWS"].startswith("AIDA")


@pytest.mark.spec("storage:S3-29")
def test_a_renamed_guest_is_still_the_guest(client, theirs, s3, kept, other):
    guest = user(client, theirs, ALLOW_ALL, name="guest")
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": [f"arn:aws:iam::{other}:user/guest"]}}))
    theirs.update_user(UserName="guest", NewUserName="friend")

    assert may(guest.get_object, Bucket=kept, Key="k")
    [shown] = json.loads(s3.get_bucket_policy(Bucket=kept)["Policy"])["Statement"]
    assert shown["Principal"]["AWS"] == [f"arn:aws:iam::{other}:user/friend"]


@pytest.mark.spec("storage:S3-26")
@pytest.mark.parametrize("kind", ["user", "role"])
def test_whom_a_policy_names_has_to_be_there(s3, bucket, account, kind):
    nobody = {"Principal": {"AWS": f"arn:aws:iam::{account}:{kind}/nobody"}}
    refused = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=on(bucket, nobody))
    assert (refused["Code"], refused["Message"]) == ("MalformedPolicy", "Invalid principal in policy")


# ACLs, ownership and Block Public Access


def with_acls(s3, bucket: str, ownership: str = "ObjectWriter") -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
    open_up(s3, bucket)


@pytest.mark.spec("storage:S3-33")
@pytest.mark.parametrize("their", [READS, NOTHING, REFUSES])
def test_what_an_acl_gives_to_an_account_its_own_iam_hands_on(client, theirs, s3, kept, other, their):
    canonical = client("s3", account=other).list_buckets()["Owner"]["ID"]
    with_acls(s3, kept)
    s3.put_object_acl(Bucket=kept, Key="k", GrantRead=f"id={canonical}")
    guest = user(client, theirs, *own_policy(their, objects(kept)))

    assert may(guest.get_object, Bucket=kept, Key="k") is (their == READS)
    assert not may(guest.list_objects_v2, Bucket=kept)
    assert not may(guest.get_object_acl, Bucket=kept, Key="k")
    assert may(client("s3", account=other).get_object, Bucket=kept, Key="k")


@pytest.mark.spec("storage:S3-33")
def test_an_object_belongs_to_who_wrote_it_until_the_bucket_says_otherwise(client, iam, theirs, s3, bucket, other):
    with_acls(s3, bucket)
    s3.put_bucket_policy(
        Bucket=bucket, Policy=on(bucket, {"Principal": {"AWS": other}, "Action": ["s3:PutObject", "s3:GetObject"]})
    )
    guest, owner = user(client, theirs, ALLOW_ALL), user(client, iam, ALLOW_ALL)
    guest.put_object(Bucket=bucket, Key="k", Body=b"theirs")
    while_theirs = may(owner.get_object, Bucket=bucket, Key="k"), may(s3.get_object, Bucket=bucket, Key="k")
    deletable = may(owner.put_object_acl, Bucket=bucket, Key="k", ACL="private")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )

    assert (*while_theirs, deletable) == (False, False, False)
    assert owner.get_object(Bucket=bucket, Key="k")["Body"].read() == b"theirs"


@pytest.mark.spec("storage:S3-32", "storage:S3-31")
def test_public_policies_are_neutralised_and_others_are_not(client, iam, theirs, s3, kept, account, other):
    """RestrictPublicBuckets takes a public policy from strangers, from those of another account who are named in it
    too, but from nobody of the bucket's own account."""
    guest, own, named = user(client, theirs, ALLOW_ALL), user(client, iam), {"Principal": {"AWS": other}}
    open_up(s3, kept)
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {}, named))
    opened = [may(guest.get_object, Bucket=kept, Key="k"), may(own.get_object, Bucket=kept, Key="k")]
    assert fetch(s3.meta.endpoint_url, f"/{kept}/k").status == 200
    restrict = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=kept, PublicAccessBlockConfiguration=restrict)
    shut = [may(guest.get_object, Bucket=kept, Key="k"), may(own.get_object, Bucket=kept, Key="k")]
    assert fetch(s3.meta.endpoint_url, f"/{kept}/k").status == 403
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, named))

    assert (opened, shut) == ([True, True], [False, True])
    assert may(guest.get_object, Bucket=kept, Key="k")


@pytest.mark.spec("storage:S3-32")
def test_only_who_may_can_change_what_blocks_public_access(client, iam, bucket):
    own = user(client, iam, policy(allow("s3:*"), deny("s3:PutBucketPublicAccessBlock")))
    assert may(own.get_public_access_block, Bucket=bucket)
    assert not may(own.delete_public_access_block, Bucket=bucket)
    assert not may(own.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration={})


# Sessions: presigned URLs, MFA, requester pays


@pytest.mark.spec("storage:S3-39", "storage:S3-40")
def test_a_presigned_url_ends_with_the_session_that_signed_it(own_cloud):
    client = partial(connect, own_cloud, account="111111111111")
    iam, s3 = client("iam"), client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="k", Body=b"cat")
    arn = role(iam, "app", "111111111111", policy(allow("s3:GetObject", "s3:PutObject")))
    sts = client("sts")
    given = sts.assume_role(RoleArn=arn, RoleSessionName="dev", DurationSeconds=900)["Credentials"]
    session = acting(partial(connect, own_cloud, account=""), given, "s3")

    def presigned(operation: str, key: str) -> str:
        url = session.generate_presigned_url(operation, Params={"Bucket": "photos", "Key": key}, ExpiresIn=6 * 3600)
        return url.removeprefix(own_cloud.url)

    read, write = presigned("get_object", "k"), presigned("put_object", "new")
    first = fetch(own_cloud.url, read)
    stored = fetch(own_cloud.url, write, method="PUT", body=b"dog")
    iam.delete_role_policy(RoleName="app", PolicyName="p0")
    without = fetch(own_cloud.url, read)
    iam.put_role_policy(RoleName="app", PolicyName="p0", PolicyDocument=ALLOW_ALL)
    again = fetch(own_cloud.url, read)
    own_cloud.advance(minutes=16)
    late = fetch(own_cloud.url, read)

    assert (first.status, first.body, stored.status) == (200, "cat", 200)
    assert s3.get_object(Bucket="photos", Key="new")["Body"].read() == b"dog"
    assert without.status == 403 and "AccessDenied" in without.body
    assert again.status == 200
    assert late.status == 400 and "<Code>ExpiredToken</Code>" in late.body


@pytest.fixture
def device(iam, shared_cloud):
    """Tells a fresh code of an MFA device that the user `ana` has; and its serial number."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    return made["SerialNumber"], made["Base32StringSeed"].decode()


def with_mfa(client, cloud, iam, key, device):
    """S3 in a session that the user `ana` began with a code."""
    serial, seed = device
    ago = [totp.code(seed, cloud.now() - timedelta(seconds=seconds)) for seconds in (60, 30)]
    iam.enable_mfa_device(UserName="ana", SerialNumber=serial, AuthenticationCode1=ago[0], AuthenticationCode2=ago[1])
    sts = acting(client, key, "sts")
    given = sts.get_session_token(SerialNumber=serial, TokenCode=totp.code(seed, cloud.now()))["Credentials"]
    return partial(acting, client, given)


@pytest.mark.spec("storage:S3-34", "storage:S3-28", "security:IAM-27", "security:IAM-57", "security:X-43")
@pytest.mark.parametrize("where", ["identity", "bucket"])
def test_sensitive_reads_take_a_session_with_mfa(shared_cloud, client, iam, s3, bucket, device, where):
    for key in ("secret/k", "open/k"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    guarded = deny("s3:GetObject", resource=f"arn:aws:s3:::{bucket}/secret/*", Condition=NO_MFA)
    key = user_with(iam, "ana", policy(allow("*"), *([guarded] if where == "identity" else [])))
    if where == "bucket":
        s3.put_bucket_policy(Bucket=bucket, Policy=policy({**guarded, "Principal": "*"}))
    plain, proved = acting(client, key, "s3"), with_mfa(client, shared_cloud, iam, key, device)("s3")

    assert may(plain.get_object, Bucket=bucket, Key="open/k")
    assert not may(plain.get_object, Bucket=bucket, Key="secret/k")
    assert may(proved.get_object, Bucket=bucket, Key="secret/k")


@pytest.mark.spec("security:IAM-57", "security:IAM-27")
def test_a_queue_can_take_messages_of_mfa_sessions_only(shared_cloud, client, iam, sqs, device, account):
    url = sqs.create_queue(QueueName="guarded")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{account}:guarded"
    key = user_with(iam, "ana", policy(allow("sts:*")))
    ana = {"AWS": f"arn:aws:iam::{account}:user/ana"}
    text = policy({**allow("sqs:SendMessage", resource=arn, Condition=MFA), "Principal": ana})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    plain, proved = acting(client, key, "sqs"), with_mfa(client, shared_cloud, iam, key, device)("sqs")

    assert refusal(plain.send_message, QueueUrl=url, MessageBody="m")["Code"].startswith("AccessDenied")
    assert proved.send_message(QueueUrl=url, MessageBody="m")["MessageId"]


@pytest.mark.spec("storage:S3-48", "storage:S3-49")
def test_mfa_delete_is_the_roots_alone_with_its_own_device(shared_cloud, client, iam, s3, bucket, account):
    _, made = call(shared_cloud.url, "POST", "/_cumulet/signin/root/mfa", {"account": account})
    wanted = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}}
    admin = user(client, iam, ALLOW_ALL)

    def code() -> str:
        return f"{made['SerialNumber']} {totp.code(made['Seed'], shared_cloud.now())}"

    assert not may(admin.put_bucket_versioning, **wanted, MFA=code())
    assert not may(s3.put_bucket_versioning, **wanted)
    s3.put_bucket_versioning(**wanted, MFA=code())
    version = admin.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    assert not may(admin.delete_object, Bucket=bucket, Key="k", VersionId=version, MFA=code())
    assert not may(s3.delete_object, Bucket=bucket, Key="k", VersionId=version)
    assert may(admin.delete_object, Bucket=bucket, Key="k")  # a marker hides it, and takes nothing away
    assert may(s3.delete_object, Bucket=bucket, Key="k", VersionId=version, MFA=code())


@pytest.mark.spec("storage:S3-102")
def test_a_role_of_another_account_pays_for_what_it_takes(client, theirs, s3, kept, other):
    arn = role(theirs, "buyer", other, policy(allow("s3:GetObject")))
    s3.put_bucket_policy(Bucket=kept, Policy=on(kept, {"Principal": {"AWS": arn}}))
    s3.put_bucket_request_payment(Bucket=kept, RequestPaymentConfiguration={"Payer": "Requester"})
    buyer = assumed(client, other, arn)

    assert not may(buyer.get_object, Bucket=kept, Key="k")
    paid = buyer.get_object(Bucket=kept, Key="k", RequestPayer="requester")
    assert (paid["RequestCharged"], paid["Body"].read()) == ("requester", b"x")


@pytest.mark.spec("storage:S3-102")
def test_a_role_in_the_owners_account_lets_the_owner_pay(client, iam, s3, kept, account, other):
    """Who assumes a role of the owner's is charged to the owner (S3 User Guide, Requester Pays)."""
    s3.put_bucket_request_payment(Bucket=kept, RequestPaymentConfiguration={"Payer": "Requester"})
    visitor = assumed(client, other, role(iam, "visitors", other, policy(allow("s3:GetObject"))))

    assert "RequestCharged" not in visitor.get_object(Bucket=kept, Key="k")


# Access points


@pytest.mark.spec("storage:S3AP-03", "storage:S3AP-01")
def test_users_come_by_their_own_access_point_alone(shared_cloud, client, iam, s3, bucket, account):
    control = at_aws(shared_cloud, "s3control", account)
    aliases = {}
    for name in ("finance", "sales"):
        s3.put_object(Bucket=bucket, Key=f"{name}/report", Body=name.encode())
        made = control.create_access_point(AccountId=account, Name=name, Bucket=bucket)
        aliases[name], arn = made["Alias"], made["AccessPointArn"]
        who = {"AWS": f"arn:aws:iam::{account}:user/{name}"}
        user_with(iam, name)
        reads = {**allow("s3:GetObject", resource=f"{arn}/object/{name}/*"), "Principal": who}
        control.put_access_point_policy(AccountId=account, Name=name, Policy=policy(reads))
    finance = acting(client, iam.create_access_key(UserName="finance")["AccessKey"], "s3")

    assert finance.get_object(Bucket=aliases["finance"], Key="finance/report")["Body"].read() == b"finance"
    assert not may(finance.get_object, Bucket=aliases["finance"], Key="sales/report")
    assert not may(finance.get_object, Bucket=aliases["sales"], Key="sales/report")
    assert not may(finance.get_object, Bucket=bucket, Key="finance/report")
    assert not may(finance.put_object, Bucket=aliases["finance"], Key="finance/report", Body=b"")


@pytest.mark.spec("storage:S3AP-03")
def test_a_buckets_deny_holds_at_its_access_points(shared_cloud, client, iam, s3, bucket, account):
    control = at_aws(shared_cloud, "s3control", account)
    alias = control.create_access_point(AccountId=account, Name="finance", Bucket=bucket)["Alias"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    own = user(client, iam, policy(allow("s3:*")))
    before = may(own.get_object, Bucket=alias, Key="k")
    s3.put_bucket_policy(Bucket=bucket, Policy=on(bucket, {"Effect": "Deny"}))

    assert before and not may(own.get_object, Bucket=alias, Key="k")


# Queues have the same rules


@pytest.mark.spec("security:IAM-20", "security:IAM-22", "security:IAM-23")
@pytest.mark.parametrize("where", ["here", "there"])
@pytest.mark.parametrize("own", [READS, NOTHING, REFUSES])
@pytest.mark.parametrize("queues", [READS, NOTHING, REFUSES])
def test_a_queue_and_its_callers_agree_by_the_same_rules(client, iam, theirs, sqs, account, other, where, own, queues):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn, sends = f"arn:aws:sqs:us-east-1:{account}:jobs", {READS: allow, REFUSES: deny}
    mine = [policy(sends[own]("sqs:SendMessage", resource=arn))] if own != NOTHING else []
    caller = acting(client, user_with(iam if where == "here" else theirs, "ana", *mine), "sqs")
    ana = {"AWS": f"arn:aws:iam::{account if where == 'here' else other}:user/ana"}
    if queues != NOTHING:
        text = policy({**sends[queues]("sqs:SendMessage", resource=arn), "Principal": ana})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})

    allowed = READS in (own, queues) if where == "here" else own == queues == READS
    if allowed and REFUSES not in (own, queues):
        assert caller.send_message(QueueUrl=url, MessageBody="m")["MessageId"]
    else:
        assert refusal(caller.send_message, QueueUrl=url, MessageBody="m")["Code"].startswith("AccessDenied")
