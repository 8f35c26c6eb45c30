"""From the site's strategies to blocks: everything looked up and converted once."""

from collections.abc import Callable, Mapping

from controller.core.calendar import Calendar
from controller.core.strategies.cover import CoverSettings, Step
from controller.core.strategies.cover_loop import CoverLoop
from controller.core.strategies.irrigation import IrrigationSettings
from controller.core.strategies.irrigation_loop import IrrigationLoop
from controller.core.strategies.lamps import SLOT_S, LampSettings
from controller.core.strategies.lamps_loop import LampLoop
from edge_config.model.outputs import Analog, Output
from edge_config.model.strategies import Cover, Irrigation, Lamps
from edge_config.model.values import Hold
from foundation.units import difference
from rules.expression import Expression


def irrigation_loop(
    name: str, loop: Irrigation, units: Mapping[str, str], scan_s: float, calendar: Calendar
) -> IrrigationLoop:
    """An irrigation, ready to run."""
    drain, plain, dry, slab = loop.drain, loop.plain_water, loop.deficit, loop.slab
    wanted, gain = 0.0, 0.0
    if drain is not None:
        unit = units[drain.ec]
        wanted, gain = drain.wanted.to(unit), drain.gain.to(f"%/({unit})") / 100.0
    settings = IrrigationSettings(
        len(loop.out),
        loop.every.to("J/cm2"),
        loop.gives.to("L/m2/(J/cm2)"),
        loop.area.to("m2"),
        loop.rate.to("L/min") / 60.0,
        loop.flow is not None,
        dry.adds.to("J/cm2/h/(g/m3)") / 3600.0 if dry is not None else 0.0,
        loop.rest.least,
        loop.rest.most,
        loop.gap,
        plain.every if plain is not None else None,
        plain.run if plain is not None else 0.0,
        wanted,
        gain,
        tuple((row[0].to("J/cm2"), row[1], row[2]) for row in drain.by_sum) if drain is not None else (),
        loop.first.to("J/cm2") if loop.first is not None else 0.0,
        tuple((at.to("W/m2"), most.to(units[slab.ec])) for at, most in slab.most) if slab is not None else (),
    )
    quality = tuple(
        (gate.of, gate.limits[0].to(units[gate.of]), gate.limits[1].to(units[gate.of])) for gate in loop.quality
    )
    return IrrigationLoop(
        name,
        loop.out,
        loop.pump,
        plain.out if plain is not None else None,
        loop.radiation,
        dry.of if dry is not None else None,
        loop.flow,
        quality,
        drain.ec if drain is not None else None,
        drain.share if drain is not None else None,
        (loop.from_, loop.to),
        (drain.from_, drain.to) if drain is not None else (loop.from_, loop.to),
        settings,
        scan_s,
        calendar,
        slab.ec if slab is not None else None,
    )


def lamp_loop(name: str, loop: Lamps, units: Mapping[str, str], output: Output, calendar: Calendar) -> LampLoop:
    """Supplementary light, ready to run."""
    bright, peak = loop.bright, loop.peak
    return LampLoop(
        name,
        loop.out,
        loop.sp,
        loop.accrued,
        (loop.from_, loop.to),
        tuple((one.from_, one.price) for one in loop.tariff),
        (bright.of, bright.above.to(units[bright.of])) if bright is not None else None,
        (peak.of, peak.most) if peak is not None else None,
        output.power,
        LampSettings(loop.gives.to("umol/m2/s") * 1e-6 * SLOT_S, isinstance(output, Analog)),
        calendar,
    )


def cover_loop(
    name: str, loop: Cover, units: Mapping[str, str], scan_s: float, expression: Callable[[str], Expression]
) -> CoverLoop:
    """A screen or a blanket, ready to run."""
    pause, loss = loop.pause, loop.on_loss
    unit = difference(units[pause.of]) if pause is not None else ""
    settings = CoverSettings(
        loop.closes_after,
        loop.opens_after,
        tuple(Step(step.to, step.by, step.wait) for step in loop.opening),
        pause.falls.to(unit) if pause is not None else 0.0,
        pause.within if pause is not None else 0.0,
        loss.then if isinstance(loss, Hold) else loss,
        loss.hold if isinstance(loss, Hold) else 0.0,
    )
    return CoverLoop(
        name,
        loop.out,
        expression(loop.close),
        expression(loop.open) if loop.open is not None else None,
        pause.of if pause is not None else None,
        loop.gap,
        scan_s,
        settings,
    )
