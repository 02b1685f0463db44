"""AWS IAM as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.kernel.service import Service


class IAM(Service):
    has_resource_policies = False
