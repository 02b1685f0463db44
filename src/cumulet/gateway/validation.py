"""What the model demands of an operation's input: presence, length, range, pattern, enumeration.

Checks are compiled once per operation into closures that cost little while nothing is wrong. The words are those
of AWS (seen in its answers): every problem names the value, the path and the constraint. Services that say it in
other words, or do most of it themselves, stand in the table below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from cumulet.gateway import patterns
from cumulet.kernel.models import Operation, ServiceModel, Shape

LONGEST_SHOWN = 8192


class Problem(NamedTuple):
    path: str
    shown: str | None
    """The value as AWS prints it; None for a value that must not be shown."""
    constraint: str

    def __str__(self) -> str:
        value = "Value" if self.shown is None else f"Value {self.shown}"
        return f"{value} at '{self.path}' failed to satisfy constraint: {self.constraint}"


class InvalidInput(Exception):
    """The input breaks constraints of the model; nothing was done."""

    def __init__(self, code: str, message: str, problems: list[Problem], status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.problems = problems
        self.status = status


class Rules(NamedTuple):
    """How a service speaks of broken constraints."""

    code: str = "ValidationException"
    only_required: bool = False
    """Whether the service leaves all but missing members to its own code, which says it in other words."""
    missing_code: str | None = None
    missing: str | None = None
    """The message for a missing parameter where it has a form of its own, with a place for the name."""
    prefix: str = ""
    """What stands before the path of a member of the body, with a place for the operation's name."""


_MISSING = "The request must contain the parameter {}"
_RULES = {
    "apigateway": Rules(prefix="{}Input."),
    "athena": Rules("InvalidRequestException"),
    "cloudfront": Rules("InvalidArgument"),
    "cognito-identity": Rules("InvalidParameterException"),
    "cognito-idp": Rules("InvalidParameterException"),
    "ec2": Rules("InvalidParameterValue", True, "MissingParameter", _MISSING),
    "elasticache": Rules("InvalidParameterValue", True, "MissingParameter", _MISSING),
    "iot": Rules("InvalidRequestException"),
    "logs": Rules("InvalidParameterException"),
    "organizations": Rules("InvalidInputException"),
    "rds": Rules("InvalidParameterValue", True, "MissingParameter", _MISSING),
    "route53": Rules("InvalidInput"),
    "s3": Rules(
        "MalformedXML",
        True,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "s3control": Rules(
        "MalformedXML",
        True,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "sqs": Rules("InvalidParameterValue", True, "MissingParameter", _MISSING + "."),
}

Check = Callable[[Any], list[Problem] | None]
"""The problems of a value with paths from the value on, None where there are none."""


def check(service: ServiceModel, operation: str, params: Mapping[str, Any]) -> None:
    """Raise InvalidInput where the input breaks a constraint; all broken ones are named."""
    found = compiled(service, operation)(params)
    if found:
        raise _refusal(service, service.operations[operation], found)


@cache
def compiled(service: ServiceModel, operation: str) -> Check:
    """The check of an operation's whole input."""
    name = service.operations[operation].input
    return (_checks(service).of({"shape": name}) if name else None) or _nothing_wrong


@cache
def rules(service: ServiceModel) -> Rules:
    found = _RULES.get(service.name)
    if found is not None:
        return found
    return Rules("ValidationError" if service.protocols[0] == "query" else "ValidationException")


def _refusal(service: ServiceModel, operation: Operation, problems: list[Problem]) -> InvalidInput:
    spoken = rules(service)
    missing = next((problem for problem in problems if problem.constraint == NOT_NULL), None)
    if spoken.missing is not None and spoken.missing_code is not None and missing is not None:
        name = ".".join(_capital(part) for part in missing.path.split(".") if part != "member")
        return InvalidInput(spoken.missing_code, spoken.missing.format(name), problems)
    if spoken.prefix:
        problems = [_prefixed(service, operation, spoken.prefix, problem) for problem in problems]
    plural = "s" if len(problems) > 1 else ""
    words = "; ".join(str(problem) for problem in problems)
    return InvalidInput(spoken.code, f"{len(problems)} validation error{plural} detected: {words}", problems)


def _prefixed(service: ServiceModel, operation: Operation, prefix: str, problem: Problem) -> Problem:
    """API Gateway names the structure that its body is, before members of the body."""
    first = problem.path.partition(".")[0]
    members = service.shapes[operation.input or ""]["members"]
    in_body = any(_small(name) == first and not ref.get("location") for name, ref in members.items())
    return problem._replace(path=prefix.format(_small(operation.name)) + problem.path) if in_body else problem


NOT_NULL = "Member must not be null"


class _Checks:
    """The checks of one service's shapes, shared between its operations. None means: nothing to check."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._only_required = rules(service).only_required
        self._made: dict[str, Check | None] = {}
        self._building: set[str] = set()

    def of(self, ref: Shape) -> Check | None:
        name = str(ref["shape"])
        if name in self._building:
            return partial(self._later, name)
        if name not in self._made:
            self._building.add(name)
            shape = self._service.shapes[name]
            build = getattr(self, "_" + shape["type"], self._scalar)
            self._made[name] = build(name, shape)
            self._building.discard(name)
        return self._made[name]

    def _later(self, name: str, value: Any) -> list[Problem] | None:
        """A shape within itself: its check is ready by the time that a value is."""
        made = self._made[name]
        return made(value) if made is not None else None

    def _structure(self, name: str, shape: Shape) -> Check | None:
        if shape.get("document"):
            return None
        required = [(member, _small(member)) for member in shape.get("required", ())]
        checks = {
            member: (_small(member), found)
            for member, ref in shape.get("members", {}).items()
            if (found := self.of(ref)) is not None
        }
        if not required and not checks:
            return None

        def check_structure(value: Any) -> list[Problem] | None:
            problems: list[Problem] | None = None
            for member, path in required:
                if value.get(member) is None:
                    problems = [*(problems or ()), Problem(path, "null", NOT_NULL)]
            for member, item in value.items():
                known = checks.get(member)
                if known is not None and item is not None:
                    found = known[1](item)
                    if found:
                        problems = [*(problems or ()), *_under(known[0], found)]
            return problems

        return check_structure

    def _list(self, name: str, shape: Shape) -> Check | None:
        item_shape = self._service.shapes[shape["member"]["shape"]]
        own = [] if self._only_required else _length(shape)
        check_item = self.of(shape["member"])
        if item_shape["type"] in ("structure", "list", "map"):
            return self._list_of_structures(shape, own, check_item)
        tests = [] if self._only_required else _tests(item_shape)
        if not own and not tests and shape.get("sparse"):
            return None
        words = f"Member must satisfy constraint: [{', '.join(text for _, text in tests)}]"
        sparse = bool(shape.get("sparse"))

        def check_list(value: Any) -> list[Problem] | None:
            problems = [self._problem("", value, shape, text) for ok, text in own if not ok(value)]
            for at, item in enumerate(value, 1):
                if item is None:
                    if not sparse:
                        problems.append(Problem(f"{at}.member", "null", NOT_NULL))
                elif not all(ok(item) for ok, _ in tests):
                    problems.append(self._problem("", value, shape, words))
                    break
            return problems or None

        return check_list

    def _list_of_structures(self, shape: Shape, own: list[_Test], check_item: Check | None) -> Check | None:
        sparse = bool(shape.get("sparse"))

        def check_list(value: Any) -> list[Problem] | None:
            problems = [self._problem("", value, shape, text) for ok, text in own if not ok(value)]
            for at, item in enumerate(value, 1):
                if item is None:
                    found = None if sparse else [Problem("", "null", NOT_NULL)]
                else:
                    found = check_item(item) if check_item is not None else None
                if found:
                    problems += _under(f"{at}.member", found)
            return problems or None

        return check_list

    def _map(self, name: str, shape: Shape) -> Check | None:
        shapes = self._service.shapes
        value_shape = shapes[shape["value"]["shape"]]
        nested = value_shape["type"] in ("structure", "list", "map")
        own = [] if self._only_required else _length(shape)
        keys = [] if self._only_required else _tests(shapes[shape["key"]["shape"]])
        values = [] if self._only_required or nested else _tests(value_shape)
        check_value = self.of(shape["value"]) if nested else None
        if not (own or keys or values or check_value):
            return None
        key_words = f"Map keys must satisfy constraint: [{', '.join(text for _, text in keys)}]"
        value_texts = [text for _, text in values] + [NOT_NULL]
        value_words = f"Map value must satisfy constraint: [{', '.join(value_texts)}]"

        def check_map(value: Any) -> list[Problem] | None:
            problems = [self._problem("", value, shape, text) for ok, text in own if not ok(value)]
            if keys and not all(ok(key) for key in value for ok, _ in keys):
                problems.append(self._problem("", value, shape, key_words))
            if values and not all(ok(item) for item in value.values() for ok, _ in values):
                problems.append(self._problem("", value, shape, value_words))
            if check_value is not None:
                for key, item in value.items():
                    found = check_value(item) if item is not None else None
                    if found:
                        problems += _under(f"{key}.member", found)
            return problems or None

        return check_map

    def _scalar(self, name: str, shape: Shape) -> Check | None:
        tests = [] if self._only_required else _tests(shape)
        if not tests:
            return None

        def check_scalar(value: Any) -> list[Problem] | None:
            for ok, _ in tests:
                if not ok(value):
                    return [self._problem("", value, shape, text) for ok, text in tests if not ok(value)]
            return None

        return check_scalar

    def _problem(self, path: str, value: Any, shape: Shape, words: str) -> Problem:
        shown = None if shape.get("sensitive") else f"'{_shown(self._service, shape, value)}'"
        return Problem(path, shown, words)


@cache
def _checks(service: ServiceModel) -> _Checks:
    return _Checks(service)


_Test = tuple[Callable[[Any], bool], str]
"""A predicate and the words for what it demands."""


def _tests(shape: Shape) -> list[_Test]:
    """What a value without parts must be, in the order in which AWS names it."""
    kind = shape["type"]
    if kind == "blob":
        return [] if shape.get("streaming") else _length(shape)
    if kind == "string":
        return _length(shape) + _enumeration(shape) + _pattern(shape)
    return _range(shape) if kind in ("integer", "long", "float", "double") else []


def _length(shape: Shape) -> list[_Test]:
    low, high = shape.get("min"), shape.get("max")
    tests: list[_Test] = []
    if high is not None:
        tests.append((partial(_not_longer, int(high)), f"Member must have length less than or equal to {high}"))
    if low:
        tests.append((partial(_not_shorter, int(low)), f"Member must have length greater than or equal to {low}"))
    return tests


def _range(shape: Shape) -> list[_Test]:
    number = float if shape["type"] in ("float", "double") else int
    tests: list[_Test] = []
    if shape.get("max") is not None:
        high = number(shape["max"])
        tests.append((partial(_not_above, high), f"Member must have value less than or equal to {high}"))
    if shape.get("min") is not None:
        low = number(shape["min"])
        tests.append((partial(_not_below, low), f"Member must have value greater than or equal to {low}"))
    return tests


def _enumeration(shape: Shape) -> list[_Test]:
    values = shape.get("enum")
    if not values:
        return []
    return [(frozenset(values).__contains__, f"Member must satisfy enum value set: [{', '.join(values)}]")]


def _pattern(shape: Shape) -> list[_Test]:
    pattern = shape.get("pattern")
    if not pattern or "enum" in shape:
        return []
    return [(partial(patterns.fits, pattern), f"Member must satisfy regular expression pattern: {pattern}")]


def _not_longer(limit: int, value: Any) -> bool:
    return len(value) <= limit


def _not_shorter(limit: int, value: Any) -> bool:
    return len(value) >= limit


def _not_above(limit: float, value: Any) -> bool:
    return bool(value <= limit)


def _not_below(limit: float, value: Any) -> bool:
    return bool(value >= limit)


def _under(path: str, problems: list[Problem]) -> list[Problem]:
    return [problem._replace(path=f"{path}.{problem.path}" if problem.path else path) for problem in problems]


def _small(name: str) -> str:
    return name[0].lower() + name[1:]


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _shown(service: ServiceModel, shape: Shape, value: Any) -> str:
    """A value as AWS's error messages print it, cut where it would fill pages."""
    text = _printed(service, shape, value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _printed(service: ServiceModel, shape: Shape, value: Any, name: str = "") -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case bytes():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        case list():
            ref = shape["member"]
            item = service.shapes[ref["shape"]]
            return f"[{', '.join(_printed(service, item, part, ref['shape']) for part in value)}]"
        case dict() if shape["type"] == "map":
            ref = shape["value"]
            item = service.shapes[ref["shape"]]
            entries = (f"{key}={_printed(service, item, part, ref['shape'])}" for key, part in value.items())
            return f"{{{', '.join(entries)}}}"
        case dict() if not shape.get("document"):
            parts = (
                f"{_small(member)}={_printed(service, service.shapes[ref['shape']], value.get(member), ref['shape'])}"
                for member, ref in shape.get("members", {}).items()
            )
            return f"{name}({', '.join(parts)})"
    return str(value)


def _nothing_wrong(_: Any) -> list[Problem] | None:
    return None
