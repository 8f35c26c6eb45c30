"""Secrets by name: from systemd's credentials, the environment, or a file beside the site that only its owner reads."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import yaml


class SecretError(OSError):
    """A secret that is not there, or not kept well."""


def secrets_beside(site: Path) -> Callable[[str], str]:
    """Looks in $CREDENTIALS_DIRECTORY/NAME, then $FARMLOOP_SECRET_NAME, then `secrets.yaml` beside the site file.

    The value is read when it is asked for and kept nowhere. Raises SecretError.
    """

    def secret(name: str) -> str:
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if credentials and "/" not in name and (file := Path(credentials) / name).is_file():
            return file.read_text("utf-8").strip()
        if (value := os.environ.get(f"FARMLOOP_SECRET_{name.upper()}")) is not None:
            return value
        file = site.parent / "secrets.yaml"
        if not file.is_file():
            raise SecretError(f"secret '{name}': no credential, no FARMLOOP_SECRET_{name.upper()}, and no {file}")
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretError(f"{file} can be read by others; chmod 600 {file}")
        kept = yaml.safe_load(file.read_text("utf-8"))
        if not isinstance(kept, dict) or name not in kept:
            raise SecretError(f"{file} has no '{name}'")
        return str(kept[name])

    return secret
