"""SAML responses: what an identity provider says of somebody, signed.

Only what the signature covers is read, so that nothing can be slipped in beside it.
Source: SAML 2.0 core and bindings (OASIS); IAM User Guide, Configure SAML assertions for the
authentication response."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.sts.errors import ExpiredTokenException, InvalidIdentityToken

_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_FORMAT = re.compile(r"urn:oasis:names:tc:SAML:(?:1\.1|2\.0):nameid-format:(persistent|transient)")
_AUDIENCES = re.compile(
    r"urn:amazon:webservices(?::[a-z-]+)*|https://(?:[a-z0-9.-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws[a-z.-]*)/saml(?:/.*)?"
)
_RECIPIENTS = re.compile(
    r"https://(?:[a-z0-9.-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws[a-z.-]*)/(?:platform/saml/)?(?:saml|acs)(?:/.*)?"
)
_REDEEM = timedelta(minutes=5)
_SKEW = timedelta(minutes=5)
_MOST_ELEMENTS = 5000
_INVALID = "Invalid SAML response"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


class Assertion(NamedTuple):
    subject: str
    subject_type: str
    issuer: str
    recipient: str
    attributes: dict[str, tuple[str, ...]]
    session_ends: datetime | None

    def one(self, name: str) -> str | None:
        """The value of one of AWS's attributes. Raises InvalidIdentityToken if it has several."""
        values = self.attributes.get(ATTRIBUTES + name, ())
        if len(values) > 1:
            raise InvalidIdentityToken(f"{name} in AuthnResponse must have one value.")
        return values[0] if values else None

    @property
    def roles(self) -> set[frozenset[str]]:
        """The pairs of a role's and a provider's ARN, which providers write in either order."""
        return {frozenset(map(str.strip, value.split(","))) for value in self.attributes.get(ATTRIBUTES + "Role", ())}

    @property
    def tags(self) -> dict[str, str]:
        prefix = ATTRIBUTES + "PrincipalTag:"
        return {name[len(prefix) :]: values[0] for name, values in self.attributes.items() if name.startswith(prefix)}


def read(encoded: str, certificates: Sequence[bytes], now: datetime) -> Assertion:
    """What the provider with these certificates (DER) says. Takes a while: not for the loop's thread.

    Raises InvalidIdentityToken or ExpiredTokenException."""
    signed = _signed(_decoded(encoded), certificates)
    assertion = signed if signed.tag == _ASSERTION + "Assertion" else _in_response(signed)
    _check_conditions(assertion, now)
    name = assertion.find(f"{_ASSERTION}Subject/{_ASSERTION}NameID")
    if name is None or not _text(name):
        raise InvalidIdentityToken(_INVALID)
    kind = _FORMAT.fullmatch(name.get("Format", ""))
    return Assertion(
        subject=_text(name),
        subject_type=kind[1] if kind else name.get("Format", ""),
        issuer=_text(assertion.find(_ASSERTION + "Issuer")),
        recipient=_recipient(assertion, now),
        attributes=dict(_attributes(assertion)),
        session_ends=_session_end(assertion),
    )


def name_qualifier(issuer: str, account: str, provider: str) -> str:
    """A hash that tells one provider's subjects from another's (AWS STS API Reference, NameQualifier)."""
    return base64.b64encode(hashlib.sha1(f"{issuer}{account}/{provider}".encode()).digest()).decode()


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidIdentityToken("Invalid base64 SAMLResponse") from None


def _signed(document: bytes, certificates: Sequence[bytes]) -> Any:
    """The element that a signature of one of the certificates covers."""
    _refuse_unsafe(document)
    try:
        from lxml.etree import LxmlError
        from signxml import SignatureConfiguration, XMLVerifier
        from signxml.exceptions import SignXMLException
    except ImportError:
        raise NotImplementedYet(
            "SAML needs the signxml library, which is not installed: pip install 'cumulet[saml]'."
        ) from None
    for certificate in certificates:
        try:
            expected = SignatureConfiguration(require_x509=True)
            found = XMLVerifier().verify(document, x509_cert=_pem(certificate), expect_config=expected)
        except (SignXMLException, LxmlError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            continue
        if found.signed_xml is not None:
            return found.signed_xml
    raise InvalidIdentityToken("Response signature invalid")


def _refuse_unsafe(document: bytes) -> None:
    """Document types, entities, and what is no XML at all."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if document.count(b"<") > _MOST_ELEMENTS:
        raise InvalidIdentityToken(_INVALID)
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise InvalidIdentityToken(_INVALID) from None
    if root.find(_ASSERTION + "EncryptedAssertion") is not None:
        raise NotImplementedYet("Cumulet does not implement encrypted SAML assertions yet.")


def _in_response(response: Any) -> Any:
    if response.tag != _PROTOCOL + "Response":
        raise InvalidIdentityToken(_INVALID)
    status = response.find(f"{_PROTOCOL}Status/{_PROTOCOL}StatusCode")
    assertions = response.findall(_ASSERTION + "Assertion")
    if status is None or status.get("Value") != _SUCCESS or len(assertions) != 1:
        raise InvalidIdentityToken(_INVALID)
    return assertions[0]


def _check_conditions(assertion: Any, now: datetime) -> None:
    if now - _instant(assertion.get("IssueInstant")) > _REDEEM:
        raise ExpiredTokenException("Token must be redeemed within 5 minutes of issuance")
    conditions = assertion.find(_ASSERTION + "Conditions")
    if conditions is None:
        raise InvalidIdentityToken(_INVALID)
    _check_period(conditions, now)
    audiences = [_text(one) for one in conditions.iterfind(f"{_ASSERTION}AudienceRestriction/{_ASSERTION}Audience")]
    if not any(_AUDIENCES.fullmatch(audience) for audience in audiences):
        raise InvalidIdentityToken("Invalid SAML audience")


def _check_period(element: Any, now: datetime) -> None:
    """NotBefore and NotOnOrAfter, where they are given."""
    start, end = element.get("NotBefore"), element.get("NotOnOrAfter")
    if start is not None and _instant(start) > now + _SKEW:
        raise InvalidIdentityToken("The assertion is not valid yet")
    if end is not None and _instant(end) <= now:
        raise ExpiredTokenException("Token has expired")


def _recipient(assertion: Any, now: datetime) -> str:
    """For whom the bearer was given the assertion: AWS's sign-in."""
    for confirmation in assertion.iterfind(f"{_ASSERTION}Subject/{_ASSERTION}SubjectConfirmation"):
        data = confirmation.find(_ASSERTION + "SubjectConfirmationData")
        if confirmation.get("Method") != _BEARER or data is None or data.get("NotOnOrAfter") is None:
            continue
        recipient = data.get("Recipient", "")
        if _RECIPIENTS.fullmatch(recipient):
            _check_period(data, now)
            return recipient
    raise InvalidIdentityToken("Invalid SAML recipient")


def _attributes(assertion: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    for attribute in assertion.iterfind(f"{_ASSERTION}AttributeStatement/{_ASSERTION}Attribute"):
        values = tuple(_text(value) for value in attribute.iterfind(_ASSERTION + "AttributeValue"))
        if values:
            yield attribute.get("Name", ""), values


def _session_end(assertion: Any) -> datetime | None:
    statement = assertion.find(_ASSERTION + "AuthnStatement")
    end = statement.get("SessionNotOnOrAfter") if statement is not None else None
    return _instant(end) if end is not None else None


def _instant(text: str | None) -> datetime:
    try:
        instant = datetime.fromisoformat(text or "")
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidIdentityToken(_INVALID) from None


def _text(element: Any) -> str:
    """All text in an element: a comment inside a name does not end it."""
    return "".join(_pieces(element)).strip() if element is not None else ""


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
