"""Whatever is said to be a proof: it is refused in AWS's terms, or it says what its provider signed."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime

from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from cumulet.kernel.errors import ServiceError
from cumulet.services.sts import saml, session_tags, web_tokens
from tests.sts.providers import Saml

_PIECES = (b"<!--x-->", b"\0", b"&amp;", b"&x;", b'"', b"<", b">", b"<a/>", b"xmlns:saml='x' ", b"\xff\xfe", b"")


def test_a_saml_response_that_somebody_altered_says_nothing_new():
    """1,000 alterations, from a seed: bytes cut, doubled, moved, replaced, and markup slipped in."""
    idp, now, chance = Saml(), datetime.now(UTC), random.Random(20261121)
    certificates = [idp.certificate.public_bytes(serialization.Encoding.DER)]
    name = f"{saml.ATTRIBUTES}RoleSessionName"
    for sign in ("assertion", "response"):
        good = idp.response(now, {name: ["ana"]}, sign=sign)
        for number in range(500):
            altered = _altered(good, chance)
            try:
                assertion = saml.read(base64.b64encode(altered).decode(), certificates, now)
            except ServiceError:
                continue
            said = (assertion.subject, assertion.issuer, assertion.attributes)
            assert said == ("ana@example.com", idp.issuer, {name: ("ana",)}), number


def _altered(document: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(document))
    end = min(len(document), start + chance.choice((0, 1, 2, 10, 200)))
    piece = chance.choice((*_PIECES, document[start:end] * 2, document[: end - start]))
    return document[:start] + piece + document[end:]


@given(st.text(max_size=300) | st.tuples(*[st.binary(max_size=60).map(base64.urlsafe_b64encode)] * 3))
def test_what_is_no_token_is_refused(given_token):
    text = given_token if isinstance(given_token, str) else b".".join(given_token).decode()
    try:
        token = web_tokens.read(text)
        web_tokens.check_times(token, datetime.now(UTC))
    except ServiceError:
        return
    raise AssertionError(f"this is no token: {text}")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


_members = st.sampled_from(["kty", "crv", "kid", "use", "n", "e", "x", "y"])


@given(
    st.lists(st.dictionaries(_members, _json, max_size=8), max_size=3),
    st.sampled_from(["RS256", "ES256", "ES512"]),
    st.binary(max_size=140),
)
def test_keys_of_any_kind_verify_nothing(keys, algorithm, signature):
    token = web_tokens.WebToken(algorithm, None, {}, b"signed", signature)
    kinds = {"RS256": {"kty": "RSA"}, "ES256": {"crv": "P-256"}, "ES512": {"crv": "P-521"}}
    assert not web_tokens.is_signed(token, [{**key, **kinds[algorithm]} for key in keys])


@given(st.dictionaries(st.text(max_size=200), st.text(max_size=300), max_size=60), st.lists(st.text(max_size=9)))
def test_tags_of_claims_are_within_their_limits(tags, transitive):
    try:
        found = session_tags.of_claims(tags, transitive)
    except ServiceError:
        return
    assert len(found.all) <= 50
    assert all(1 <= len(key) <= 128 and len(value) <= 256 for key, value in found.all.items())
