"""What members may be let do: look at the organization, and care for its policies.

Source: Organizations User Guide, Delegated administrator for Organizations: the actions that a resource policy can
grant; and the operations that say that a delegated administrator can call them."""

from __future__ import annotations

import fnmatch
from functools import cache

from cumulet.kernel import models

LOOKING = frozenset({
    "describe_account", "describe_create_account_status", "describe_effective_policy", "describe_organization",
    "describe_organizational_unit", "describe_policy", "describe_resource_policy",
    "list_accounts", "list_accounts_for_parent", "list_accounts_with_invalid_effective_policy",
    "list_aws_service_access_for_organization", "list_children", "list_create_account_status",
    "list_delegated_administrators", "list_delegated_services_for_account", "list_effective_policy_validation_errors",
    "list_handshakes_for_organization", "list_organizational_units_for_parent", "list_parents", "list_policies",
    "list_policies_for_target", "list_roots", "list_tags_for_resource", "list_targets_for_policy",
})  # fmt: skip
ADMINISTERING = frozenset({
    "attach_policy", "create_policy", "delete_policy", "detach_policy", "disable_policy_type", "enable_policy_type",
    "tag_resource", "untag_resource", "update_policy",
})  # fmt: skip
DELEGABLE = LOOKING | ADMINISTERING


def is_grantable(action: str) -> bool:
    """Whether a resource policy may name the action; with wildcards, if it stands for any that it may."""
    return any(fnmatch.fnmatchcase(each, action.lower()) for each in _actions())


@cache
def _actions() -> tuple[str, ...]:
    methods = models.load("organizations").methods
    return tuple(f"organizations:{methods[each].name}".lower() for each in sorted(DELEGABLE))
