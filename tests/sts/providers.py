"""Identity providers of the tests: one that speaks OpenID Connect over TLS, one that signs SAML responses."""

from __future__ import annotations

import base64
import hashlib
import http.server
import ipaddress
import json
import ssl
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID


def certificate(key: Any, name: str = "127.0.0.1") -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _integer(number: int, size: int | None = None) -> str:
    return _b64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class OpenId:
    """An OpenID Connect provider on this machine. `answers` may be changed: path -> (status, headers, body)."""

    def __init__(self, folder: Path) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        shown = certificate(self.ec)
        self.thumbprint = hashlib.sha1(shown.public_bytes(serialization.Encoding.DER)).hexdigest()
        self.asked: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = self._context(folder, shown).wrap_socket(self._server.socket, server_side=True)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.tell("/.well-known/openid-configuration", {"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        self.tell("/keys", {"keys": [self._rsa_key(), self._ec_key()]})
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def tell(self, path: str, document: Any) -> None:
        self.answers[path] = (200, {}, json.dumps(document).encode())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, now: datetime, *, algorithm: str = "RS256", header: Mapping[str, Any] = {}, **claims: Any) -> str:
        """A token that is good for five minutes. Claims that are None are left out."""
        seconds = int(now.timestamp())
        every = {"iss": self.url, "aud": "app", "sub": "user-1234", "iat": seconds, "exp": seconds + 300} | claims
        head = {"alg": algorithm, "kid": algorithm, "typ": "JWT"} | header
        body = {name: value for name, value in every.items() if value is not None}
        signed = ".".join(_b64(json.dumps(part).encode()) for part in (head, body))
        return f"{signed}.{_b64(self._sign(algorithm, signed.encode()))}"

    def _sign(self, algorithm: str, data: bytes) -> bytes:
        if algorithm == "RS256":
            return self.rsa.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.ec.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _rsa_key(self) -> dict[str, str]:
        numbers = self.rsa.public_key().public_numbers()
        return {"kty": "RSA", "kid": "RS256", "use": "sig", "n": _integer(numbers.n), "e": _integer(numbers.e)}

    def _ec_key(self) -> dict[str, str]:
        numbers = self.ec.public_key().public_numbers()
        return {
            "kty": "EC", "crv": "P-256", "kid": "ES256", "use": "sig",
            "x": _integer(numbers.x, 32), "y": _integer(numbers.y, 32),
        }  # fmt: skip

    def _context(self, folder: Path, shown: x509.Certificate) -> ssl.SSLContext:
        pem = folder / "provider.pem"
        pem.write_bytes(
            self.ec.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + shown.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                status, headers, body = provider.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{response}" Version="2.0" IssueInstant="{issued}" \
Destination="{recipient}"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{status}"/>\
</samlp:Status>{assertion}</samlp:Response>"""
_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{id}" Version="2.0" \
IssueInstant="{issued}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>\
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{recipient}"/></saml:SubjectConfirmation>\
</saml:Subject><saml:Conditions NotBefore="{issued}" NotOnOrAfter="{ends}"><saml:AudienceRestriction>\
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{issued}"{session}/><saml:AttributeStatement>{attributes}\
</saml:AttributeStatement></saml:Assertion>"""
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
SIGN_IN = "https://signin.aws.amazon.com/saml"


class Saml:
    """A SAML identity provider."""

    issuer = "https://idp.example.com/saml"

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = certificate(self.key, "idp.example.com")

    @property
    def metadata(self) -> str:
        der = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        return (
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.issuer}">'
            "<IDPSSODescriptor "
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo '
            'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
            f"{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>'
            "</IDPSSODescriptor></EntityDescriptor>"
        )

    def response(
        self, now: datetime, attributes: Mapping[str, Sequence[str]], *, sign: str = "assertion", **changes: str
    ) -> bytes:
        """A response, of which the assertion, the whole ("response") or nothing ("") is signed."""
        written = {
            "response": uuid.uuid4().hex, "id": uuid.uuid4().hex, "issuer": self.issuer, "issued": _instant(now),
            "ends": _instant(now + timedelta(minutes=5)), "recipient": SIGN_IN, "audience": "urn:amazon:webservices",
            "subject": "ana@example.com", "status": _SUCCESS, "session": "",
            "attributes": "".join(_attribute(name, values) for name, values in attributes.items()),
        } | changes  # fmt: skip
        assertion = _ASSERTION.format(**written)
        if sign == "assertion":
            assertion = self._signed(assertion, written["id"])
        response = _RESPONSE.format(assertion=assertion, **written)
        return (self._signed(response, written["response"]) if sign == "response" else response).encode()

    def _signed(self, text: str, identifier: str) -> str:
        from lxml import etree
        from signxml import XMLSigner

        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        signer = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        signed = signer.sign(etree.fromstring(text), key=self.key, cert=pem, reference_uri=f"_{identifier}")
        return etree.tostring(signed).decode()


def _attribute(name: str, values: Sequence[str]) -> str:
    shown = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{name}">{shown}</saml:Attribute>'


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
