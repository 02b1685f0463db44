"""Names and paths: which characters they may have. Lengths are checked by the model.

Source: IAM User Guide, IAM identifiers."""

from __future__ import annotations

import re

from cumulet.services.iam.errors import ValidationError

ROOT = "/"
_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_PATH = re.compile(r"/|/[\x21-\x7e]*/")


def check_name(member: str, name: str) -> str:
    """The name, if it may be one. `member` is the parameter, as AWS words it (userName). Raises ValidationError."""
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"The specified value for {member} is invalid. "
            "It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )
    return name


def check_path(path: str | None, member: str = "path") -> str:
    """The path, "/" if none is given. Raises ValidationError."""
    if path is None:
        return ROOT
    if not _PATH.fullmatch(path) or "//" in path:
        raise ValidationError(
            f"The specified value for {member} is invalid. "
            "It must begin and end with / and contain only alphanumeric characters and/or / characters."
        )
    return path
