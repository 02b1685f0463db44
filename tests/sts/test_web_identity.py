"""Roles for those for whom an OpenID Connect provider vouches."""

from __future__ import annotations

import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import connect
from tests.sts.people import Account, acting, allow, policy, refusal, trust
from tests.sts.providers import OpenId

WEB = "sts:AssumeRoleWithWebIdentity"


@pytest.fixture
def provider(tmp_path):
    made = OpenId(tmp_path)
    yield made
    made.close()


class App:
    """A program on a stranger's device, with a role that trusts its provider."""

    def __init__(self, here: Account, provider: OpenId, *actions: str, **condition: str) -> None:
        self.here = here
        self.provider = provider
        self.arn = here.iam.create_open_id_connect_provider(
            Url=provider.url, ClientIDList=["app"], ThumbprintList=[provider.thumbprint]
        )["OpenIDConnectProviderArn"]
        wanted = {"StringEquals": {f"{provider.host}:{key}": value for key, value in condition.items()}}
        more = {"Condition": wanted} if condition else {}
        document = trust({"Federated": self.arn}, [WEB, *actions], **more)
        self.role = here.role("mobile", document, allow("s3:ListAllMyBuckets"))

    def assume(self, token: str, **options):
        stranger = connect(
            self.here.cloud, "sts", account="x", config=Config(signature_version=botocore.UNSIGNED)
        )  # fmt: skip
        return stranger.assume_role_with_web_identity(
            **{"RoleArn": self.role, "RoleSessionName": "phone", "WebIdentityToken": token, **options}
        )

    def token(self, **options):
        return self.provider.token(self.here.cloud.now(), **options)

    def refused(self, token: str, **options) -> tuple[str, str]:
        with pytest.raises(ClientError) as raised:
            self.assume(token, **options)
        return refusal(raised)


@pytest.mark.spec("security:STS-09", "security:STS-07")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_becomes_a_session_of_the_role(here, provider, algorithm):
    app = App(here, provider, aud="app", sub="user-1234")

    given = app.assume(app.token(algorithm=algorithm))

    assert given["SubjectFromWebIdentityToken"] == "user-1234"
    assert given["Audience"] == "app"
    assert given["Provider"] == app.arn
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{here.number}:assumed-role/mobile/phone"
    acting(here.cloud, given["Credentials"], "s3").list_buckets()
    with pytest.raises(ClientError):
        acting(here.cloud, given["Credentials"], "sqs").list_queues()


def test_only_the_subject_that_the_role_trusts_is_let_in(here, provider):
    app = App(here, provider, sub="user-1234")

    assert app.refused(app.token(sub="user-9999")) == ("AccessDenied", f"Not authorized to perform {WEB}")
    missing = f"arn:aws:iam::{here.number}:role/nosuch"
    assert app.refused(app.token(), RoleArn=missing) == ("AccessDenied", f"Not authorized to perform {WEB}")


def test_tokens_that_prove_nothing_are_refused(here, provider, tmp_path):
    app = App(here, provider)
    other = OpenId(tmp_path)
    good = app.token()
    head, body, signature = good.split(".")
    wrong = {
        "altered": f"{head}.{app.token(sub='user-9').split('.')[1]}.{signature}",
        "unsigned": f"{head}.{body}.",
        "none": other.token(here.cloud.now(), header={"alg": "none"}, iss=provider.url),
        "shared secret": other.token(here.cloud.now(), header={"alg": "HS256"}, iss=provider.url),
        "another's key": other.token(here.cloud.now(), iss=provider.url),
        "another's key, unnamed": other.token(here.cloud.now(), iss=provider.url, header={"kid": None}),
        "no token": "abcdefgh",
        "deep": f"{head}.{'W' * 4000}.{signature}",
        "no subject": app.token(sub=None),
        "no end": app.token(exp=None),
        "endless": app.token(exp=float("inf")),
        "other audience": app.token(aud="other"),
        "unknown issuer": other.token(here.cloud.now()),
    }
    other.close()

    for name, token in wrong.items():
        assert app.refused(token)[0] == "InvalidIdentityToken", name
    assert app.refused(wrong["other audience"]) == ("InvalidIdentityToken", "Incorrect token audience")
    assert app.refused(wrong["unknown issuer"])[1] == (
        f"No OpenIDConnect provider found in your account for {other.url}"
    )
    assert app.assume(good)


def test_a_token_that_has_expired_is_refused(here, provider):
    app = App(here, provider)
    code, words = app.refused(app.token(exp=int(here.cloud.now().timestamp()) - 1))
    assert code == "ExpiredTokenException"
    assert words.startswith("Token expired: current date/time ")


def test_a_provider_that_shows_another_certificate_is_not_believed(here, provider):
    app = App(here, provider)
    here.iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=app.arn, ThumbprintList=["0" * 40])

    assert app.refused(app.token()) == (
        "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
    )  # fmt: skip
    assert provider.asked == []


@pytest.mark.parametrize(
    "path, answer",
    [
        ("/keys", (302, {"Location": "/elsewhere"}, b"")),
        ("/keys", (200, {}, b"[" * 100_000)),
        ("/keys", (200, {}, b" " * 300_000)),
        ("/keys", (200, {}, b'{"keys": 7}')),
        ("/.well-known/openid-configuration", (500, {}, b"")),
        ("/.well-known/openid-configuration", (200, {}, b'{"issuer": "https://evil.example", "jwks_uri": "x"}')),
    ],
)
def test_a_provider_that_answers_strangely_vouches_for_nobody(here, provider, path, answer):
    app = App(here, provider)
    provider.answers[path] = answer

    assert app.refused(app.token())[0] == "InvalidIdentityToken"
    assert "/elsewhere" not in provider.asked


def test_a_provider_that_is_not_there_is_told_so(here, provider):
    app = App(here, provider)
    provider.close()

    assert app.refused(app.token())[0] == "IDPCommunicationError"


def test_keys_are_kept_and_asked_for_again_when_there_are_new_ones(own, provider):
    here = own()
    app = App(here, provider)
    app.assume(app.token())
    app.assume(app.token())
    once = len(provider.asked)
    changed = [{**provider._rsa_key(), "kid": "new"}]
    provider.tell("/keys", {"keys": changed})

    assert once == 2
    assert app.refused(app.token(header={"kid": "new"}))[0] == "InvalidIdentityToken"
    here.cloud.advance(minutes=2)
    assert app.assume(app.token(header={"kid": "new"}))
    assert len(provider.asked) == 4


def test_tags_and_source_identity_of_a_token_become_the_sessions(here, provider):
    app = App(here, provider, "sts:TagSession", "sts:SetSourceIdentity")
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "ana"}}
    here.iam.put_role_policy(
        RoleName="mobile", PolicyName="queues",
        PolicyDocument=policy(allow("sqs:*", Condition=condition)),
    )  # fmt: skip
    claims = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "ana",
    }

    given = app.assume(app.token(**claims))

    assert given["SourceIdentity"] == "ana"
    acting(here.cloud, given["Credentials"], "sqs").list_queues()


def test_policies_may_ask_for_the_subject(here, provider):
    app = App(here, provider)
    mine = allow("s3:CreateBucket", f"arn:aws:s3:::${{{provider.host}:sub}}-*")
    here.iam.put_role_policy(RoleName="mobile", PolicyName="own", PolicyDocument=policy(mine))
    session = app.assume(app.token())["Credentials"]

    acting(here.cloud, session, "s3").create_bucket(Bucket=f"user-1234-{here.number}")
    with pytest.raises(ClientError):
        acting(here.cloud, session, "s3").create_bucket(Bucket=f"user-5678-{here.number}")
