"""Identity providers: SAML metadata are really read, OpenID Connect providers known by their URL."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.iam.certificates import Issued
from tests.iam.policies import refused

IDP = "https://idp.example.com/saml"


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture(scope="module")
def signer():
    return Issued("idp")


def metadata(signer, *, issuer=IDP, attributes="", before="") -> str:
    """What an identity provider says of itself."""
    certificate = "".join(signer.body.splitlines()[1:-1])
    return f"""{before}<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
      xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{issuer}" {attributes}>
    <!-- {"filled up to the least length of a document. " * 8} -->
    <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>
        <ds:X509Certificate>{certificate}</ds:X509Certificate>
      </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
      <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{issuer}/sso"/>
    </md:IDPSSODescriptor></md:EntityDescriptor>"""


@pytest.mark.spec("security:IAM-60")
def test_a_saml_provider_from_its_creation_to_its_end(iam, signer, account):
    text = metadata(signer)
    made = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=text, Tags=[{"Key": "a", "Value": "1"}])
    arn = made["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{account}:saml-provider/corp"
    got = iam.get_saml_provider(SAMLProviderArn=arn)
    assert got["SAMLMetadataDocument"] == text
    assert got["ValidUntil"] - got["CreateDate"] > timedelta(days=36000)
    assert got["Tags"] == [{"Key": "a", "Value": "1"}]
    assert [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]] == [arn]
    again = refused(iam.create_saml_provider, Name="corp", SAMLMetadataDocument=text)
    assert again.startswith("EntityAlreadyExists")

    ending = metadata(signer, attributes='validUntil="2040-01-01T00:00:00Z"')
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=ending)
    assert iam.get_saml_provider(SAMLProviderArn=arn)["ValidUntil"].year == 2040
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["a"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"] == []

    iam.delete_saml_provider(SAMLProviderArn=arn)
    assert refused(iam.get_saml_provider, SAMLProviderArn=arn) == f"NoSuchEntity: Manifest not found for arn {arn}"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def broken(signer) -> list[str]:
    good = metadata(signer)
    return [
        "x" * 1000,
        metadata(signer, before=BOMB),
        metadata(signer, before=OUTSIDE),
        metadata(signer, before='<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x">'),
        good.replace("EntityDescriptor", "EntitiesDescriptor"),
        good.replace("IDPSSODescriptor", "SPSSODescriptor"),
        good.replace('entityID="', 'x="'),
        good.replace('use="signing"', 'use="encryption"'),
        good.replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
        good.replace("<ds:X509Certificate>", "<ds:X509Certificate>ü"),
        metadata(signer, attributes='validUntil="soon"'),
        "<a>" * 50_000,
        "<a>" * 200_000,
    ]


@pytest.mark.parametrize("number", range(13))
def test_what_is_no_metadata_of_an_identity_provider_is_refused(iam, signer, number):
    words = refused(iam.create_saml_provider, Name="corp", SAMLMetadataDocument=broken(signer)[number])
    assert words == "InvalidInput: Could not parse metadata"


def test_keys_for_encrypted_assertions_are_kept_and_not_shown(iam, signer):
    text = metadata(signer)
    lacking = {"Name": "corp", "SAMLMetadataDocument": text, "AssertionEncryptionMode": "Required"}
    assert refused(iam.create_saml_provider, **lacking).startswith("InvalidInput")
    assert refused(iam.create_saml_provider, **lacking, AddPrivateKey="x").startswith("InvalidInput")
    arn = iam.create_saml_provider(**lacking, AddPrivateKey=signer.private)["SAMLProviderArn"]
    got = iam.get_saml_provider(SAMLProviderArn=arn)
    assert got["AssertionEncryptionMode"] == "Required"
    assert set(got["PrivateKeyList"][0]) == {"KeyId", "Timestamp"}
    iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=signer.private)
    third = refused(iam.update_saml_provider, SAMLProviderArn=arn, AddPrivateKey=signer.private)
    assert third.startswith("LimitExceeded")
    gone = got["PrivateKeyList"][0]["KeyId"]
    iam.update_saml_provider(SAMLProviderArn=arn, RemovePrivateKey=gone)
    assert len(iam.get_saml_provider(SAMLProviderArn=arn)["PrivateKeyList"]) == 1
    assert refused(iam.update_saml_provider, SAMLProviderArn=arn, RemovePrivateKey=gone).startswith("InvalidInput")


@pytest.mark.spec("security:IAM-60")
def test_an_oidc_provider_from_its_creation_to_its_end(iam, account):
    thumbprint = "A" * 40
    arn = iam.create_open_id_connect_provider(
        Url="https://token.example.com/tenant/", ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint]
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{account}:oidc-provider/token.example.com/tenant"
    name = {"OpenIDConnectProviderArn": arn}

    iam.add_client_id_to_open_id_connect_provider(**name, ClientID="other")
    iam.add_client_id_to_open_id_connect_provider(**name, ClientID="other")
    got = iam.get_open_id_connect_provider(**name)
    assert got["Url"] == "token.example.com/tenant"
    assert got["ClientIDList"] == ["sts.amazonaws.com", "other"]
    assert got["ThumbprintList"] == [thumbprint.lower()]
    iam.remove_client_id_from_open_id_connect_provider(**name, ClientID="sts.amazonaws.com")
    iam.update_open_id_connect_provider_thumbprint(**name, ThumbprintList=["b" * 40])
    got = iam.get_open_id_connect_provider(**name)
    assert (got["ClientIDList"], got["ThumbprintList"]) == (["other"], ["b" * 40])

    iam.tag_open_id_connect_provider(**name, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_open_id_connect_provider_tags(**name)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    again = refused(iam.create_open_id_connect_provider, Url="https://token.example.com/tenant")
    assert again == "EntityAlreadyExists: Provider with url https://token.example.com/tenant already exists."
    iam.delete_open_id_connect_provider(**name)
    missing = f"NoSuchEntity: OpenIDConnect Provider not found for arn {arn}"
    assert refused(iam.get_open_id_connect_provider, **name) == missing


@pytest.mark.parametrize(
    "url",
    ["http://a.example", "https://", "a.example", "https://a.example?x=1", "https://a b", "https://u@a.example",
     "https://[::1", "https://a.example/#x", "https://a.example/\u0000"],
)  # fmt: skip
def test_urls_that_name_no_provider_are_refused(iam, url):
    assert refused(iam.create_open_id_connect_provider, Url=url).startswith("ValidationError")


def test_thumbprints_are_digests_and_few(iam):
    url = "https://a.example"
    for wrong in (["x" * 40], ["a" * 40] * 6):
        assert refused(iam.create_open_id_connect_provider, Url=url, ThumbprintList=wrong).startswith("InvalidInput")
