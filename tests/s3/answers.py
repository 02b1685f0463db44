"""What a test looks at in an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """The error that a call is refused with: its members, and the HTTP `status`."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return {**response["Error"], "status": response["ResponseMetadata"]["HTTPStatusCode"]}


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what every answer has."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
