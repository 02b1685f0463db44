"""Tags as S3 Control takes them. What it says of wrong ones is recorded from it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cumulet.services.s3control.errors import InvalidTag, TooManyTagsException

MOST = 50
_KEY = re.compile(r"[\w\s+\-=.:/@]{1,128}")
_VALUE = re.compile(r"[\w\s+\-=.:/@]{0,256}")
_INVALID = (
    "This request contains a tag key or value that isn't valid. Valid characters include the following: "
    "[a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."
)


def checked(tags: Sequence[dict[str, str]], at_most: int = MOST) -> dict[str, str]:
    """Raises InvalidTag or TooManyTagsException."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    if len(found) != len(tags):
        raise InvalidTag("There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.")
    for key, value in found.items():
        if key.lower().startswith("aws:"):
            raise InvalidTag(
                'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove '
                '"aws:" from your tag keys and try again.'
            )
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise InvalidTag(_INVALID)
    if len(found) > at_most:
        raise TooManyTagsException
    return found


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
