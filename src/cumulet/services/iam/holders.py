"""Users, groups and roles, as those who hold policies."""

from __future__ import annotations

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import attachments, inline, policies
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict


def check_bare(tx: ReadTransaction, holder: Entity) -> None:
    """Raises DeleteConflict while the holder has policies."""
    if attachments.of(tx, holder):
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if any(True for _ in inline.of(tx, holder)):
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


def sources(tx: ReadTransaction, holder: Entity) -> list[tuple[str, str]]:
    """The holder's own policies as names and texts: the ARN of a managed policy, or the name and place of an inline
    one. A policy of AWS's that is not known here (a service-linked role may name one) has no text and is left out."""
    attached = [(arn, policies.find(tx, holder.account, arn)) for arn in attachments.of(tx, holder)]
    managed = [(arn, policies.document(tx, policy)) for arn, policy in attached if policy is not None]
    own = [(f"inline {name} of {holder.kind} {holder.name}", text) for name, text in inline.of(tx, holder)]
    return managed + own
