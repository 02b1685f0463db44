"""The kernel of one running cloud: its store, blobs, clock, jobs, and the way every call takes."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cumulet.kernel import checks, events, identity
from cumulet.kernel.audit import Audit
from cumulet.kernel.authority import Authority
from cumulet.kernel.blobs import Blobs
from cumulet.kernel.clock import Anchor, Clock
from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.identity import Caller
from cumulet.kernel.ids import Ids
from cumulet.kernel.jobs import Job, JobRunner
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.registry import Registry
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import Reply, RequestInfo, Service
from cumulet.kernel.store import Durability, Engine, Store, Transaction

_CLOCK = ("kernel", "clock")


class Kernel:
    """Everything a service may use. `home` holds the blobs; without `keys`, master keys live in memory only."""

    def __init__(
        self,
        engine: Engine,
        home: Path,
        *,
        keys: Path | None = None,
        durability: Durability = Durability.PROCESS,
        seed: int | None = None,
        run_rules_twice: bool = False,
        quotas: bool = False,
        throughput: bool = False,
        services: str = "cumulet.services",
    ) -> None:
        self.ids = Ids(seed)
        self.quotas = quotas
        """Whether callers are held to AWS's request rates."""
        self.throughput = throughput
        """Whether they are held to the throughput that they configured, of tables and their indexes."""
        self.clock = Clock()
        self.store = Store(engine, self.clock, self.ids, durability=durability, run_rules_twice=run_rules_twice)
        self.clock.anchors = [Anchor(**kept) for kept in self.store.peek(_CLOCK) or []] or self.clock.anchors
        self.keyring = Keyring(keys, self.ids)
        self.blobs = Blobs(home, self.store, self.keyring, self.ids, durability)
        self.registry = Registry(services)
        self.authority = Authority(self.registry)
        self.audit = Audit(self)
        self.jobs = JobRunner(self.store, self._run_job)
        self._sweeping: asyncio.Task[int] | None = None

    async def start(self) -> None:
        """Do what fell due while the cloud was down, and meanwhile sweep what a crash left."""
        self._sweeping = asyncio.get_running_loop().create_task(self.blobs.sweep())
        self.store.start()
        self.audit.start()
        self.jobs.start()

    async def swept(self) -> None:
        """Return once nothing is left of what a crash, or a reset, left behind."""
        if self._sweeping is not None:
            await asyncio.shield(self._sweeping)

    async def stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
        await self.jobs.stop()
        await self.audit.stop()
        await self.store.close()

    async def call(
        self,
        service: type[Service],
        method: str,
        caller: Caller,
        scope: Scope,
        request: RequestInfo,
        parameters: dict[str, Any],
        reply: Reply | None = None,
    ) -> Any:
        """One operation, from whichever side it comes: authorise, run, record. Returns its output, as boto3 would.

        Raises ServiceError."""
        operation = getattr(service, method, None)
        if operation is None:
            words = service.absent.get(method, f"Cumulet does not implement {service.name}:{method} yet.")
            raise NotImplementedYet(words)
        accepted = _accepted(operation)
        if accepted is not None and not parameters.keys() <= accepted:
            unknown = ", ".join(sorted(parameters.keys() - accepted))
            raise NotImplementedYet(f"Cumulet does not implement {unknown} of {service.name}:{method} yet.")
        call = service(self, caller, scope, request, reply)
        if getattr(operation, "is_internal", False):  # who calls it has been authorised, and is on record
            return await operation(call, **parameters)
        try:
            await call.authorise(method, parameters)
            result = await operation(call, **parameters)
        except Exception as error:
            self.audit.note(call, method, parameters, None, error)
            raise
        self.audit.note(call, method, parameters, result, None)
        return result

    def client(self, caller: Caller, service: str, region: str) -> Client:
        """`service` as `caller` calls it in its account and in `region`."""
        return Client(self, service, caller, Scope(account=caller.account, region=region))

    async def settle(self) -> None:
        """Return once nothing is due: calls are recorded, jobs are done."""
        await self.audit.written()
        await self.jobs.settle()

    async def keep_clock(self) -> None:
        """Make the clock's present setting survive a restart; call it after every change of the clock."""
        await self.store.write(_keep_clock, self.clock.anchors)

    def check(self) -> list[str]:
        """What is wrong with what is stored, a sentence each; there should never be anything."""
        with self.store.snapshot() as tx:
            every = [checks.check_blobs, *self.registry.checks()]
            return [finding for check in every for finding in check(tx, self.blobs)]

    async def _run_job(self, job: Job) -> None:
        service, _, method = job.handler.partition(".")
        if service == "events":
            await self._EVENT_JOBS[method](self, **job.payload)
            return
        if service == "audit":
            await self.audit.run(method)
            return
        loaded = self.registry.load(service)
        caller = identity.service_principal(loaded.principal, job.scope.account)
        call = loaded(self, caller, job.scope, RequestInfo(id=job.id))
        handler = getattr(call, method)
        assert getattr(handler, "is_job", False), f"{job.handler} is not marked as a job"
        await handler(**job.payload)

    async def _deliver(self, time: datetime, id: str) -> None:
        event = await self.store.read(events.find, time, id)
        if event is not None and (handlers := self.registry.subscribers(event.type)):
            await self.store.write(events.deliver, event, handlers)

    async def _trim(self) -> None:
        await self.store.write(events.trim)

    _EVENT_JOBS: dict[str, Callable[..., Awaitable[None]]] = {"deliver": _deliver, "trim": _trim}  # noqa: RUF012


class Client:
    """A service as its clients see it, without the network: `await client.send_message(QueueUrl=..., ...)`."""

    def __init__(self, kernel: Kernel, service: str, caller: Caller, scope: Scope) -> None:
        self._kernel = kernel
        self._service = service
        self._caller = caller
        self._scope = scope

    def __getattr__(self, method: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**parameters: Any) -> dict[str, Any]:
            try:
                service = self._kernel.registry.load(self._service)
            except KeyError:
                raise NotImplementedYet(f"Cumulet does not implement the service {self._service} yet.") from None
            request = RequestInfo(id=self._kernel.ids.uuid())
            return await self._kernel.call(service, method, self._caller, self._scope, request, parameters)

        return call


@functools.cache
def _accepted(operation: Callable[..., Any]) -> frozenset[str] | None:
    """The keywords that an operation takes; None if it takes any."""
    parameters = inspect.signature(operation).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return frozenset(parameter.name for parameter in parameters)


def operations(service: type[Service]) -> list[str]:
    """The methods of a service that answer operations: public, async, no job, not internal, and not the base's own."""
    return [
        name
        for name, method in inspect.getmembers(service, inspect.iscoroutinefunction)
        if not name.startswith("_")
        and not hasattr(Service, name)
        and not getattr(method, "is_job", False)
        and not getattr(method, "is_internal", False)
    ]


def _keep_clock(tx: Transaction, anchors: list[Anchor]) -> None:
    tx.put(_CLOCK, [{"real": a.real, "virtual": a.virtual, "rate": a.rate} for a in anchors])
