"""Bring the AWS managed policies up to date.

    aws iam get-account-authorization-details --filter AWSManagedPolicy > details.json
    python tools/managed_policies.py details.json

reads what IAM answered in any real account, and writes the policies in it into the data of the IAM service. Policies
that the answer lacks are kept, unless `--only` is given. The answer holds attached policies only; for others, give
one JSON object a policy on each line, with the members PolicyName, Path, DefaultVersionId, CreateDate, UpdateDate and
Document."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/cumulet/services/iam/managed/policies.jsonl"


def main() -> int:
    arguments = _parser().parse_args()
    given = [_line(policy) for path in arguments.files for policy in read(path.read_text())]
    kept = [] if arguments.only or not arguments.target.exists() else _lines(arguments.target)
    every = {line["path"] + line["name"]: line for line in kept} | {_key(line): line for line in given}
    texts = [json.dumps(every[key], separators=(",", ":")) for key in sorted(every)]
    arguments.target.write_text("".join(text + "\n" for text in texts))
    sys.stdout.write(f"{len(given)} policies read, {len(texts)} policies in {arguments.target.name}\n")
    return 0


def read(text: str) -> Iterator[dict[str, Any]]:
    """The policies in an answer of get-account-authorization-details, or one on each line."""
    if text.lstrip().startswith("{") and '"Policies"' in text:
        yield from (policy for policy in json.loads(text)["Policies"] if policy["Arn"].startswith("arn:aws:iam::aws:"))
        return
    yield from (json.loads(line) for line in text.splitlines() if line.strip())


def _line(policy: dict[str, Any]) -> dict[str, Any]:
    line = {
        "name": policy["PolicyName"],
        "path": policy.get("Path", "/"),
        "version": policy["DefaultVersionId"],
        "created": policy["CreateDate"],
        "updated": policy.get("UpdateDate", policy["CreateDate"]),
        "description": policy.get("Description", ""),
        "document": policy["Document"] if "Document" in policy else _current(policy),
    }
    return line | ({"id": policy["PolicyId"]} if "PolicyId" in policy else {})


def _current(policy: dict[str, Any]) -> dict[str, Any]:
    return next(version["Document"] for version in policy["PolicyVersionList"] if version["IsDefaultVersion"])


def _key(line: dict[str, Any]) -> str:
    return line["path"] + line["name"]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Bring the AWS managed policies up to date.")
    parser.add_argument("files", nargs="+", type=Path, help="answers of IAM, or files of one policy a line")
    parser.add_argument("--only", action="store_true", help="forget the policies that the files lack")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
