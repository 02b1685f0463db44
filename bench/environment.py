"""The peers' own Python environment, made on first use, so that their dependencies never meet Cumulet's."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
NODE_PACKAGES = {"dynalite": "4.0.0"}
_STAMP = FOLDER / ".installed"  # holds the requirements that are installed


class Unavailable(Exception):
    """The server cannot be measured here; the text says why."""


def program(name: str) -> Path:
    """A command of the peers' environment, which is installed if it is not there or is out of date."""
    wanted = REQUIREMENTS.read_text()
    if not _STAMP.exists() or _STAMP.read_text() != wanted:
        _install()
        _STAMP.write_text(wanted)
    return FOLDER / "bin" / name


def node_program(name: str) -> Path:
    """A command from a package of the same name for Node, installed if it is not there. Raises Unavailable without
    npm."""
    found = HERE / ".venv" / "node" / "node_modules" / ".bin" / name
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Unavailable("there is no npm to install it with")
        folder = HERE / ".venv" / "node"
        folder.mkdir(parents=True, exist_ok=True)
        package = f"{name}@{NODE_PACKAGES[name]}"
        subprocess.run([npm, "install", "--silent", "--prefix", folder, package], check=True, stdout=sys.stderr)
    return found


def versions() -> list[str]:
    """`name==version` of each peer, as pinned."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line] + [f"{name}=={version}" for name, version in NODE_PACKAGES.items()]


def _install() -> None:
    print(f"installing the peers into {FOLDER} (once)", file=sys.stderr)
    if not (FOLDER / "bin" / "python").exists():
        venv.create(FOLDER, with_pip=True)
    pip = [FOLDER / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", REQUIREMENTS], check=True, stdout=sys.stderr)
