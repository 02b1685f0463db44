"""Which handler answers what.

Every module here has ROUTES: "METHOD /path/{part}" -> the type of the arguments and the handler, which takes the
cloud, the arguments and the parts of the path, and returns what will be the JSON of the answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cumulet.admin import accounts, clock, explain, keys, migrants, policy_from, running, sign_in, snapshots

Handler = Callable[..., Awaitable[Any]]
Routes = Mapping[str, tuple[type, Handler]]


def _compiled(*tables: Routes) -> list[tuple[re.Pattern[str], dict[str, tuple[type, Handler]]]]:
    found: dict[str, dict[str, tuple[type, Handler]]] = {}
    for table in tables:
        for route, answer in table.items():
            method, path = route.split(" ")
            found.setdefault(path, {})[method] = answer
    return [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), answers) for path, answers in found.items()]


HANDLERS = _compiled(
    running.ROUTES, clock.ROUTES, snapshots.ROUTES, keys.ROUTES, accounts.ROUTES, sign_in.ROUTES, explain.ROUTES,
    policy_from.ROUTES, migrants.ROUTES,
)  # fmt: skip
