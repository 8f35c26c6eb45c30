"""A site written out: what presets, repeated blocks, included files and library rules made of it, as one file."""

from typing import Any

import yaml

from edge_config.merged import Merged
from foundation.document import Secret, scalar

BRIEF = {"facilities": ("use", "with", "tags", "use_in", "without"), "rules": ("use", "with")}
"""By section, what a part says briefly and is written out for."""


class _Writer(yaml.SafeDumper):
    """YAML that our reader reads back as it was."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.Node:
    plain = isinstance(scalar(text), str)
    return writer.represent_scalar("tag:yaml.org,2002:str", text, None if plain else '"')


def _secret(writer: _Writer, secret: Secret) -> yaml.Node:
    return writer.represent_scalar("!secret", secret.name)


_Writer.add_representer(str, _text)
_Writer.add_representer(Secret, _secret)


def resolved(merged: Merged) -> str:
    """The site as a file that needs no other, and loads as the same farm."""
    value = {key: _written_out(key, part) for key, part in merged.value.items() if key != "include"}
    return yaml.dump(value, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=150, default_flow_style=None)


def _written_out(section: str, parts: Any) -> Any:
    brief = BRIEF.get(section, ())
    if isinstance(parts, dict):
        return {name: _without(part, brief) for name, part in parts.items()}
    return [_without(part, brief) for part in parts] if isinstance(parts, list) else parts


def _without(part: Any, keys: tuple[str, ...]) -> Any:
    return {key: one for key, one in part.items() if key not in keys} if isinstance(part, dict) else part
