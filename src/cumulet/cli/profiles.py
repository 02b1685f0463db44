"""Profiles in the configuration file of AWS clients: ours is written, the rest is left as it is, comments too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cumulet.cli.failures import Failure

_SETTINGS = {
    "AWS_ENDPOINT_URL": "endpoint_url",
    "AWS_ACCESS_KEY_ID": "aws_access_key_id",
    "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "AWS_REGION": "region",
}
_NAME = re.compile(r"[\w.@+-]{1,128}")


def write(place: Path, profile: str, variables: Mapping[str, str]) -> None:
    """Put the profile into the file, in place of one of the same name. Raises Failure."""
    if not _NAME.fullmatch(profile):
        raise Failure(f"{profile} cannot be the name of a profile.", "Take letters, digits and . @ + - _")
    head = "[default]" if profile == "default" else f"[profile {profile}]"
    lines = [head, *(f"{_SETTINGS[name]} = {value}" for name, value in variables.items() if name in _SETTINGS)]
    try:
        before = place.read_text() if place.exists() else ""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(mode=0o600)
        place.write_text(_replaced(before, head, "\n".join(lines) + "\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot write {place}: {error}.", "Name another file: AWS_CONFIG_FILE=FILE") from None


def _replaced(before: str, head: str, section: str) -> str:
    found = re.search(rf"^{re.escape(head)}[ \t]*$.*?(?=^\[|\Z)", before, re.MULTILINE | re.DOTALL)
    if found is not None:
        rest = before[found.end() :]
        return before[: found.start()] + section + ("\n" + rest if rest else "")
    return before + ("\n" if before and not before.endswith("\n\n") else "") + section
