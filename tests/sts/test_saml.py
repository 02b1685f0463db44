"""Roles for those for whom a SAML provider vouches."""

from __future__ import annotations

import base64
from datetime import timedelta

import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import connect
from tests.sts.people import Account, acting, allow, policy, refusal, trust
from tests.sts.providers import SIGN_IN, Saml

SAML = "sts:AssumeRoleWithSAML"
AWS = "https://aws.amazon.com/SAML/Attributes/"


class Company:
    """A company whose provider vouches for its people, and a role that trusts it."""

    def __init__(self, here: Account, idp: Saml, *actions: str, **condition: str) -> None:
        self.here, self.idp = here, idp
        self.provider = here.iam.create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata)["SAMLProviderArn"]
        wanted = {"StringEquals": {"SAML:aud": SIGN_IN} | {f"saml:{key}": value for key, value in condition.items()}}
        document = trust({"Federated": self.provider}, [SAML, *actions], Condition=wanted)
        self.role = here.role("employee", document, allow("s3:ListAllMyBuckets"), MaxSessionDuration=7200)

    def attributes(self, **more: str) -> dict[str, list[str]]:
        named = {"RoleSessionName": "ana@example.com"} | more
        return {f"{AWS}Role": [f"{self.role},{self.provider}"]} | {AWS + name: [value] for name, value in named.items()}

    def response(self, attributes=None, **changes) -> bytes:
        return self.idp.response(self.here.cloud.now(), attributes or self.attributes(), **changes)

    def assume(self, response: bytes, **options):
        stranger = connect(
            self.here.cloud, "sts", account="x", config=Config(signature_version=botocore.UNSIGNED)
        )  # fmt: skip
        encoded = base64.b64encode(response).decode()
        return stranger.assume_role_with_saml(
            **{"RoleArn": self.role, "PrincipalArn": self.provider, "SAMLAssertion": encoded, **options}
        )

    def refused(self, response: bytes, **options) -> tuple[str, str]:
        with pytest.raises(ClientError) as raised:
            self.assume(response, **options)
        return refusal(raised)


@pytest.fixture(scope="module")
def idp() -> Saml:
    return Saml()


@pytest.mark.spec("security:STS-08", "security:STS-07")
@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_an_assertion_becomes_a_session_of_the_role(here, idp, sign):
    company = Company(here, idp)

    given = company.assume(company.response(sign=sign))

    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{here.number}:assumed-role/employee/ana@example.com"
    assert given["Subject"] == "ana@example.com" and given["SubjectType"] == "persistent"
    assert given["Issuer"] == idp.issuer and given["Audience"] == SIGN_IN
    assert len(base64.b64decode(given["NameQualifier"])) == 20
    acting(here.cloud, given["Credentials"], "s3").list_buckets()
    with pytest.raises(ClientError):
        acting(here.cloud, given["Credentials"], "sqs").list_queues()


def test_what_nobody_or_somebody_else_signed_is_refused(here, idp):
    company = Company(here, idp)
    good = company.response()
    stranger = Saml().response(here.cloud.now(), company.attributes())
    wrong = {
        "unsigned": company.response(sign=""),
        "somebody else's": stranger,
        "altered": good.replace(b"ana@example.com", b"bob@example.com"),
        "no XML": b"hello there",
        "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + good,
        "something else": b"<a/>",
        "many elements": b"<a>" + b"<b/>" * 9000 + b"</a>",
    }

    for name, response in wrong.items():
        assert company.refused(response)[0] == "InvalidIdentityToken", name
    assert company.refused(wrong["altered"]) == ("InvalidIdentityToken", "Response signature invalid")
    assert company.refused(good, SAMLAssertion="!!!!")[0] == "InvalidIdentityToken"
    assert company.assume(good)


def test_an_assertion_slipped_in_beside_the_signed_one_counts_for_nothing(here, idp):
    company = Company(here, idp)
    good = company.response().decode()
    start, end = good.index("<saml:Assertion"), good.index("</saml:Assertion>") + len("</saml:Assertion>")
    signed = good[start:end]
    forged = idp.response(here.cloud.now(), company.attributes(RoleSessionName="boss"), sign="").decode()
    evil = forged[forged.index("<saml:Assertion") : forged.index("</saml:Assertion>") + len("</saml:Assertion>")]
    wrapped = {
        "before": good.replace(signed, evil + signed),
        "after": good.replace(signed, signed + evil),
        "around": good.replace(signed, evil.replace("</saml:Assertion>", signed + "</saml:Assertion>")),
    }

    for name, response in wrapped.items():
        try:
            given = company.assume(response.encode())
        except ClientError:
            continue
        assert given["AssumedRoleUser"]["Arn"].endswith("/ana@example.com"), name


def test_a_comment_in_a_name_does_not_end_it(here, idp):
    company = Company(here, idp)
    response = company.response(subject="ana@example.com.evil.example")
    cut = response.replace(b"ana@example.com.evil", b"ana@example.com<!-- -->.evil")

    try:
        subject = company.assume(cut)["Subject"]
    except ClientError:
        return
    assert subject == "ana@example.com.evil.example"


@pytest.mark.parametrize(
    "changes, code, words",
    [
        ({"issuer": "https://other.example"}, "InvalidIdentityToken", "Issuer not present in specified provider"),
        ({"audience": "https://shop.example"}, "InvalidIdentityToken", "Invalid SAML audience"),
        ({"recipient": "https://shop.example/saml"}, "InvalidIdentityToken", "Invalid SAML recipient"),
        ({"ends": "2001-01-01T00:00:00Z"}, "ExpiredTokenException", "Token has expired"),
        (
            {"issued": "2001-01-01T00:00:00Z"}, "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        ({"issued": "yesterday"}, "InvalidIdentityToken", "Invalid SAML response"),
    ],
)  # fmt: skip
def test_what_was_said_to_others_or_long_ago_is_refused(here, idp, changes, code, words):
    company = Company(here, idp)
    assert company.refused(company.response(**changes)) == (code, words)


def test_a_failure_is_no_proof(here, idp):
    company = Company(here, idp)
    failed = company.response(sign="response", status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert company.refused(failed)[0] == "InvalidIdentityToken"


def test_only_roles_that_the_assertion_names_are_given(here, idp):
    company = Company(here, idp)
    other = here.role("boss", trust({"Federated": company.provider}, SAML), allow("*"))

    assert company.refused(company.response(), RoleArn=other) == (
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML",
    )  # fmt: skip
    reverse = company.attributes() | {f"{AWS}Role": [f"{company.provider},{company.role}"]}
    assert company.assume(company.response(reverse))


def test_a_role_trusts_whom_its_conditions_describe(here, idp):
    company = Company(here, idp, sub="ana@example.com", sub_type="persistent", iss=idp.issuer)

    assert company.assume(company.response())
    assert company.refused(company.response(subject="bob@example.com")) == (
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML",
    )  # fmt: skip


def test_a_provider_that_does_not_exist_vouches_for_nobody(here, idp):
    company = Company(here, idp)
    nobody = f"arn:aws:iam::{here.number}:saml-provider/nobody"
    assert company.refused(company.response(), PrincipalArn=nobody) == (
        "InvalidIdentityToken", "Specified provider doesn't exist.",
    )  # fmt: skip


@pytest.mark.parametrize("name", [None, "x", "a b", "a" * 65])
def test_the_session_needs_a_name(here, idp, name):
    company = Company(here, idp)
    attributes = company.attributes()
    del attributes[f"{AWS}RoleSessionName"]
    if name is not None:
        attributes[f"{AWS}RoleSessionName"] = [name]
    code, words = company.refused(company.response(attributes))
    assert code == "InvalidIdentityToken" and words.startswith("RoleSessionName")


def test_how_long_the_session_lasts(here, idp):
    company = Company(here, idp)
    now = here.cloud.now()
    soon = (now + timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def minutes(response, **options):
        given = company.assume(response, **options)["Credentials"]["Expiration"]
        return round((given - now).total_seconds() / 60)

    assert minutes(company.response()) == 60
    assert minutes(company.response(), DurationSeconds=7200) == 120
    assert minutes(company.response(company.attributes(SessionDuration="5400"))) == 90
    assert minutes(company.response(session=f' SessionNotOnOrAfter="{soon}"'), DurationSeconds=7200) == 20
    assert company.refused(company.response(), DurationSeconds=7201)[0] == "ValidationError"
    assert company.refused(company.response(company.attributes(SessionDuration="a day")))[0] == "InvalidIdentityToken"


def test_tags_and_source_identity_come_from_the_assertion(here, idp):
    company = Company(here, idp, "sts:TagSession", "sts:SetSourceIdentity")
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "ana"}}
    here.iam.put_role_policy(
        RoleName="employee", PolicyName="own", PolicyDocument=policy(allow("sqs:*", Condition=condition))
    )
    attributes = company.attributes(**{"PrincipalTag:team": "red", "SourceIdentity": "ana"})

    given = company.assume(company.response(attributes))

    assert given["SourceIdentity"] == "ana"
    acting(here.cloud, given["Credentials"], "sqs").list_queues()
