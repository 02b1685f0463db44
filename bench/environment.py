"""The peers' own Python environment, made on first use, so that their dependencies never meet Cumulet's."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
_STAMP = FOLDER / ".installed"  # holds the requirements that are installed


def program(name: str) -> Path:
    """A command of the peers' environment, which is installed if it is not there or is out of date."""
    wanted = REQUIREMENTS.read_text()
    if not _STAMP.exists() or _STAMP.read_text() != wanted:
        _install()
        _STAMP.write_text(wanted)
    return FOLDER / "bin" / name


def versions() -> list[str]:
    """`name==version` of each peer, as pinned."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


def _install() -> None:
    print(f"installing {', '.join(versions())} into {FOLDER} (once)", file=sys.stderr)
    if not (FOLDER / "bin" / "python").exists():
        venv.create(FOLDER, with_pip=True)
    pip = [FOLDER / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", REQUIREMENTS], check=True, stdout=sys.stderr)
