"""Random operations on a table with indexes, against a dict and a few lines of Python."""

from __future__ import annotations

import operator
import os
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from tests.dynamodb.shapes import make

RUNS = int(os.environ.get("CUMULET_MODEL_RUNS", "3"))
STEPS = 150
Item = dict[str, dict[str, Any]]
Holds = Callable[[Item], bool]

PARTITIONS, SORTS = ("a", "b", "é"), ("-20", "-3", "-1.5", "0", "0.1", "2", "10", "100")
TEXTS, NUMBERS = ("", "a", "ab", "b", "é"), ("-7", "0", "1", "1.25", "30")
COMPARISONS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
KINDS = {"grp": "S", "num": "N", "tag": "S", "memo": "S", "hits": "N", "tags": "SS", "loose": "S N SS"}
"""What items have besides their key: the indexes are by the first three."""
INDEXES = {
    None: ("pk", "sk", None),
    "by-grp": ("grp", "num", None),
    "included": ("grp", "", {"pk", "sk", "grp", "memo"}),
    "local": ("pk", "tag", {"pk", "sk", "tag"}),
}  # fmt: skip
"""Of each its partition key, its sort key, and what it shows (None: everything)."""


class Action(NamedTuple):
    kind: str
    request: dict[str, Any]
    holds: Holds
    change: Callable[[Item | None], Item | None]


def plain(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return {"N": lambda: Decimal(content), "SS": lambda: frozenset(content)}.get(kind, lambda: content)()


def seen(items: list[Item] | Any) -> list[Any]:
    """Items so that equal ones are equal, in an order of their own."""
    return sorted(tuple(sorted((name, repr(_sorted(each))) for name, each in item.items())) for item in items)


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    return {"SS": sorted(value["SS"])} if "SS" in value else value


class Bindings:
    """Expressions under way, with what is given for them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names: dict[str, str] = {}
        self.values: Item = {}

    def name(self, attribute: str) -> str:
        if self.chance.random() < 0.5:
            return attribute
        self.names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(self, value: dict[str, Any]) -> str:
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def members(self) -> dict[str, Any]:
        names = {"ExpressionAttributeNames": self.names} if self.names else {}
        return names | ({"ExpressionAttributeValues": self.values} if self.values else {})

    def content(self, kinds: str) -> dict[str, Any]:
        kind = self.chance.choice(kinds.split())
        if kind == "SS":
            return {"SS": self.chance.sample(TEXTS[1:], self.chance.randint(1, 3))}
        return {kind: self.chance.choice(TEXTS[1:] if kind == "S" else NUMBERS)}

    def condition(self, attributes: list[str], depth: int = 2) -> tuple[str, Holds]:
        if depth and self.chance.random() < 0.5:
            return self._joined(attributes, depth - 1)
        attribute = self.chance.choice(attributes)
        kinds, name = KINDS.get(attribute, "S"), self.name(attribute)
        form = self.chance.choice([self._exists, self._compared, self._between, self._in, self._begins, self._contains])
        text, holds = form(name, kinds)
        return text, lambda item: holds(item.get(attribute))

    def _joined(self, attributes: list[str], depth: int) -> tuple[str, Holds]:
        first, one = self.condition(attributes, depth)
        if self.chance.random() < 0.3:
            return f"NOT ({first})", lambda item: not one(item)
        second, two = self.condition(attributes, depth)
        if self.chance.random() < 0.5:
            return f"({first}) AND ({second})", lambda item: one(item) and two(item)
        return f"({first}) OR ({second})", lambda item: one(item) or two(item)

    def _exists(self, name: str, kinds: str) -> tuple[str, Any]:
        if self.chance.random() < 0.5:
            return f"attribute_exists({name})", lambda value: value is not None
        return f"attribute_not_exists({name})", lambda value: value is None

    def _compared(self, name: str, kinds: str) -> tuple[str, Any]:
        wanted = self.content(kinds)
        (kind,) = wanted
        sign = self.chance.choice(["=", "<>"] if kind == "SS" else ["<>", *COMPARISONS])
        if sign == "<>":  # what is not there, or of another type, is not equal
            return f"{name} <> {self.value(wanted)}", lambda v: v is None or kind not in v or plain(v) != plain(wanted)
        compare = COMPARISONS[sign]
        return (
            f"{name} {sign} {self.value(wanted)}",
            lambda v: bool(v) and kind in v and compare(*map(plain, (v, wanted))),
        )

    def _between(self, name: str, kinds: str) -> tuple[str, Any]:
        kind = kinds.split()[0].replace("SS", "S")
        low, high = sorted((self.content(kind), self.content(kind)), key=plain)
        text = f"{name} BETWEEN {self.value(low)} AND {self.value(high)}"
        return text, lambda value: bool(value) and kind in value and plain(low) <= plain(value) <= plain(high)

    def _in(self, name: str, kinds: str) -> tuple[str, Any]:
        wanted = [self.content(kinds) for _ in range(self.chance.randint(1, 3))]
        text = f"{name} IN ({', '.join(map(self.value, wanted))})"
        return text, lambda v: bool(v) and any(v.keys() == w.keys() and plain(v) == plain(w) for w in wanted)

    def _begins(self, name: str, kinds: str) -> tuple[str, Any]:
        wanted = self.content("S")
        text = f"begins_with({name}, {self.value(wanted)})"
        return text, lambda value: bool(value) and value.get("S", " ").startswith(wanted["S"])

    def _contains(self, name: str, kinds: str) -> tuple[str, Any]:
        wanted = self.content("S")
        text = f"contains({name}, {self.value(wanted)})"
        return text, lambda value: bool(value) and wanted["S"] in value.get("S", value.get("SS", ()))

    def update(self) -> tuple[str, Callable[[Item | None], Item | None]]:
        """An UpdateExpression, and what it makes of an item. One that only takes away makes none."""
        clauses: dict[str, list[str]] = {}
        steps: list[Callable[[Item], None]] = []
        for attribute in self.chance.sample(list(KINDS), self.chance.randint(1, 4)):
            clause, text, step = self._step(attribute)
            clauses.setdefault(clause, []).append(text)
            steps.append(step)
        makes = bool(clauses.keys() & {"SET", "ADD"})

        def change(old: Item | None) -> Item | None:
            if old is None and not makes:
                return None
            new = dict(old or {})
            for step in steps:
                step(new)
            return new

        return " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items()), change

    def _step(self, attribute: str) -> tuple[str, str, Callable[[Item], None]]:
        name, chosen, value = self.name(attribute), self.chance.random(), self.content(KINDS[attribute])
        if chosen < 0.2:
            return "REMOVE", name, lambda item: item.pop(attribute, None) and None
        if attribute == "tags" and chosen < 0.8:
            is_adding = chosen < 0.5
            combine = operator.or_ if is_adding else operator.sub

            def members(item: Item) -> None:
                left = combine(set(item.pop("tags", {"SS": []})["SS"]), set(value["SS"]))
                item |= {"tags": {"SS": sorted(left)}} if left else {}

            return "ADD" if is_adding else "DELETE", f"{name} {self.value(value)}", members
        if attribute == "hits" and chosen < 0.8:
            added = {"N": self.chance.choice(NUMBERS)}

            def count(item: Item) -> None:
                total = plain(item.get("hits", {"N": "0"})) + plain(added)
                item["hits"] = {"N": f"{total.normalize():f}" if total else "0"}

            if chosen < 0.5:
                return "ADD", f"{name} {self.value(added)}", count
            zero = self.value({"N": "0"})
            return "SET", f"{name} = if_not_exists({name}, {zero}) + {self.value(added)}", count
        if chosen < 0.5:
            text = f"{name} = if_not_exists({name}, {self.value(value)})"
            return "SET", text, lambda item: item.setdefault(attribute, value) and None
        return "SET", f"{name} = {self.value(value)}", lambda item: item.update({attribute: value})


class Run:
    """One sequence of operations, each done to the table and to the model."""

    def __init__(self, dynamodb: Any, seed: int) -> None:
        self.dynamodb, self.chance = dynamodb, random.Random(seed)
        self.model: dict[tuple[str, str], Item] = {}

    def step(self) -> str:
        steps = [
            self.write,
            self.write,
            self.batch,
            self.transact,
            self.query,
            self.query,
            self.start,
            self.scan,
            self.get,
        ]
        chosen = self.chance.choice(steps)
        return f"{chosen.__name__}({chosen()})"

    # Making requests

    def key(self) -> tuple[str, str]:
        return self.chance.choice(PARTITIONS), self.chance.choice(SORTS)

    def item(self, key: tuple[str, str]) -> Item:
        given = Bindings(self.chance)
        some = self.chance.sample(list(KINDS), self.chance.randint(0, len(KINDS)))
        return named(key) | {name: given.content(KINDS[name]) for name in some}

    def action(self, key: tuple[str, str], kinds: tuple[str, ...]) -> Action:
        kind, given = self.chance.choice(kinds), Bindings(self.chance)
        request: dict[str, Any] = {"TableName": "music"}
        holds, change = always, same
        if kind == "ConditionCheck" or self.chance.random() < 0.5:
            request["ConditionExpression"], holds = given.condition(["pk", *KINDS])
        if kind == "Put":
            request["Item"] = self.item(key)
            change = becoming(request["Item"])
        else:
            request["Key"] = named(key)
        if kind == "Delete":
            change = becoming(None)
        elif kind == "Update":
            request["UpdateExpression"], update = given.update()
            change = changing(key, update)
        return Action(kind, request | given.members(), holds, change)

    def apply(self, key: tuple[str, str], action: Action) -> None:
        new = action.change(self.model.pop(key, None))
        self.model |= {} if new is None else {key: new}

    # Writing

    def write(self) -> str:
        key = self.key()
        action, old = self.action(key, ("Put", "Put", "Update", "Update", "Delete")), self.model.get(key)
        shown = "ALL_NEW" if action.kind == "Update" and self.chance.random() < 0.5 else "ALL_OLD"
        call = getattr(self.dynamodb, f"{action.kind.lower()}_item")
        try:
            answer = call(**action.request, ReturnValues=shown, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException", error
            assert not action.holds(old or {}), "it should have been done"
            assert seen_one(error.response.get("Item")) == seen_one(old)
            return f"{action.request}, refused"
        assert action.holds(old or {}), "it should have been refused"
        self.apply(key, action)
        assert seen_one(answer.get("Attributes")) == seen_one(self.model.get(key) if shown == "ALL_NEW" else old)
        return f"{action.request}"

    def batch(self) -> str:
        requests: list[dict[str, Any]] = []
        for key in {self.key() for _ in range(self.chance.randint(1, 10))}:
            if self.chance.random() < 0.7:
                self.model[key] = self.item(key)
                requests.append({"PutRequest": {"Item": self.model[key]}})
            else:
                self.model.pop(key, None)
                requests.append({"DeleteRequest": {"Key": named(key)}})
        assert not self.dynamodb.batch_write_item(RequestItems={"music": requests})["UnprocessedItems"]
        return f"{requests}"

    def transact(self) -> str:
        keys = sorted({self.key() for _ in range(self.chance.randint(1, 4))})
        actions = {key: self.action(key, ("Put", "Update", "Delete", "ConditionCheck")) for key in keys}
        reasons = [
            "None" if action.holds(self.model.get(key, {})) else "ConditionalCheckFailed"
            for key, action in actions.items()
        ]
        request = [{action.kind: action.request} for action in actions.values()]
        try:
            self.dynamodb.transact_write_items(TransactItems=request)
        except ClientError as error:
            told = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
            assert told == reasons and "ConditionalCheckFailed" in told, error
            return f"{request}, refused"
        assert set(reasons) == {"None"}, f"it should have been refused: {reasons}"
        for key, action in actions.items():
            self.apply(key, action)
        return f"{request}"

    # Reading

    def get(self) -> str:
        keys = sorted({self.key() for _ in range(self.chance.randint(1, 10))})
        wanted = [self.model.get(key) for key in keys]
        batch = {"music": {"Keys": [named(key) for key in keys], "ConsistentRead": True}}
        found = self.dynamodb.batch_get_item(RequestItems=batch)["Responses"]["music"]
        assert seen(found) == seen(filter(None, wanted))
        gets = [{"Get": {"TableName": "music", "Key": named(key)}} for key in keys]
        told = self.dynamodb.transact_get_items(TransactItems=gets)["Responses"]
        assert [seen_one(each.get("Item")) for each in told] == list(map(seen_one, wanted))
        one = self.dynamodb.get_item(TableName="music", Key=named(keys[0]), ConsistentRead=True)
        assert seen_one(one.get("Item")) == seen_one(wanted[0])
        return f"{keys}"

    def query(self) -> str:
        index = self.chance.choice(list(INDEXES))
        hashed, ranged, _ = INDEXES[index]
        given, wanted = Bindings(self.chance), {"S": self.chance.choice(PARTITIONS if hashed == "pk" else TEXTS[1:])}
        text, holds = f"{given.name(hashed)} = {given.value(wanted)}", lambda item: item[hashed] == wanted
        if ranged and self.chance.random() < 0.6:
            text, holds = self._ranged(given, ranged, text, holds)
        forward = self.chance.random() < 0.5
        request = {"KeyConditionExpression": text, "ScanIndexForward": forward}
        found, request = self._read(self.dynamodb.query, index, given, holds, request)
        if ranged:
            order = [plain(item[ranged]) for item in found]
            if order and isinstance(order[0], str):
                order = [each.encode() for each in order]
            assert order == sorted(order, reverse=not forward), f"{request}: not in order"
        return f"{request}"

    def start(self) -> str:
        """A query of the table may begin behind any key, whether there is an item or not."""
        (hashed, ranged), forward = self.key(), self.chance.random() < 0.5
        behind = Decimal(self.chance.choice((ranged, "1.5", "-1E-5")))
        answer = self.dynamodb.query(
            TableName="music", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": hashed}},
            ScanIndexForward=forward, ExclusiveStartKey=named((hashed, f"{behind:f}")),
        )  # fmt: skip
        passed = operator.gt if forward else operator.lt
        wanted = [item for (pk, sk), item in self.model.items() if pk == hashed and passed(Decimal(sk), behind)]
        assert seen(answer["Items"]) == seen(wanted)
        return f"{hashed}, {behind}, {forward}"

    def _ranged(self, given: Bindings, name: str, text: str, holds: Holds) -> tuple[str, Holds]:
        kind = "S" if name == "tag" else "N"
        choices = {"sk": SORTS, "num": NUMBERS, "tag": TEXTS[1:]}[name]
        low, high = sorted(({kind: self.chance.choice(choices)} for _ in range(2)), key=plain)
        sign = self.chance.choice([*COMPARISONS, "BETWEEN", *(["begins_with"] if kind == "S" else [])])
        if sign == "BETWEEN":
            also, fits = f"{name} BETWEEN {given.value(low)} AND {given.value(high)}", lambda v: low_high(low, v, high)
        elif sign == "begins_with":
            also, fits = f"begins_with({name}, {given.value(low)})", lambda v: v["S"].startswith(low["S"])
        else:
            also, fits = f"{name} {sign} {given.value(low)}", lambda v: COMPARISONS[sign](plain(v), plain(low))
        return f"{text} AND {also}", lambda item: holds(item) and fits(item[name])

    def scan(self) -> str:
        index = self.chance.choice(list(INDEXES))
        segments = self.chance.choice([1, 1, 3])
        if segments == 1:
            return f"{self._read(self.dynamodb.scan, index, Bindings(self.chance), always, {})[1]}"
        request = {"TableName": "music", "TotalSegments": segments, **({"IndexName": index} if index else {})}
        parts = [list(self._pages(self.dynamodb.scan, request | {"Segment": n})) for n in range(segments)]
        found = [item for pages in parts for page in pages for item in page["Items"]]
        assert seen(found) == seen(self._shown(index)), f"{request}"
        return f"{request}"

    def _read(
        self, call: Any, index: str | None, given: Bindings, holds: Holds, request: dict[str, Any]
    ) -> tuple[list[Item], dict[str, Any]]:
        """All pages, held to the model: what was looked at, what the filter left, and how long each page is."""
        wanted = [item for item in self._shown(index) if holds(item)]
        hashed, ranged, shown = INDEXES[index]
        free = [name for name in KINDS if name not in (hashed, ranged) and (shown is None or name in shown)]
        looked = len(wanted)
        request = {"TableName": "music", **request, **({"IndexName": index} if index else {})}
        if free and self.chance.random() < 0.5:
            request["FilterExpression"], left = given.condition(free)
            wanted = [item for item in wanted if left(item)]
        if self.chance.random() < 0.7:
            request["Limit"] = self.chance.randint(1, 6)
        request |= given.members()
        pages = list(self._pages(call, request))
        found = [item for page in pages for item in page["Items"]]
        assert seen(found) == seen(wanted), f"{request}"
        assert sum(page["ScannedCount"] for page in pages) == looked, f"{request}"
        assert all(page["Count"] == len(page["Items"]) for page in pages)
        assert all(page["ScannedCount"] == request["Limit"] for page in pages[:-1]), f"{request}"
        return found, request

    def _pages(self, call: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        page = call(**request)
        yield page
        while "LastEvaluatedKey" in page:
            page = call(**request, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield page

    def _shown(self, index: str | None) -> list[Item]:
        hashed, ranged, shown = INDEXES[index]
        there = [item for item in self.model.values() if hashed in item and (not ranged or ranged in item)]
        return there if shown is None else [{n: v for n, v in item.items() if n in shown} for item in there]

    def compare(self) -> None:
        assert seen(self.dynamodb.scan(TableName="music")["Items"]) == seen(self.model.values())
        told = self.dynamodb.describe_table(TableName="music")["Table"]
        assert told["ItemCount"] == len(self.model)
        for index in (*told["GlobalSecondaryIndexes"], *told["LocalSecondaryIndexes"]):
            assert index["ItemCount"] == len(self._shown(index["IndexName"])), index["IndexName"]


def named(key: tuple[str, str]) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"N": key[1]}}


def changing(
    key: tuple[str, str], update: Callable[[Item | None], Item | None]
) -> Callable[[Item | None], Item | None]:
    def change(old: Item | None) -> Item | None:
        made = update(old)
        return None if made is None else named(key) | made

    return change


def always(item: Item) -> bool:
    return True


def same(old: Item | None) -> Item | None:
    return old


def becoming(new: Item | None) -> Callable[[Item | None], Item | None]:
    return lambda old: new


def low_high(low: Any, value: Any, high: Any) -> bool:
    return plain(low) <= plain(value) <= plain(high)


def seen_one(item: Item | None) -> list[Any]:
    return [] if item is None else seen([item])


@pytest.mark.spec("data:DDB-07", "data:DDB-08", "data:DDB-10", "data:DDB-11", "data:DDB-14", "data:DDB-15")
@pytest.mark.spec("data:DDB-16", "data:DDB-17", "data:DDB-27")
@pytest.mark.parametrize("number", range(RUNS))
def test_random_operations_leave_and_show_what_the_model_says(client, number):
    seed = int(os.environ.get("CUMULET_SEED", random.SystemRandom().randrange(1 << 32)))
    dynamodb = client("dynamodb")
    indexes = "by-grp:grp:S,num:N/ALL included:grp/INCLUDE=memo local:pk,tag:S/KEYS_ONLY"
    make(dynamodb, key="pk:S sk:N", indexes=indexes)
    run, done = Run(dynamodb, seed), []
    try:
        for _ in range(STEPS):
            done.append(run.step())
            if len(done) % 25 == 0:
                run.compare()
    except Exception as error:
        raise AssertionError(f"CUMULET_SEED={seed}, step {len(done)}: {error!r}, after {done[-3:]}") from error
