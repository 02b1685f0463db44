"""Begin a service: the package and its tests, in the shape of the example, services/sqs.

    python scripts/new_service.py sns                      # as boto3 names the service
    python scripts/new_service.py sns CreateTopic Publish  # print how the methods of operations begin

After adding operations, `python -m tests.test_completeness` writes the list of what is missing anew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from string import Template

from cumulet.kernel import models
from cumulet.kernel.models import ServiceModel

HOME = Path(__file__).parents[1]
TEMPLATE = Path(__file__).parent / "service_template"
TYPES = {
    "string": "str", "integer": "int", "long": "int", "float": "float", "double": "float", "boolean": "bool",
    "timestamp": "datetime", "blob": "bytes", "list": "Sequence[Any]", "map": "Mapping[str, Any]",
    "structure": "Mapping[str, Any]",
}  # fmt: skip


class Refused(Exception):
    """The words are for the user."""


def begin(model: ServiceModel, into: Path) -> list[Path]:
    """Write the files of a new service. Raises Refused where there is one already."""
    words = _words(model)
    package, tests = into / "src/cumulet/services" / words["package"], into / "tests" / words["package"]
    if package.exists() or tests.exists():
        raise Refused(f"{model.name} has been begun: {package}")
    written = []
    for part, folder in (("package", package), ("tests", tests)):
        folder.mkdir(parents=True)
        for template in sorted((TEMPLATE / part).glob("*.txt")):
            target = folder / template.stem
            target.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
            written.append(target)
    return written


def signature(model: ServiceModel, operation: str) -> str:
    """How the method of an operation begins. Raises Refused for one that the model does not have."""
    if operation not in model.operations:
        raise Refused(f"{model.name} has no operation {operation}")
    found = model.operations[operation]
    shape = model.shapes[found.input] if found.input else {}
    required = shape.get("required", ())
    members = sorted(shape.get("members", {}).items(), key=lambda member: member[0] not in required)
    given = [_parameter(model, name, member["shape"], name in required) for name, member in members]
    arguments = ", ".join(["self", "*", *given] if given else ["self"])
    return f"    async def {found.method}({arguments}) -> dict[str, Any]:"


def _parameter(model: ServiceModel, name: str, shape: str, required: bool) -> str:
    kind = TYPES[model.shapes[shape]["type"]]
    return f"{name}: {kind}" if required else f"{name}: {kind} | None = None"


def _words(model: ServiceModel) -> dict[str, str]:
    identifier = "".join(c for c in model.metadata["serviceId"] if c.isalnum())
    package = model.name.replace("-", "_")
    return {
        "name": model.name,
        "package": package,
        "fixture": package,
        "class_name": identifier,
        "title": model.metadata.get("serviceAbbreviation") or model.metadata["serviceFullName"],
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("service")
    parser.add_argument("operations", nargs="*")
    parser.add_argument("--into", type=Path, default=HOME, help="the project's folder")
    asked = parser.parse_args(arguments)
    try:
        lines = _answer(asked.service, asked.operations, asked.into)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _answer(service: str, operations: list[str], into: Path) -> list[str]:
    if service not in models.names():
        raise Refused(f"AWS has no service {service}, as boto3 spells names")
    model = models.load(service)
    return [signature(model, name) for name in operations] or [str(path) for path in begin(model, into)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
