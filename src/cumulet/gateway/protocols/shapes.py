"""Walking the model once per shape: a compiler turns shapes into closures and shares them.

Recursive shapes meet a closure that is looked up when first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cumulet.kernel.models import ServiceModel, Shape


def resolve(service: ServiceModel, ref: Shape) -> Shape:
    """The shape that a reference names, with the reference's own traits laid over it."""
    return {**service.shapes[ref["shape"]], **ref}


def members(service: ServiceModel, shape: Shape) -> dict[str, Shape]:
    """The members of a structure by name, resolved."""
    return {name: resolve(service, ref) for name, ref in shape.get("members", {}).items()}


def outside_body(shape: Shape) -> bool:
    """Whether a member of an output travels in a header or in the status."""
    return shape.get("location") in ("header", "headers", "statusCode")


def wire_name(name: str, shape: Shape) -> str:
    return str(shape.get("locationName", name))


class Compiler:
    """Turns shapes into closures, each once. A subclass has one method per kind of shape, named after it;
    kinds without a method go to `scalar`."""

    def __init__(self, service: ServiceModel) -> None:
        self.service = service
        self._made: dict[str, Callable[..., Any] | None] = {}

    def compile(self, ref: Shape, *how: Any) -> Callable[..., Any]:
        """The closure for what `ref` names; `how` goes on to the kind's method and tells closures apart."""
        key = f"{sorted(ref.items())}{how}"
        if key not in self._made:
            self._made[key] = None
            shape = resolve(self.service, ref)
            build = getattr(self, shape["type"], self.scalar)
            self._made[key] = build(shape, *how)
        return self._made[key] or self._later(key)

    def scalar(self, shape: Shape, *how: Any) -> Callable[..., Any]:
        raise NotImplementedError

    def _later(self, key: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            made = self._made[key]
            assert made is not None
            return made(*args)

        return call
