"""The environment variables that point AWS clients to a cloud, and how each shell sets them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

SHELLS = ("bash", "zsh", "sh", "fish", "powershell")


def variables(url: str, key_id: str = "test", secret: str = "test", region: str = "us-east-1") -> dict[str, str]:  # noqa: S107
    """Any key will do on this machine; twelve digits as key id name an account."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def shell_of_user() -> str:
    """The shell that $SHELL names, or what the operating system has."""
    name = Path(os.environ.get("SHELL", "")).name
    return name if name in SHELLS else "powershell" if os.name == "nt" else "sh"


def assignment(shell: str, name: str, value: str) -> str:
    """One line for `shell` to evaluate."""
    if shell == "fish":
        return f"set -gx {name} {shlex.quote(value)};"
    if shell == "powershell":
        return f"$Env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"
    return f"export {name}={shlex.quote(value)}"
