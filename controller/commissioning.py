"""What pulled cables have shown: a record for each device that was tested, and which devices stand on one.

`commissioning.jsonl` beside the state is only ever added to. A record holds for the very device, watchdog time and safe
states that it was made with: it carries a digest of them, and once that differs the record is stale.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from controller.wiring import device_settings
from drivers.product import load_product
from edge_config.fail_safe import CAUSES, fall_of
from edge_config.model.outputs import Output, ThreePoint
from edge_config.model.site import Site

NAME = "commissioning.jsonl"
Standing = Literal["passed", "failed", "stale", "never", "not needed"]
"""`not needed`: it has no output that it, or hardware beside it, is to make safe."""
How = Literal["cable", "simulated"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One device tag of an output in a test."""

    output: str
    tag: str
    by: Literal["device", "hardware", "none"]
    before: bool | float
    """Where it was set to before the cable was pulled."""
    should: bool | float
    """What it was to fall to."""
    after: bool | float | None
    """What it then read; None if it cannot be read."""
    seen: bool | None
    """What the technician saw of it, where that was asked."""
    ok: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One device, its cable pulled."""

    device: str
    product: str
    digest: str
    at: str
    """ISO 8601, with its zone."""
    who: str
    how: How
    watchdog: str
    """As its registers told: `20 s`, `by its tool`, `none`."""
    fell_s: float
    """How long it was left alone."""
    outputs: tuple[Moved, ...]
    failure: str
    """`silent`, `watchdog`, `not_moved`, `not_pulled`, `not_back`, `not_safe`; empty if it passed."""

    @property
    def passed(self) -> bool:
        return not self.failure


def outputs_on(site: Site, device: str) -> Iterator[tuple[str, Output, str]]:
    """Output, its settings and device tag, for every output tag on a device."""
    tags = set(site.devices[device].tags.values())
    for name, output in site.outputs.items():
        for tag in (output.open, output.close) if isinstance(output, ThreePoint) else (name,):
            if tag in tags:
                yield name, output, tag


def to_test(site: Site) -> tuple[str, ...]:
    """Devices that a cable is to be pulled of, in the order of the site."""
    return tuple(
        device
        for device in site.devices
        if any(fall_of(output, "signal_lost").by != "none" for _, output, _ in outputs_on(site, device))
    )


def digest_of(site: Site, device: str) -> str:
    """Of all that a test depends on: the device, its address and watchdog, and what its outputs are to do."""
    one, settings = site.devices[device], next(s for s in device_settings(site) if s.id == device)
    channel_of = {tag: channel for channel, tag in one.tags.items()}
    plain = {
        "device": [device, one.product, one.bus, one.unit, one.topic, settings.watchdog_s],
        "watchdog": watchdog.model_dump() if (watchdog := load_product(one.product).watchdog) is not None else None,
        "outputs": [
            [tag, channel_of[tag], output.type, [fall_of(output, cause).model_dump() for cause in CAUSES]]
            for _, output, tag in sorted(outputs_on(site, device), key=lambda found: found[2])
        ],
    }
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def add(directory: Path, tested: Record) -> None:
    """Keep a record; on the disk when this returns. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / NAME
    torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + json.dumps(asdict(tested), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def records(directory: Path) -> list[dict[str, Any]]:
    """All that can be read, the oldest first. A line that was torn is no record."""
    try:
        lines = (directory / NAME).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def standing(site: Site, directory: Path, how: tuple[How, ...] = ("cable",)) -> Mapping[str, Standing]:
    """How every device stands by its last record; only tests made in one of the ways `how` count."""
    last = {one.get("device"): one for one in records(directory) if one.get("how") in how}
    needed = set(to_test(site))
    return {name: _stands(site, name, last.get(name)) if name in needed else "not needed" for name in site.devices}


def _stands(site: Site, device: str, last: Mapping[str, Any] | None) -> Standing:
    if last is None:
        return "never"
    if last.get("digest") != digest_of(site, device):
        return "stale"
    return "passed" if last.get("failure") == "" else "failed"
