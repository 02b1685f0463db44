"""What `cumulet doctor` looks at. Each check finds one fact, says whether it will do, and what mends it."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cumulet.cli import pidfile
from cumulet.cli.display import size

OK, WARN, FAIL = "ok", "warning", "fail"
_LITTLE_DISK = 1024**3
_FEW_FILES = 4096


@dataclass(frozen=True)
class Check:
    state: str
    what: str
    finding: str
    mend: str = ""


def checks(home: Path, host: str, port: int) -> list[Check]:
    """All of them, in the order in which a start would need them."""
    looks: list[Callable[[], Check]] = [
        python,
        botocore,
        lambda: data_directory(home),
        lambda: disk(home),
        lambda: address(home, host, port),
        open_files,
        event_loop,
        namespaces,
        containers,
    ]
    return [look() for look in looks]


def python() -> Check:
    """Too old a Python does not come so far."""
    return Check(OK, "Python", ".".join(map(str, sys.version_info[:3])))


def botocore() -> Check:
    """The models come with botocore; the index that finds services was made from one version of them."""
    from cumulet.gateway import service_index
    from cumulet.kernel import models

    installed, indexed = set(models.names()), set(service_index.entries())
    version = metadata.version("botocore")
    if installed == indexed:
        return Check(OK, "service models", f"botocore {version}, {len(installed)} services")
    odd = ", ".join(sorted(installed ^ indexed)[:5])
    wanted = next((r for r in metadata.requires("cumulet") or () if r.startswith("botocore")), "botocore")
    return Check(
        WARN, "service models", f"botocore {version} is not the one indexed ({odd})", f"pip install '{wanted}'"
    )


def data_directory(home: Path) -> Check:
    nearest = _nearest(home)
    if home.exists() and not home.is_dir():
        return Check(FAIL, "data directory", f"{home} is a file", "Choose another place: --data-dir DIR")
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Check(FAIL, "data directory", f"{nearest} is not writable", f"sudo chown -R $(id -un) {nearest}")
    return Check(OK, "data directory", str(home) if home.exists() else f"{home} (made at the first start)")


def disk(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    if free < _LITTLE_DISK:
        return Check(WARN, "disk", f"{size(free)} free", "Free some space, or choose another place: --data-dir DIR")
    return Check(OK, "disk", f"{size(free)} free")


def address(home: Path, host: str, port: int) -> Check:
    running = pidfile.find(home)
    if running is not None and running.url.endswith(f":{port}"):
        return Check(OK, "port", f"{port}, where the cloud runs (process {running.pid})")
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return Check(FAIL, "port", f"{port} is in use by another program", "Choose another: cumulet up --port 0")
        return Check(FAIL, "port", f"{port}: {error.strerror}", "Choose another: cumulet up --port 0")
    return Check(OK, "port", f"{port} is free")


def open_files() -> Check:
    """Every connection and every body that is read or written takes one. `up` takes all that this user may have."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= _FEW_FILES:
        return Check(OK, "open files", "any number" if most == resource.RLIM_INFINITY else f"{most} at once")
    return Check(WARN, "open files", f"{most} at once are few", f"sudo prlimit --pid $$ --nofile={_FEW_FILES}")


def event_loop() -> Check:
    try:
        return Check(OK, "event loop", f"uvloop {metadata.version('uvloop')}")
    except metadata.PackageNotFoundError:
        return Check(WARN, "event loop", "asyncio's own, which is slower", "pip install uvloop")


def namespaces() -> Check:
    """Whether code can be run apart from this machine by the kernel's own means."""
    program = shutil.which("unshare")
    if program is None:
        return Check(WARN, "Linux namespaces", "cannot be tried: there is no unshare", "apt install util-linux")
    tried = subprocess.run(  # noqa: S603 - a fixed command
        [program, "--user", "--map-root-user", "--mount", "--pid", "--net", "--fork", "true"],
        capture_output=True,
        timeout=10,
        check=False,
    )
    if tried.returncode == 0:
        return Check(OK, "Linux namespaces", "user, mount, process and network")
    mend = "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
    return Check(WARN, "Linux namespaces", tried.stderr.decode(errors="replace").strip() or "not allowed", mend)


def containers() -> Check:
    found = [name for name in ("docker", "podman") if shutil.which(name)]
    return Check(OK, "containers", " and ".join(found) if found else "no Docker or Podman; none is needed")


def _nearest(path: Path) -> Path:
    """The path, or the closest folder above it that exists."""
    while not path.exists():
        path = path.parent
    return path
