"""The audit record: every call leaves one, who made it, from where, what was asked, and how it was answered.

On the way of a request a call is only noted; what was noted is written in batches, soon after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cumulet.kernel.kernel import Kernel
    from cumulet.kernel.service import Service


class Audit:
    """Keeps the record of one cloud."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def start(self) -> None:
        """Begin to write what is noted, on the running event loop."""

    async def stop(self) -> None:
        """Write what is still to be written."""

    def note(
        self, call: Service, method: str, parameters: Mapping[str, Any], result: Any, error: Exception | None
    ) -> None:
        """Remember a call that has just ended, with its answer or its error."""
