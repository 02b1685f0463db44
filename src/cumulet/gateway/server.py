"""The HTTP server before the gateway: it listens, watches its connections, and ends them when it stops.

Another ASGI server can stand in its place: nothing else knows of it."""

from __future__ import annotations

import asyncio
import socket

from cumulet.gateway.connection import App, Connection, House, Patience

__all__ = ["Patience", "Server"]

_BACKLOG = 2048
_LAST_SECONDS = 5.0
"""How long requests under way may take when the server stops."""


class Server:
    """Serves `app` on one address."""

    def __init__(self, app: App, host: str, port: int, patience: Patience = Patience()) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._patience = patience
        self._house: House | None = None
        self._listening: asyncio.Server | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Return once the socket takes connections. Raises OSError when the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=_BACKLOG)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        house = self._house = House(self._app, self._patience, loop)
        self._listening = await loop.create_server(lambda: Connection(house), sock=listener, backlog=_BACKLOG)
        self._watching = loop.create_task(_watch(house))

    async def stop(self) -> None:
        """Refuse new connections, and give the requests under way five seconds."""
        if self._house is None or self._listening is None or self._watching is None:
            return
        self._listening.close()
        await _empty(self._house)
        self._watching.cancel()


async def _watch(house: House) -> None:
    """One watch for all connections: ten thousand idle ones must cost nothing."""
    while True:
        await asyncio.sleep(house.patience.look)
        for connection in list(house.connections):
            connection.look()


async def _empty(house: House) -> None:
    house.is_closing = True
    for connection in list(house.connections):
        connection.end()
    if house.tasks:
        _, late = await asyncio.wait(house.tasks, timeout=_LAST_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    for connection in list(house.connections):
        connection.transport.close()
    await asyncio.sleep(0)
