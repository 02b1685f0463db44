"""Children and parents, as lists tell them: ids and what they are the ids of."""

from __future__ import annotations

from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import tree
from cumulet.services.organizations.errors import ChildNotFoundException
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page


def listed(
    tx: ReadTransaction, organization: Organization, parent: str, kind: str, page: Page
) -> tuple[list[dict[str, str]], str | None]:
    tree.demand_parent(tx, organization, parent)
    return page.of(tx, tree.children(organization, parent, kind), lambda key, _: {"Id": key[-1], "Type": kind})


def parents(tx: ReadTransaction, organization: Organization, child: str) -> list[dict[str, str]]:
    """There is one parent, as long as an organization has one root."""
    entity = tree.member(tx, organization, child) or tree.unit(tx, organization, child)
    if entity is None:
        raise ChildNotFoundException
    kind = tree.ROOT if entity.parent == organization.root else tree.UNIT
    return [{"Id": entity.parent, "Type": kind}]
