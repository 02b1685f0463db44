"""Server certificates and signing certificates: read, checked, kept, told."""

from __future__ import annotations

import pytest

from cumulet.kernel.records import encode
from tests.iam.certificates import Issued
from tests.iam.policies import refused

UNREADABLE = "MalformedCertificate: Unable to parse certificate. Please ensure the certificate is in PEM format."


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture(scope="module")
def root():
    return Issued("root")


@pytest.fixture(scope="module")
def middle(root):
    return Issued("middle", root)


@pytest.fixture(scope="module")
def site(middle):
    return Issued("www.example.com", middle)


@pytest.mark.spec("security:IAM-59")
def test_a_server_certificate_comes_back_without_its_key(iam, site, middle, account, shared_cloud):
    chain = middle.body
    made = iam.upload_server_certificate(
        ServerCertificateName="site", CertificateBody=site.body, PrivateKey=site.private, CertificateChain=chain,
        Path="/cloudfront/",
    )["ServerCertificateMetadata"]  # fmt: skip
    got = iam.get_server_certificate(ServerCertificateName="site")["ServerCertificate"]

    assert made["Arn"] == f"arn:aws:iam::{account}:server-certificate/cloudfront/site"
    assert made["ServerCertificateId"].startswith("ASCA")
    assert made["Expiration"] == site.certificate.not_valid_after_utc
    assert got == {"ServerCertificateMetadata": made, "CertificateBody": site.body, "CertificateChain": chain}
    with shared_cloud.cloud.kernel.store.snapshot() as tx:
        assert not any(site.private.encode()[40:80] in encode(value) for value in tx.range(("iam", account)))


@pytest.mark.spec("security:IAM-59")
def test_what_does_not_fit_together_is_refused(iam, site, middle, root):
    def upload(body, key, **more):
        return refused(
            iam.upload_server_certificate, ServerCertificateName="x", CertificateBody=body, PrivateKey=key, **more
        )

    assert upload(site.body, middle.private).startswith("KeyPairMismatch")
    assert upload("no certificate", site.private) == UNREADABLE
    assert upload(site.body[:200], site.private) == UNREADABLE
    assert upload(site.body + "\n" + middle.body, site.private) == UNREADABLE
    assert upload(site.body, "no key").startswith("MalformedCertificate: Unable to parse private key")
    assert upload(site.body, site.encrypted).startswith("MalformedCertificate: The private key is encrypted")
    wrong_order = upload(site.body, site.private, CertificateChain=root.body + "\n" + middle.body)
    assert wrong_order.startswith("MalformedCertificate: Unable to validate certificate chain.")
    assert wrong_order.endswith("is: -1")
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    whole = middle.body + "\n" + root.body
    iam.upload_server_certificate(
        ServerCertificateName="x", CertificateBody=site.body, PrivateKey=site.private, CertificateChain=whole
    )


def test_server_certificates_are_renamed_tagged_listed_and_deleted(iam, site):
    for name in ("b", "a"):
        iam.upload_server_certificate(
            ServerCertificateName=name, CertificateBody=site.body, PrivateKey=site.private,
            Tags=[{"Key": "k", "Value": name}],
        )  # fmt: skip
    taken = "EntityAlreadyExists: The Server Certificate with name A already exists."
    again = {"ServerCertificateName": "A", "CertificateBody": site.body, "PrivateKey": site.private}
    assert refused(iam.upload_server_certificate, **again) == taken

    iam.update_server_certificate(ServerCertificateName="b", NewServerCertificateName="c", NewPath="/x/")
    listed = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert [each["ServerCertificateName"] for each in listed] == ["a", "c"]
    filtered = iam.list_server_certificates(PathPrefix="/x/")["ServerCertificateMetadataList"]
    assert filtered[0]["Arn"].endswith(":server-certificate/x/c")
    iam.untag_server_certificate(ServerCertificateName="c", TagKeys=["k"])
    iam.tag_server_certificate(ServerCertificateName="c", Tags=[{"Key": "new", "Value": "1"}])
    assert iam.list_server_certificate_tags(ServerCertificateName="c")["Tags"] == [{"Key": "new", "Value": "1"}]

    iam.delete_server_certificate(ServerCertificateName="c")
    missing = "NoSuchEntity: The Server Certificate with name c cannot be found."
    assert refused(iam.get_server_certificate, ServerCertificateName="c") == missing
    assert iam.get_account_summary()["SummaryMap"]["ServerCertificates"] == 1


@pytest.mark.spec("security:IAM-58")
def test_signing_certificates_can_be_rotated(iam, site, middle, root):
    iam.create_user(UserName="bob")
    bob = {"UserName": "bob"}
    first, second = (
        iam.upload_signing_certificate(**bob, CertificateBody=each.body)["Certificate"] for each in (site, middle)
    )
    assert refused(iam.upload_signing_certificate, **bob, CertificateBody=site.body).startswith("DuplicateCertificate")
    limit = "LimitExceeded: Cannot exceed quota for SigningCertificatesPerUser: 2"
    assert refused(iam.upload_signing_certificate, **bob, CertificateBody=root.body) == limit

    iam.update_signing_certificate(**bob, CertificateId=first["CertificateId"], Status="Inactive")
    listed = iam.list_signing_certificates(**bob)["Certificates"]
    assert [each["Status"] for each in listed] == ["Inactive", "Active"]
    assert listed[1] == second
    conflict = "DeleteConflict: Cannot delete entity, must delete signing certificates first."
    assert refused(iam.delete_user, **bob) == conflict
    for each in listed:
        iam.delete_signing_certificate(**bob, CertificateId=each["CertificateId"])
    assert refused(iam.delete_signing_certificate, **bob, CertificateId=first["CertificateId"]).startswith(
        "NoSuchEntity"
    )


def test_a_certificate_that_is_not_valid_now_is_no_signing_certificate(iam):
    iam.create_user(UserName="bob")
    over, early = Issued("over", since=-10, days=-5), Issued("early", since=5)
    for each in (over, early):
        words = refused(iam.upload_signing_certificate, UserName="bob", CertificateBody=each.body)
        assert words.startswith("InvalidCertificate")
    assert refused(iam.upload_signing_certificate, UserName="bob", CertificateBody="x") == UNREADABLE
