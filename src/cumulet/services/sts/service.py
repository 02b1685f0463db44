"""AWS STS as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from typing import ClassVar

from cumulet.services.sts.api.federated import Federated
from cumulet.services.sts.api.roles import Roles
from cumulet.services.sts.api.roots import Roots
from cumulet.services.sts.api.tokens import Tokens


class STS(Roles, Federated, Roots, Tokens):
    absent: ClassVar[dict[str, str]] = {
        "get_delegated_access_token": "Cumulet does not implement sts:get_delegated_access_token: trade-in tokens are"
        " made when somebody approves a delegation request in the console.",
        "get_web_identity_token": "Cumulet does not implement sts:get_web_identity_token yet: nobody could fetch the"
        " keys to verify its tokens with.",
    }
