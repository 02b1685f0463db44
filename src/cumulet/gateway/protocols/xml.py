"""XML as AWS speaks it: read into plain elements without DTD or entities, written by compiled closures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from xml.parsers import expat

from cumulet.gateway.protocols import scalars, timestamps
from cumulet.gateway.protocols.codec import Convert
from cumulet.gateway.protocols.shapes import Compiler, members, outside_body, wire_name
from cumulet.gateway.protocols.timestamps import Fraction
from cumulet.kernel.models import ServiceModel, Shape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DEEPEST = 100
MOST_ELEMENTS = 200_000

Write = Callable[[list[str], Any], None]


class Element:
    """An element without its namespace: name, attributes, text and children in order."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""


def read(document: bytes) -> Element:
    """The root element. Raises ValueError for what is not well-formed, has a DTD, or is too deep or too large."""
    top = Element("", {})
    open_elements = [top]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_elements) > DEEPEST or count > MOST_ELEMENTS:
            raise ValueError("The XML is nested too deeply or has too many elements")
        element = Element(_local(name), attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(name: str) -> None:
        open_elements.pop()

    def text(data: str) -> None:
        open_elements[-1].text += data

    def refuse(*_: Any) -> None:
        raise ValueError("A document type definition is not allowed")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError) as problem:  # the second for an encoding that nobody knows
        raise ValueError(f"The XML is not well-formed: {problem}") from problem
    return top.children[0]


class XmlReader(Compiler):
    """Closures that turn an Element into a value."""

    def scalar(self, shape: Shape, *how: Any) -> Convert:
        convert = scalars.reader(shape)
        return lambda element: convert(element.text)

    def structure(self, shape: Shape) -> Convert:
        known: dict[str, tuple[str, str, Any]] = {}
        attributes: list[tuple[str, str]] = []
        for name, member in members(self.service, shape).items():
            if member.get("location"):
                continue
            if member.get("xmlAttribute"):
                attributes.append((name, _local(wire_name(name, member))))
                continue
            entry = self._member(name, member, shape["members"][name])
            known[wire_name(name, member)] = entry
            if "locationName" not in shape["members"][name]:
                # A name that belongs to the shape itself is meant for roots; clients differ in that.
                known.setdefault(name, entry)
            if entry[1] == "list" and "locationName" in member["member"]:
                known.setdefault(member["member"]["locationName"], entry)

        def parse(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for child in element.children:
                member = known.get(child.name)
                if member is None:
                    continue
                name, how, convert = member
                if how == "one":
                    found[name] = convert(child)
                elif how == "list":
                    found.setdefault(name, []).append(convert(child))
                else:
                    found.setdefault(name, {}).update(convert(child))
            for name, attribute in attributes:
                for key, value in element.attributes.items():
                    if _local(key) == attribute and not key.startswith("xmlns"):
                        found[name] = value
            return found

        return parse

    def list(self, shape: Shape) -> Convert:
        convert = self.compile(shape["member"])
        return lambda element: [convert(child) for child in element.children]

    def map(self, shape: Shape) -> Convert:
        entry = self._entry(shape)

        def parse(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for child in element.children:
                found.update(entry(child))
            return found

        return parse

    def _member(self, name: str, shape: Shape, ref: Shape) -> tuple[str, str, Any]:
        if shape["type"] == "list" and shape.get("flattened"):
            return name, "list", self.compile(shape["member"])
        if shape["type"] == "map" and shape.get("flattened"):
            return name, "map", self._entry(shape)
        return name, "one", self.compile(ref)

    def _entry(self, shape: Shape) -> Convert:
        key_name, value_name = entry_names(shape)
        key_of, value_of = self.compile(shape["key"]), self.compile(shape["value"])

        def parse(element: Element) -> dict[str, Any]:
            parts = {child.name: child for child in element.children}
            if key_name not in parts or value_name not in parts:
                raise ValueError(f"A map entry needs {key_name} and {value_name}")
            return {key_of(parts[key_name]): value_of(parts[value_name])}

        return parse


class XmlWriter(Compiler):
    """Closures that append a value's XML to a list of texts. `how` is the element's name."""

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self._fraction = timestamps.FRACTIONS.get(service.name, Fraction.AS_IT_IS)

    def scalar(self, shape: Shape, *how: Any) -> Write:
        start, end = tags(how[0], shape)
        convert = scalars.writer(shape, "iso8601", self._fraction)

        def write_text(out: list[str], value: Any) -> None:
            out.append(f"{start}{escape(str(value))}{end}")

        def write(out: list[str], value: Any) -> None:
            out.append(f"{start}{convert(value)}{end}")

        return write_text if shape["type"] == "string" else write

    def structure(self, shape: Shape, tag: str) -> Write:
        return self.element(shape, *tags(tag, shape))

    def element(self, shape: Shape, start: str, end: str) -> Write:
        """A structure between these tags."""
        attributes = {
            name: wire_name(name, member)
            for name, member in members(self.service, shape).items()
            if member.get("xmlAttribute")
        }
        content = self.content(shape)

        def write(out: list[str], value: Mapping[str, Any]) -> None:
            out.append(start)
            content(out, value)
            out.append(end)

        def write_with_attributes(out: list[str], value: Mapping[str, Any]) -> None:
            given = [
                f' {attribute}="{escape(str(value[name]))}"'
                for name, attribute in attributes.items()
                if value.get(name) is not None
            ]
            out.append(start[:-1] + "".join(given) + ">")
            content(out, value)
            out.append(end)

        return write_with_attributes if attributes else write

    def content(self, shape: Shape) -> Write:
        """What stands inside a structure's element. Members bound elsewhere are left to others."""
        writers: dict[str, Write | None] = {}
        for name, member in members(self.service, shape).items():
            elsewhere = outside_body(member) or member.get("xmlAttribute") or member.get("eventheader")
            writers[name] = None if elsewhere else self._member(name, member, shape)
        shape_name = shape.get("shape", "the output")

        def write(out: list[str], value: Mapping[str, Any]) -> None:
            for name, item in value.items():
                if item is None:
                    continue
                if name in writers:
                    write_member = writers[name]
                    if write_member is not None:
                        write_member(out, item)
                else:
                    assert name == "ResponseMetadata", f"{shape_name} has no member {name}"

        return write

    def list(self, shape: Shape, tag: str) -> Write:
        start, end = tags(tag, shape)
        write_item = self.compile(shape["member"], shape["member"].get("locationName", "member"))

        def write(out: list[str], value: Any) -> None:
            out.append(start)
            for item in value:
                write_item(out, item)
            out.append(end)

        return write

    def map(self, shape: Shape, tag: str) -> Write:
        start, end = tags(tag, shape)
        write_entry = self._entry(shape, "entry")

        def write(out: list[str], value: Mapping[str, Any]) -> None:
            out.append(start)
            write_entry(out, value)
            out.append(end)

        return write

    def _member(self, name: str, member: Shape, shape: Shape) -> Write:
        tag = wire_name(name, member)
        if member["type"] == "list" and member.get("flattened"):
            write_item = self.compile(member["member"], member["member"].get("locationName", tag))

            def write(out: list[str], value: Any) -> None:
                for item in value:
                    write_item(out, item)

            return write
        if member["type"] == "map" and member.get("flattened"):
            return self._entry(member, tag)
        return self.compile(shape["members"][name], tag)

    def _entry(self, shape: Shape, tag: str) -> Write:
        key_name, value_name = entry_names(shape)
        write_key = self.compile(shape["key"], key_name)
        write_value = self.compile(shape["value"], value_name)

        def write(out: list[str], value: Mapping[str, Any]) -> None:
            for key, item in value.items():
                out.append(f"<{tag}>")
                write_key(out, key)
                write_value(out, item)
                out.append(f"</{tag}>")

        return write


@cache
def reader(service: ServiceModel) -> XmlReader:
    return XmlReader(service)


@cache
def writer(service: ServiceModel) -> XmlWriter:
    return XmlWriter(service)


def entry_names(shape: Shape) -> tuple[str, str]:
    """The element names of a map entry's key and value."""
    return shape["key"].get("locationName", "key"), shape["value"].get("locationName", "value")


def tags(name: str, shape: Shape) -> tuple[str, str]:
    """The start tag, with the shape's namespace if it has one, and the end tag."""
    namespace = shape.get("xmlNamespace")
    if not namespace:
        return f"<{name}>", f"</{name}>"
    uri = namespace["uri"] if isinstance(namespace, dict) else namespace
    prefix = namespace.get("prefix") if isinstance(namespace, dict) else None
    attribute = f"xmlns:{prefix}" if prefix else "xmlns"
    return f'<{name} {attribute}="{escape(uri)}">', f"</{name}>"


_ESCAPED = re.compile(r"[&<>\"\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def escape(text: str) -> str:
    """Text for an element or an attribute. Control characters become references, as S3 sends them."""
    if _ESCAPED.search(text) is None:
        return text
    return _ESCAPED.sub(lambda found: _NAMED.get(found.group()) or f"&#x{ord(found.group()):x};", text)


def elements(values: Mapping[str, Any]) -> str:
    """Elements for names and plain values, as errors carry them. Nested lists repeat their element."""
    out = []
    for name, value in values.items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            content = elements(item) if isinstance(item, Mapping) else escape(_plain(item))
            out.append(f"<{name}>{content}</{name}>")
    return "".join(out)


def _plain(value: Any) -> str:
    return scalars.from_boolean(value) if isinstance(value, bool) else str(value)


def _local(name: str) -> str:
    return name[name.find(":") + 1 :]
