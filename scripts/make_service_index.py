"""Write src/cumulet/gateway/service_index.json from the service models.

    python scripts/make_service_index.py

Run it when the pinned models change; tests/gateway/test_routing.py fails until then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cumulet.kernel import models

TARGET = Path(__file__).parents[1] / "src/cumulet/gateway/service_index.json"


def index() -> dict[str, dict[str, Any]]:
    return {name: entry(models.load(name)) for name in sorted(models.names())}


def entry(model: models.ServiceModel) -> dict[str, Any]:
    facts = {
        "signing": model.signing_name,
        "endpoint": model.metadata["endpointPrefix"],
        "version": model.api_version,
        "protocols": protocols(model),
        "id": model.metadata["serviceId"],
        "target": model.metadata.get("targetPrefix"),
        "bearer": "smithy.api#httpBearerAuth" in model.metadata.get("auth", ()),
        "anonymous": anonymous(model),
    }
    return {key: value for key, value in facts.items() if value}


def protocols(model: models.ServiceModel) -> list[str]:
    spoken = list(model.protocols)
    if "awsQueryCompatible" in model.metadata and "query" not in spoken:
        spoken.append("query")  # such a service moved to JSON and still answers its old clients
    return spoken


def anonymous(model: models.ServiceModel) -> list[tuple[str, str, str, list[str]]]:
    if not any(protocol.startswith("rest") for protocol in model.protocols):
        return []
    return [
        (operation.name, operation.http_method, operation.uri, required_headers(model, operation))
        for _, operation in sorted(model.operations.items())
        if operation.unsigned
    ]


def required_headers(model: models.ServiceModel, operation: models.Operation) -> list[str]:
    shape = model.shapes[operation.input] if operation.input else {}
    return [
        shape["members"][name]["locationName"].lower()
        for name in shape.get("required", ())
        if shape["members"][name].get("location") == "header"
    ]


def render(entries: dict[str, dict[str, Any]]) -> bytes:
    lines = [f'"{name}": {msgspec.json.encode(facts).decode()}' for name, facts in entries.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


if __name__ == "__main__":
    TARGET.write_bytes(render(index()))
