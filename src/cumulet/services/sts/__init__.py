"""AWS STS: temporary credentials. Roles are assumed, by principals, by services, and by those for whom an identity
provider vouches (SAML 2.0, OpenID Connect); users and roots get credentials that end.

Nothing of a session is stored: its token carries it, sealed (kernel/sessions.py). What is missing:
GetDelegatedAccessToken and GetWebIdentityToken, encrypted SAML assertions, and tokens of OAuth 2.0 providers."""

from cumulet.services.sts.service import STS

__all__ = ["STS"]
