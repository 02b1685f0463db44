"""Which permissions an operation needs, from the authorization data that AWS publishes, and what that data says.

`needs` is what a service asks for unless its own `access.py` knows better; the rest answers questions about actions
and condition keys."""

from cumulet.kernel.actions.catalogue import Action, Level, action, exists, expand, levels, prefixes, service
from cumulet.kernel.actions.operations import actions_of, is_free, needs, prefix_of

__all__ = [
    "Action",
    "Level",
    "action",
    "actions_of",
    "exists",
    "expand",
    "is_free",
    "levels",
    "needs",
    "prefix_of",
    "prefixes",
    "service",
]
