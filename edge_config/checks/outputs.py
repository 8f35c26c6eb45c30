"""Outputs: each reaches a channel that can be written, nobody else writes there, and something brings it to safety."""

from edge_config.checks.inspection import Inspection, device_tags
from edge_config.checks.loops import written_by
from edge_config.fail_safe import fall_of
from edge_config.model.outputs import Analog, Fall, Heartbeat, OnOff, Output, Pulse, ThreePoint, TimeProportioned
from edge_config.model.site import Device
from edge_config.model.values import Hold
from edge_config.wording import nearest
from foundation.document import Path_

RENEWALS = 3.0
"""An order is written so often within its lease."""


def check_outputs(inspection: Inspection) -> None:
    """E370 to E379, E381, E383, E388, W301, W302, W329."""
    site = inspection.site
    writers: dict[str, tuple[Path_, str]] = {}
    for name, output in site.outputs.items():
        path: Path_ = ("outputs", name)
        _settings(inspection, path, output)
        if isinstance(output, ThreePoint) and output.open == output.close:
            inspection.note("E373", (*path, "close"), tag=output.close)
            continue
        for place, tag in device_tags(name, output):
            _channel(inspection, place, tag, output)
            first = writers.setdefault(tag, (place, name))
            if first[1] != name:
                inspection.note("E374", place, key=place == path, tag=tag, first=first[1])
        _safety(inspection, path, name, output)
    _watchdogs(inspection)


def _settings(inspection: Inspection, path: Path_, output: Output) -> None:
    """Single values that the models let pass, because only together with others do they make no sense."""
    inspection.positive((*path, "lease"), output.lease)
    if isinstance(output.safe, Hold):
        inspection.percent((*path, "safe", "then"), output.safe.then)
    match output:
        case TimeProportioned():
            inspection.positive((*path, "period"), output.period)
        case ThreePoint():
            inspection.positive((*path, "travel"), output.travel)
            inspection.percent((*path, "backlash"), output.backlash)
            inspection.percent((*path, "dead_zone"), output.dead_zone)
        case Analog():
            inspection.percent((*path, "low"), output.low)
            rate = inspection.number((*path, "rate"), output.rate, "%/s", "%/min")
            inspection.positive((*path, "rate"), rate)
        case Pulse():
            inspection.positive((*path, "flow"), output.flow)
            inspection.positive((*path, "max_pulse"), output.max_pulse)
            volume = inspection.number((*path, "max_per_day"), output.max_per_day, "L")
            inspection.positive((*path, "max_per_day"), volume)
            if output.master is not None:
                _master(inspection, (*path, "master"), output.master)
        case Heartbeat():
            _heartbeat(inspection, path, output)
        case _:
            pass


def _heartbeat(inspection: Inspection, path: Path_, output: Heartbeat) -> None:
    """It stands open when in doubt, and no scan is too slow for it."""
    least_s = 2.0 * inspection.site.site.scan
    still = output.safe == 0.0 and output.idle is None and not output.life_support
    if not still or output.period < least_s:
        inspection.note("E388", path, key=True, least=f"{least_s:g} s")


def _master(inspection: Inspection, path: Path_, name: str) -> None:
    """A valve that is shut by itself, and opens for pumps alone."""
    valve = inspection.output(path, name)
    if valve is None:
        return
    is_shut = valve.safe == 0.0 and not valve.idle and not valve.life_support
    is_free = isinstance(valve, OnOff) and valve.min_on == valve.min_off == 0.0
    if not (is_shut and is_free) or any(name in written_by(loop) for loop in inspection.site.loops.values()):
        inspection.note("E381", path, master=name)


def _channel(inspection: Inspection, place: Path_, tag: str, output: Output) -> None:
    """A device tag that an output writes: fed by a channel that takes what it is sent."""
    is_key = len(place) == 2
    feed = inspection.feeds.get(tag)
    if feed is None:
        inspection.note("E370", place, key=is_key, tag=tag, near=nearest(tag, inspection.feeds))
        return
    what = feed.what
    if what is None:
        return
    if what.access == "read":
        inspection.note("E371", place, key=is_key, tag=tag, device=feed.device, channel=feed.channel)
    elif what.kind != "any":
        wants = "number %" if isinstance(output, Analog) else "bool"
        has = f"number {what.unit}".rstrip() if what.kind == "number" else what.kind
        if wants != has:
            channel = f"{feed.device}.{feed.channel}"
            inspection.note("E372", place, key=is_key, type=output.type, wants=wants, channel=channel, has=has)


def _safety(inspection: Inspection, path: Path_, name: str, output: Output) -> None:
    """What happens when this box is dead, and whether that keeps alive what it should."""
    safe = output.safe.then if isinstance(output.safe, Hold) else output.safe
    if output.life_support:
        if safe <= 0.0:
            inspection.note("E375", (*path, "safe"))
        if output.idle is None:
            inspection.note("W301", path, key=True, output=name, safe=f"{safe:g} %")
    if output.fail_safe_by == "none":
        inspection.note("W302", (*path, "fail_safe_by"), output=name)
    _falls(inspection, path, name, output)
    lost = output.signal_lost
    place: Path_ = (*path, "fail_safe_by") if lost is None else (*path, "signal_lost", "by")
    if (output.fail_safe_by if lost is None else lost.by) == "device":
        _by_device(inspection, path, place, name, output)


def _falls(inspection: Inspection, path: Path_, name: str, output: Output) -> None:
    """Each cause brings it to where it is safe, or the file says otherwise; what cannot be is told."""
    safe = output.safe.then if isinstance(output.safe, Hold) else output.safe
    for cause in ("power_lost", "signal_lost"):
        said: Fall | None = getattr(output, cause)
        fall = fall_of(output, cause)
        if said is not None:
            place: Path_ = (*path, cause)
            alone = cause == "power_lost" or said.to == "local"
            stays = said.to == "stay" and not isinstance(output, ThreePoint)
            if said.by == "device" and (alone or stays):
                inspection.note("E383", (*place, "by"))
            elif output.life_support and said.to == 0.0:
                inspection.note("E375", (*place, "to"))
            elif said.by == "none":
                inspection.note("W302", (*place, "by"), output=name)
        elif fall.to != safe and output.fail_safe_by != "none":
            to = f"{fall.to:g} %" if isinstance(fall.to, float) else fall.to
            inspection.note("W329", path, key=True, output=name, cause=cause, to=to, safe=f"{safe:g} %")


def _by_device(inspection: Inspection, path: Path_, place: Path_, name: str, output: Output) -> None:
    """Its device has a watchdog that is set, and waits no longer than the lease."""
    told: set[str] = set()
    for _, tag in device_tags(name, output):
        feed = inspection.feeds.get(tag)
        product = None if feed is None else inspection.products.get(feed.device)
        if feed is None or product is None or feed.device in told:
            continue
        told.add(feed.device)
        device = inspection.site.devices[feed.device]
        if product.watchdog is None and product.protocol != "mqtt_json":
            inspection.note("E376", place, device=feed.device, product=product.id)
        elif device.watchdog is None:
            inspection.note("E377", place, device=feed.device, lease=f"{output.lease:g} s")
        elif device.watchdog > output.lease:
            watchdog, lease = f"{device.watchdog:g} s", f"{output.lease:g} s"
            inspection.note("E378", (*path, "lease"), device=feed.device, watchdog=watchdog, lease=lease)


def _watchdogs(inspection: Inspection) -> None:
    """A watchdog that is not fed in time trips a healthy farm."""
    site = inspection.site
    shortest: dict[str, float] = {}
    for name, output in site.outputs.items():
        for _, tag in device_tags(name, output):
            feed = inspection.feeds.get(tag)
            if feed is not None and output.lease > 0:
                renewed_s = output.lease / RENEWALS
                shortest[feed.device] = min(shortest.get(feed.device, renewed_s), renewed_s)
    for device_name, renewed_s in shortest.items():
        device = site.devices[device_name]
        fed_s = _fed_s(inspection, device_name, device, renewed_s)
        if device.watchdog is not None and 0 < device.watchdog <= fed_s + site.site.scan:
            least = f"{fed_s + site.site.scan:g} s"
            inspection.note("E379", ("devices", device_name, "watchdog"), device=device_name, least=least)


def _fed_s(inspection: Inspection, name: str, device: Device, renewed_s: float) -> float:
    """The longest time between two messages that feed a device's watchdog."""
    product = inspection.products.get(name)
    if product is not None and product.watchdog is not None and product.watchdog.fed_by == "any":
        return min(renewed_s, device.period)
    return renewed_s
