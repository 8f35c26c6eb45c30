"""Secrets by name: from systemd's credentials, the environment, or a file beside the site that only its owner reads."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import yaml

from foundation.messages import tell


class SecretError(OSError):
    """A secret that is not there, or not kept well. Its words hold the secret's name and the file's, nothing else."""

    def __init__(self, kind: Literal["missing", "exposed", "unreadable"], name: str, file: Path) -> None:
        self.kind, self.name, self.file, self.variable = kind, name, file, _variable(name)
        key, values = f"doctor.secret_{kind}", {"name": name, "file": file, "variable": self.variable}
        super().__init__(f"{tell(key, 'en', **values)}. {tell(f'{key}.do', 'en', **values)}")


def secrets_beside(site: Path) -> Callable[[str], str]:
    """Looks in $CREDENTIALS_DIRECTORY/NAME, then $FARMLOOP_SECRET_NAME, then `secrets.yaml` beside the site file.

    The value is read when it is asked for and kept nowhere. Raises SecretError.
    """

    def secret(name: str) -> str:
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if credentials and "/" not in name and (file := Path(credentials) / name).is_file():
            return _text(file, name).strip()
        if value := os.environ.get(_variable(name)):
            return value
        file = site.parent / "secrets.yaml"
        if not file.is_file():
            raise SecretError("missing", name, file)
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretError("exposed", name, file)
        try:
            # the plain loader: 0123 and yes are passwords here, not a number and a truth
            kept = yaml.load(_text(file, name), yaml.BaseLoader)
        except (yaml.YAMLError, RecursionError):
            # what the parser says quotes the file
            raise SecretError("unreadable", name, file) from None
        value = kept.get(name) if isinstance(kept, dict) else None
        if not isinstance(value, str) or not value:
            raise SecretError("missing", name, file)
        return value

    return secret


def _text(file: Path, name: str) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise SecretError("unreadable", name, file) from None


def _variable(name: str) -> str:
    return f"FARMLOOP_SECRET_{name.upper()}"
