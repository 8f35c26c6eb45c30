"""`/metrics`: how the agent does, in Prometheus' text form. Farm values are not in it: they go to the sinks."""

from collections.abc import Iterator, Mapping
from typing import Final

from controller.panel.box import Box
from controller.panel.farm import Farm
from controller.scan_times import Spread

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PRIORITIES: Final = ("critical", "high", "medium", "low")
Sample = tuple[Mapping[str, str], float]


def metrics(farm: Farm, box: Box) -> str:
    """Every figure with its kind and what it means. Asks no disk."""
    return "".join(_families(farm, box))


def _families(farm: Farm, box: Box) -> Iterator[str]:
    health, history = box.health(), box.history()
    now_ms = farm.now() * 1000.0
    yield _family("scans_total", "counter", "Scans since the start.", [({}, health.scans)])
    yield _family("scan_overruns_total", "counter", "Scans that took longer than a period.", [({}, health.overruns)])
    yield _family("scan_seconds", "summary", "What a scan takes.", _quantiles(health.took))
    yield _family("scan_late_seconds", "summary", "How late a scan begins.", _quantiles(health.late))
    yield _family(
        "dropped_readings_total", "counter", "Readings of a flood that no scan saw.", [({}, health.dropped_readings)]
    )
    yield _family("well", "gauge", "1 while nothing is wrong with the agent itself.", [({}, not health.ailments)])
    standing = [one.priority for one in farm.alarms() if one.active]
    yield _family(
        "alarms", "gauge", "Active alarms.", [({"priority": one}, standing.count(one)) for one in PRIORITIES]
    )  # fmt: skip
    yield _family("stored_points_total", "counter", "Points on the disk.", [({}, history.stored_points)])
    yield _family("dropped_points_total", "counter", "Points that no disk took.", [({}, history.dropped_points)])
    yield _family("thinned_points_total", "counter", "Points thinned for want of room.", [({}, history.thinned_points)])
    yield _family("waiting_points", "gauge", "Points in memory, not yet on the disk.", [({}, history.waiting_points)])
    yield _family("outbox_filled_ratio", "gauge", "Of the outbox's quota.", [({}, history.filled)])
    sinks = history.sinks.items()
    yield _family(
        "outbox_points", "gauge", "Points that a sink does not have yet.",
        [({"sink": name}, one.pending.points) for name, one in sinks],
    )  # fmt: skip
    yield _family(
        "outbox_oldest_seconds", "gauge", "Age of the oldest point that a sink does not have yet.",
        [
            ({"sink": name}, 0.0 if one.pending.oldest_ms is None else max(0.0, (now_ms - one.pending.oldest_ms) / 1e3))
            for name, one in sinks
        ],
    )  # fmt: skip
    yield _family(
        "sink_up", "gauge", "1 while a sink takes what it is given.",
        [({"sink": name, "state": one.health.state}, one.health.state == "ok") for name, one in sinks],
    )  # fmt: skip
    yield _family(
        "sink_delivered_points_total", "counter", "Points that a sink has taken.",
        [({"sink": name}, one.health.delivered_points) for name, one in sinks],
    )  # fmt: skip
    yield _family("bus_up", "gauge", "1 while a bus is connected.", [({"bus": n}, up) for n, up in box.buses().items()])
    polls, answered = dict.fromkeys(farm.site.buses, 0), dict.fromkeys(farm.site.buses, 0)
    for name, device in farm.devices().items():
        bus = farm.site.devices[name].bus if name in farm.site.devices else ""
        polls[bus] = polls.get(bus, 0) + device.polls
        answered[bus] = answered.get(bus, 0) + device.answered
    yield _family("bus_polls_total", "counter", "Questions on a bus.", [({"bus": n}, c) for n, c in polls.items()])
    yield _family("bus_answered_total", "counter", "Answers to them.", [({"bus": n}, c) for n, c in answered.items()])
    yield _family(
        "bus_ok_percent", "gauge", "Answered of what was asked, since the start.",
        [({"bus": name}, 100.0 * answered[name] / count) for name, count in polls.items() if count],
    )  # fmt: skip


def _quantiles(spread: Spread) -> list[Sample]:
    return [({"quantile": "0.5"}, spread.p50), ({"quantile": "0.99"}, spread.p99), ({"quantile": "1"}, spread.worst)]


def _family(name: str, kind: str, meaning: str, samples: list[Sample]) -> str:
    lines = [f"# HELP farmloop_{name} {meaning}", f"# TYPE farmloop_{name} {kind}"]
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"farmloop_{name}{f'{{{told}}}' if told else ''} {float(value):.10g}")
    return "\n".join(lines) + "\n" if samples else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
