"""Form parameters, `Filter.1.Name=...`, as a tree, and the closures that read values from it."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from cumulet.gateway.protocols import scalars
from cumulet.gateway.protocols.codec import Convert
from cumulet.gateway.protocols.shapes import Compiler, members, wire_name
from cumulet.gateway.protocols.xml import entry_names
from cumulet.kernel.models import ServiceModel, Shape

MOST_PARAMETERS = 20_000
MOST_ITEMS = 10_000
MOST_NODES = 200_000
DEEPEST = 40
LARGEST_INDEX_DIGITS = 9

Tree = dict[str, Any]
"""Parts of parameter names lead to smaller trees; a value stands under the empty name."""


def pairs(form: str) -> list[tuple[str, str]]:
    """Decoded names and values in order. Raises ValueError for too many."""
    if not form:
        return []
    fields = form.split("&", MOST_PARAMETERS)
    if len(fields) > MOST_PARAMETERS:
        raise ValueError(f"More than {MOST_PARAMETERS} parameters")
    found = []
    for text in fields:
        name, _, value = text.partition("=")
        if name:
            found.append((_decoded(name), _decoded(value)))
    return found


def tree(parameters: list[tuple[str, str]]) -> Tree:
    """The parameters by the parts of their names. Raises ValueError for too many parts."""
    root: Tree = {}
    nodes = 0
    for name, value in parameters:
        parts = name.split(".", DEEPEST)
        if len(parts) > DEEPEST:
            raise ValueError("A parameter name has too many parts")
        node = root
        for part in parts:
            child = node.get(part or ".")
            if child is None:
                nodes += 1
                child = node[part or "."] = {}
            node = child
        if nodes > MOST_NODES:
            raise ValueError("The parameters have too many parts")
        node[""] = value
    return root


class FormReader(Compiler):
    """Closures that turn a tree into a value, as the query protocol names things."""

    def name(self, name: str, shape: Shape) -> str:
        return wire_name(name, shape)

    def flattened(self, shape: Shape) -> bool:
        return bool(shape.get("flattened"))

    def item_name(self, shape: Shape) -> str | None:
        """The name that a flattened list's items carry in place of the list's, if they have one of their own."""
        flat = shape["type"] == "list" and shape.get("flattened")
        return shape["member"].get("locationName") if flat else None

    def scalar(self, shape: Shape, *how: Any) -> Convert:
        convert = scalars.reader(shape)
        kind = shape["type"]

        def parse(node: Tree) -> Any:
            if "" not in node:
                raise ValueError(f"A {kind} was expected")
            return convert(node[""])

        return parse

    def structure(self, shape: Shape) -> Convert:
        known: dict[str, tuple[str, Convert]] = {}
        for name, member in members(self.service, shape).items():
            convert = self.compile(shape["members"][name])
            known[self.name(name, member)] = (name, convert)
            item_name = self.item_name(member)
            if item_name is not None:
                known[item_name] = (name, convert)

        def parse(node: Tree) -> dict[str, Any]:
            if node.get(""):
                raise ValueError("A plain value where a structure was expected")
            found = {}
            for key, child in node.items():
                member = known.get(key)
                if member is not None:
                    found[member[0]] = member[1](child)
            return found

        return parse

    def list(self, shape: Shape) -> Convert:
        convert = self.compile(shape["member"])
        item_name = None if self.flattened(shape) else shape["member"].get("locationName", "member")

        def parse(node: Tree) -> list[Any]:
            # A list that is named and has no items is empty, not absent.
            items = node if item_name is None else node.get(item_name) or node.get("member") or {}
            return [convert(child) for child in in_order(items)]

        return parse

    def map(self, shape: Shape) -> Convert:
        key_name, value_name = entry_names(shape)
        key_of, value_of = self.compile(shape["key"]), self.compile(shape["value"])
        flattened = self.flattened(shape)

        def parse(node: Tree) -> dict[str, Any]:
            found = {}
            for entry in in_order(node if flattened else node.get("entry", {})):
                if key_name not in entry or value_name not in entry:
                    raise ValueError(f"A map entry needs {key_name} and {value_name}")
                found[key_of(entry[key_name])] = value_of(entry[value_name])
            return found

        return parse


class Ec2FormReader(FormReader):
    """EC2 names things with a capital and never nests a list's items."""

    def name(self, name: str, shape: Shape) -> str:
        if "queryName" in shape:
            return str(shape["queryName"])
        given = str(shape.get("locationName", name))
        return given[0].upper() + given[1:]

    def flattened(self, shape: Shape) -> bool:
        return True

    def item_name(self, shape: Shape) -> str | None:
        return None


@cache
def reader(service: ServiceModel) -> FormReader:
    return (Ec2FormReader if service.protocols[0] == "ec2" else FormReader)(service)


def in_order(items: Tree) -> list[Tree]:
    """The items of a list by their index, whatever the indices are; gaps close up. Raises ValueError."""
    numbered = []
    for key, item in items.items():
        if key == "":
            continue
        if not (key.isascii() and key.isdigit() and len(key) <= LARGEST_INDEX_DIGITS):
            raise ValueError(f"{key[:80]!r} is not the index of a list item")
        numbered.append((int(key), item))
    if len(numbered) > MOST_ITEMS:
        raise ValueError(f"A list has more than {MOST_ITEMS} items")
    numbered.sort(key=_index)
    return [item for _, item in numbered]


def _index(numbered: tuple[int, Tree]) -> int:
    return numbered[0]


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text
