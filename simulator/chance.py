"""Bad luck: single and double faults drawn over all that a facility has, in every form of `simulator/faults.py`."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from edge_config.fail_safe import fall_of
from edge_config.model.outputs import ThreePoint
from edge_config.model.site import Site
from simulator.faults import ACTUATOR, DEVICE
from simulator.field import Field
from simulator.instruments import CONTACT_FORMS, Instrument
from simulator.scenario import Event

WINDOW_S = 7200.0
BEGINS_S = (600.0, 2400.0)
"""Faults begin within this of the window, so that their consequences have the rest."""
LASTS_S = (300.0, 3600.0)
FOR_GOOD = 0.4
"""Share of faults that nobody mends within the window."""
DOUBLE = 0.5
OF_SPAN = 0.3
"""How far an instrument may be wrong, of the span that its readings may have."""
WITHOUT_MAINS = ("tank1.emergency_diffuser",)
"""Ports whose machine needs no mains: gas behind a valve, which its own spring may open."""
KINDS = ("instrument", "instrument", "actuator", "actuator", "device", "bus", "controller", "power")


def draw(site: Site, facility: str, field: Field, random: Random) -> tuple[Event, ...]:
    """One or two faults in `facility`: the same `random` draws the same. A power cut stops every machine but what its
    own hardware keeps (`power_lost`)."""
    count = 2 if random.random() < DOUBLE else 1
    return tuple(event for _ in range(count) for event in _one(site, facility, field, random))


def words(events: Sequence[Event]) -> str:
    """What was drawn, for whoever looks into it."""
    return "; ".join(
        f"{event.at:.0f} s{'' if event.for_ is None else f' for {event.for_:.0f} s'}: "
        + (f"power {event.power}" if event.power else "")
        + (f"controller {event.controller}" if event.controller else "")
        + (f"{event.unplug} unplugged" if event.unplug else "")
        + (f"{event.fault} {event.form} {dict(event.values) or ''}".rstrip() if event.fault else "")
        + (f"{event.force}" if event.force else "")
        for event in events
    )


def _one(site: Site, facility: str, field: Field, random: Random) -> list[Event]:
    when: dict[str, float | None] = {"at": random.uniform(*BEGINS_S)}
    when["for"] = None if random.random() < FOR_GOOD else random.uniform(*LASTS_S)
    devices = sorted(name for name, one in site.devices.items() if _is_of(one.tags.values(), facility))
    kind = random.choice(KINDS)
    match kind:
        case "instrument":
            ground = field.grounds[facility]
            tag = random.choice(sorted(one.tag for one in ground.instruments))
            form, values = _wrong(site, field.instruments[tag], random)
            return [_event(when, fault=tag, form=form, values=values)]
        case "actuator":
            form = random.choice(sorted(ACTUATOR))
            values = {"share": random.uniform(0.1, 0.9)} if "share" in ACTUATOR[form] else {}
            output = random.choice(sorted(_outputs(site, facility)))
            return [_event(when, fault=output, form=form, values=values)]
        case "device":
            form = random.choice(sorted(set(DEVICE) - {"clock"}))
            return [_event(when, fault=random.choice(devices), form=form, values={})]
        case "bus":
            return [_event(when, unplug=random.choice(sorted({site.devices[name].bus for name in devices})))]
        case "controller":
            return [_event({**when, "for": when["for"] or random.uniform(*LASTS_S)}, controller="killed")]
        case _:
            for_s = random.uniform(120.0, 1800.0)
            return _power_cut(site, facility, field, {**when, "for": for_s})


def _power_cut(site: Site, facility: str, field: Field, when: Mapping[str, float | None]) -> list[Event]:
    stands: dict[str, float] = {}
    for output, ports in _ports(site, facility).items():
        if isinstance(site.outputs[output], ThreePoint):
            continue  # a motor stands where it is
        to = fall_of(site.outputs[output], "power_lost").to
        for port in ports:
            limits = field.grounds[facility].plant.inputs[port]
            share = to / 100.0 if port in WITHOUT_MAINS and isinstance(to, float) else 0.0
            stands[port] = limits.low + share * (limits.high - limits.low)
    return [_event(when, power="cut"), *([_event(when, force=stands)] if stands else [])]


def _event(when: Mapping[str, float | None], **what: object) -> Event:
    times = {name: f"{seconds:.0f} s" for name, seconds in when.items() if seconds is not None}
    return Event.model_validate({**times, **what})


def _wrong(site: Site, instrument: Instrument, random: Random) -> tuple[str, dict[str, float]]:
    """A form of an instrument's fault, with numbers of the tag's own size."""
    setting = site.tags.get(instrument.tag)
    span = 10.0
    if setting is not None and setting.range is not None:
        span = abs(setting.range[1].value - setting.range[0].value)
    by = random.choice((-1.0, 1.0)) * random.uniform(0.02, OF_SPAN) * span
    forms: dict[str, dict[str, float]] = {
        "stuck": {},
        "offset": {"by": by},
        "gain": {"by": random.uniform(0.5, 1.5)},
        "drift": {"per_day": 24.0 * by},
        "noise": {"by": 0.2 * abs(by)},
        "spike": {"by": by, "every_s": 120.0},
        "sentinel": {},
        "dropout": {"every_s": 120.0, "for_s": 40.0},
        "fouling": {"share": 0.5, "days": 0.05, "slower_per_day": 20.0},
        "slow": {"times": random.uniform(2.0, 20.0)},
        "off": {},
    }
    form = random.choice(CONTACT_FORMS if instrument.contact else sorted(forms))
    return form, forms[form]


def _is_of(tags: Iterable[str], facility: str) -> bool:
    return any(tag.startswith(f"{facility}.") for tag in tags)


def _outputs(site: Site, facility: str) -> list[str]:
    """Outputs that the plant feels."""
    return [name for name in _ports(site, facility) if name in site.outputs]


def _ports(site: Site, facility: str) -> dict[str, list[str]]:
    bound = site.simulation[facility]["bind"]
    return {
        output: port if isinstance(port, list) else [port] for output, port in bound.items() if output in site.outputs
    }
