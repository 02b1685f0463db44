"""ACLs: canned, by header, as XML; what they grant where they count, and that they count only where they may."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.strangers import anonymous, open_up

from cumulet.services.s3.owners import canonical_id

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"


@pytest.fixture
def me(account):
    return canonical_id(account)


@pytest.fixture
def with_acls(s3, bucket):
    """A bucket whose ACLs count and may be public."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    open_up(s3, bucket)
    return bucket


def _own(me):
    return {"Grantee": {"ID": me, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def _group(uri, permission):
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def test_without_an_acl_the_owner_has_full_control(s3, bucket, me):
    s3.put_object(Bucket=bucket, Key="k")
    assert plain(s3.get_bucket_acl(Bucket=bucket)) == {"Owner": {"ID": me}, "Grants": [_own(me)]}
    assert plain(s3.get_object_acl(Bucket=bucket, Key="k")) == {"Owner": {"ID": me}, "Grants": [_own(me)]}


@pytest.mark.spec("storage:S3-33")
def test_new_buckets_take_no_acls(s3, bucket, account):
    s3.put_object(Bucket=bucket, Key="k")
    refused = refusal(s3.put_bucket_acl, Bucket=bucket, ACL="public-read")

    assert (refused["Code"], refused["Message"], refused["status"]) == (
        "AccessControlListNotSupported",
        "The bucket does not allow ACLs",
        400,
    )
    assert refusal(s3.put_object_acl, Bucket=bucket, Key="k", ACL="private")["Code"] == "AccessControlListNotSupported"
    assert refusal(s3.put_object, Bucket=bucket, Key="k", ACL="public-read")["Code"] == "AccessControlListNotSupported"
    s3.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    assert refusal(s3.create_bucket, Bucket=f"acl-{account}", ACL="public-read")["Code"] == (
        "InvalidBucketAclWithObjectOwnership"
    )
    public = refusal(s3.create_bucket, Bucket=f"acl-{account}", ACL="public-read", ObjectOwnership="ObjectWriter")
    assert public["Code"] == "InvalidBucketAclWithBlockPublicAccessError"
    s3.create_bucket(Bucket=f"acl-{account}", ACL="private")


@pytest.mark.spec("storage:S3-33")
def test_a_public_read_acl_lets_everybody_read(s3, with_acls, client, me):
    visitor = anonymous(client)
    s3.put_object(Bucket=with_acls, Key="open", Body=b"o", ACL="public-read")
    s3.put_object(Bucket=with_acls, Key="shut", Body=b"s")

    assert visitor.get_object(Bucket=with_acls, Key="open")["Body"].read() == b"o"
    assert refusal(visitor.get_object, Bucket=with_acls, Key="shut")["status"] == 403
    assert refusal(visitor.list_objects_v2, Bucket=with_acls)["status"] == 403
    assert s3.get_object_acl(Bucket=with_acls, Key="open")["Grants"] == [_own(me), _group(ALL, "READ")]

    s3.put_bucket_acl(Bucket=with_acls, ACL="public-read-write")
    assert visitor.list_objects_v2(Bucket=with_acls)["KeyCount"] == 2
    visitor.put_object(Bucket=with_acls, Key="gift", Body=b"g")
    assert s3.get_object_acl(Bucket=with_acls, Key="shut")["Grants"] == [_own(me)]
    gift = s3.list_objects_v2(Bucket=with_acls, Prefix="gift", FetchOwner=True)["Contents"][0]
    assert gift["Owner"] == {"ID": "65a011a29cdf8ec533ec3d1ccaae921c"}


@pytest.mark.spec("storage:S3-32")
def test_block_public_access_refuses_and_ignores_public_acls(s3, with_acls, client):
    s3.put_object(Bucket=with_acls, Key="k", Body=b"x", ACL="public-read")
    visitor = anonymous(client)
    s3.put_public_access_block(Bucket=with_acls, PublicAccessBlockConfiguration={"BlockPublicAcls": True})

    assert refusal(s3.put_object, Bucket=with_acls, Key="k2", ACL="public-read")["Code"] == "AccessDenied"
    assert refusal(s3.put_object_acl, Bucket=with_acls, Key="k", ACL="public-read")["Code"] == "AccessDenied"
    assert refusal(s3.put_bucket_acl, Bucket=with_acls, ACL="authenticated-read")["Code"] == "AccessDenied"
    assert visitor.get_object(Bucket=with_acls, Key="k")["Body"].read() == b"x"

    s3.put_public_access_block(Bucket=with_acls, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert refusal(visitor.get_object, Bucket=with_acls, Key="k")["status"] == 403


def test_grants_to_another_account_by_header(s3, with_acls, client, account):
    other = f"8{account[1:]}"
    stranger = client("s3", account=other)
    s3.put_object(Bucket=with_acls, Key="k", Body=b"x", GrantRead=f'id="{canonical_id(other)}"')

    assert stranger.get_object(Bucket=with_acls, Key="k")["Body"].read() == b"x"
    assert refusal(stranger.get_object_acl, Bucket=with_acls, Key="k")["status"] == 403
    assert [grant["Permission"] for grant in s3.get_object_acl(Bucket=with_acls, Key="k")["Grants"]] == ["READ"]


def test_who_writes_owns_unless_the_bucket_owner_does(s3, with_acls, client, account):
    other = f"8{account[1:]}"
    stranger = client("s3", account=other)
    s3.put_bucket_acl(
        Bucket=with_acls, GrantWrite=f"id={canonical_id(other)}", GrantFullControl=f"id={canonical_id(account)}"
    )
    stranger.put_object(Bucket=with_acls, Key="theirs", Body=b"t")
    stranger.put_object(Bucket=with_acls, Key="shared", Body=b"s", ACL="bucket-owner-full-control")

    s3.put_object(Bucket=with_acls, Key="mine", Body=b"m")

    for change in (stranger.put_object, stranger.delete_object):  # WRITE is for new objects and one's own
        assert refusal(change, Bucket=with_acls, Key="mine")["Code"] == "AccessDenied"
    stranger.put_object(Bucket=with_acls, Key="brief")
    stranger.delete_object(Bucket=with_acls, Key="brief")
    assert refusal(s3.get_object, Bucket=with_acls, Key="theirs")["Code"] == "AccessDenied"
    assert stranger.get_object(Bucket=with_acls, Key="theirs")["Body"].read() == b"t"
    assert s3.get_object(Bucket=with_acls, Key="shared")["Body"].read() == b"s"
    assert s3.get_object_acl(Bucket=with_acls, Key="shared")["Owner"]["ID"] == canonical_id(other)

    s3.put_bucket_acl(Bucket=with_acls, ACL="private")
    s3.put_bucket_ownership_controls(
        Bucket=with_acls, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert s3.get_object(Bucket=with_acls, Key="theirs")["Body"].read() == b"t"
    assert s3.get_object_acl(Bucket=with_acls, Key="theirs")["Owner"]["ID"] == canonical_id(account)


def test_an_acl_as_xml_replaces_all_grants(s3, with_acls, me):
    s3.put_object(Bucket=with_acls, Key="k")
    policy = {"Owner": {"ID": me}, "Grants": [_own(me), _group(LOGS, "WRITE")]}
    s3.put_object_acl(Bucket=with_acls, Key="k", AccessControlPolicy=policy)
    s3.put_bucket_acl(Bucket=with_acls, AccessControlPolicy=policy)

    assert plain(s3.get_object_acl(Bucket=with_acls, Key="k")) == policy
    assert plain(s3.get_bucket_acl(Bucket=with_acls)) == policy


@pytest.mark.parametrize("level", ["bucket", "object"])
def test_acls_are_refused_in_words(s3, with_acls, me, level):
    s3.put_object(Bucket=with_acls, Key="k")

    def refused(**given):
        if level == "bucket":
            error = refusal(s3.put_bucket_acl, Bucket=with_acls, **given)
        else:
            error = refusal(s3.put_object_acl, Bucket=with_acls, Key="k", **given)
        return error["Code"], error.get("ArgumentName") or error.get("MissingHeaderName")

    own = {"ID": me}
    assert refused(ACL="fake-acl") == ("InvalidArgument", "x-amz-acl")
    assert refused() == ("MissingSecurityHeader", "x-amz-acl")
    assert refused(ACL="private", GrantRead=f"id={me}") == ("InvalidRequest", None)
    assert refused(ACL="private", AccessControlPolicy={"Owner": own, "Grants": []}) == ("UnexpectedContent", None)
    assert refused(GrantWrite='fakekey="1234"') == ("InvalidArgument", "x-amz-grant-write")
    assert refused(GrantWrite='id="wrong-id"') == ("InvalidArgument", "id")
    assert refused(GrantWrite='uri="http://acs.amazonaws.com/groups/s3/Fake"') == ("InvalidArgument", "uri")
    assert refused(GrantRead='emailAddress="a@example.com"') == ("UnresolvableGrantByEmailAddress", None)
    assert refused(AccessControlPolicy={}) == ("MalformedACLError", None)
    assert refused(AccessControlPolicy={"Owner": own}) == ("MalformedACLError", None)
    assert refused(AccessControlPolicy={"Owner": {"ID": "wrong-id"}, "Grants": [_own(me)]}) == (
        "InvalidArgument",
        "CanonicalUser/ID",
    )
    fake = _group("http://acs.amazonaws.com/groups/s3/FakeGroup", "WRITE")
    assert refused(AccessControlPolicy={"Owner": own, "Grants": [fake]}) == ("InvalidArgument", "Group/URI")
    wrong = {**_own(me), "Permission": "EAT"}
    assert refused(AccessControlPolicy={"Owner": own, "Grants": [wrong]}) == ("MalformedACLError", None)


def test_the_acl_of_a_multipart_object(s3, with_acls, me):
    upload = s3.create_multipart_upload(Bucket=with_acls, Key="k", ACL="public-read")["UploadId"]
    part = s3.upload_part(Bucket=with_acls, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=with_acls,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.copy_object(Bucket=with_acls, Key="copy", CopySource=f"{with_acls}/k")

    assert s3.get_object_acl(Bucket=with_acls, Key="k")["Grants"] == [_own(me), _group(ALL, "READ")]
    assert s3.get_object_acl(Bucket=with_acls, Key="copy")["Grants"] == [_own(me)]


def test_a_delete_marker_has_no_acl(s3, with_acls):
    s3.put_bucket_versioning(Bucket=with_acls, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=with_acls, Key="k")
    marker = s3.delete_object(Bucket=with_acls, Key="k")["VersionId"]

    assert refusal(s3.get_object_acl, Bucket=with_acls, Key="k")["Code"] == "NoSuchKey"
    assert refusal(s3.get_object_acl, Bucket=with_acls, Key="k", VersionId=marker)["Method"] == "GET"
    assert refusal(s3.put_object_acl, Bucket=with_acls, Key="k", ACL="private")["Method"] == "PUT"
    assert refusal(s3.put_object_acl, Bucket=with_acls, Key="k", VersionId=marker, ACL="private")["status"] == 405


@pytest.mark.spec("storage:S3-33")
def test_ownership_controls(s3, bucket, account):
    def shown(name=bucket):
        return s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]

    assert shown() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    for wrong in ([], [{"ObjectOwnership": "Nobody"}], [{"ObjectOwnership": "ObjectWriter"}] * 2):
        error = refusal(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls={"Rules": wrong})
        assert error["Code"] == "MalformedXML"
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    assert shown() == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    missing = refusal(s3.get_bucket_ownership_controls, Bucket=bucket)
    assert (missing["Code"], missing["BucketName"]) == ("OwnershipControlsNotFoundError", bucket)

    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    error = refusal(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=enforced)
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"
    s3.create_bucket(Bucket=f"w-{account}", ObjectOwnership="ObjectWriter")
    assert shown(f"w-{account}") == [{"ObjectOwnership": "ObjectWriter"}]
