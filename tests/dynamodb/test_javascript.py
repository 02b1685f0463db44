"""The JavaScript SDK's document client.

Runs where CUMULET_NODE_MODULES names a `node_modules` that has @aws-sdk/client-dynamodb and @aws-sdk/lib-dynamodb."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = Path(os.environ.get("CUMULET_NODE_MODULES", "node_modules"))
PROGRAM = Path(__file__).with_name("document_client.mjs")


@pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@aws-sdk" / "lib-dynamodb").is_dir(),
    reason="Node or @aws-sdk/lib-dynamodb (CUMULET_NODE_MODULES) is not at hand",
)
@pytest.mark.spec("data:DDB-06", "data:DDB-08", "data:DDB-11", "data:DDB-14", "data:DDB-15", "data:DDB-17")
def test_a_program_in_javascript_sees_what_it_would_see_on_aws(shared_cloud, account):
    environment = os.environ | {"ENDPOINT": shared_cloud.url, "ACCOUNT": account, "MODULES": str(MODULES.absolute())}
    done = subprocess.run(
        ["node", str(PROGRAM)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "exists": "SUCCESS",
        "item": {
            "artist": "é", "n": 1.5, "entries": [1, "a", None, {"deep": True}], "map": {"empty": ""}, "texts": ["a"],
            "bytes": [0, 255],
        },
        "updated": {"entries": [8], "map": {"count": 7}, "texts": ["a", "b"]},
        "refused": ["ConditionalCheckFailedException", "The conditional request failed", "1.5", 400],
        "unprocessed": {},
        "batch": [3, 4],
        "pages": [[16, 15, 14], [13, 12, 11], [10]],
        "scanned": 26,
        "cancelled": ["TransactionCanceledException", ["None", "ConditionalCheckFailed"]],
    }  # fmt: skip
