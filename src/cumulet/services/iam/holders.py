"""Users, groups and roles, as those who hold policies."""

from __future__ import annotations

from typing import NamedTuple

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import attachments, inline, policies
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict


class Held(NamedTuple):
    """A policy, and whose it is. `arn` is empty for an inline policy."""

    name: str
    text: str
    holder: Entity
    arn: str = ""

    @property
    def source(self) -> str:
        """As a decision names it."""
        return self.arn or f"inline {self.name} of {self.holder.kind} {self.holder.name}"


def check_bare(tx: ReadTransaction, holder: Entity) -> None:
    """Raises DeleteConflict while the holder has policies."""
    if attachments.of(tx, holder):
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if any(True for _ in inline.of(tx, holder)):
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


def held(tx: ReadTransaction, holder: Entity) -> list[Held]:
    """The holder's own policies, attached and inline. A policy of AWS's that is not known here (a service-linked role
    may name one) has no text and is left out."""
    attached = [(arn, policies.find(tx, holder.account, arn)) for arn in attachments.of(tx, holder)]
    managed = [
        Held(policy.name, policies.document(tx, policy), holder, arn) for arn, policy in attached if policy is not None
    ]
    return managed + [Held(name, text, holder) for name, text in inline.of(tx, holder)]
