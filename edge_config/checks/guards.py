"""Proofs, standbys, what a dosing pump says of others, and whether the emergency oxygen is enough."""

from edge_config.checks.inspection import Inspection
from edge_config.checks.loops import written_by
from edge_config.model.outputs import EmergencyOxygen, Heartbeat, Output, Proof, Pulse, ThreePoint
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.units import difference
from rules.expression import BOOL

MARGIN = 1.1
"""So much of the peak demand has to come (control.md, decision 6)."""


def check_guards(inspection: Inspection) -> None:
    """E396 to E399, W328, W330, W333 and what names and quantities may have wrong."""
    for name, output in inspection.site.outputs.items():
        path: Path_ = ("outputs", name)
        if output.proof is not None:
            _proof(inspection, (*path, "proof"), output.proof)
        elif output.life_support:
            inspection.note("W328", path, key=True, output=name)
        if output.life_support and output.idle is not None and output.idle <= 0.0 and not _is_tried(inspection, name):
            inspection.note("W333", path, key=True, output=name)
        _pair(inspection, path, name, output)
        if output.emergency is not None:
            _oxygen(inspection, (*path, "emergency"), output.emergency)
        if isinstance(output, Pulse):
            _pump(inspection, path, name, output)


def _is_tried(inspection: Inspection, name: str) -> bool:
    """Whether it runs now and then all the same: for a loop, in turns with another, or as people prove an interlock."""
    site = inspection.site
    in_turns = any(one.swap is not None and name == one.standby for one in site.outputs.values())
    proven = any(
        effect.set == name for one in site.interlocks.values() if one.test_interval is not None for effect in one.effect
    )
    return in_turns or proven or any(name in written_by(loop) for loop in site.loops.values())


def _proof(inspection: Inspection, path: Path_, proof: Proof) -> None:
    """A contact proves by itself, a number by exactly one limit."""
    unit = inspection.tag((*path, "tag"), proof.tag)
    limits = {key: getattr(proof, key) for key in ("above", "below", "rises", "falls")}
    said = {key: limit for key, limit in limits.items() if limit is not None}
    if unit is not None and len(said) != (0 if unit == BOOL else 1):
        inspection.note("E398", path, key=True, tag=proof.tag)
        return
    for key, limit in said.items():
        is_step = key in ("rises", "falls")
        number = inspection.number((*path, key), limit, None if unit is None else difference(unit) if is_step else unit)
        if is_step:
            inspection.positive((*path, key), number)


def _pair(inspection: Inspection, path: Path_, name: str, output: Output) -> None:
    """Two that can stand in for each other and are both proven; each in one pair."""
    outputs = inspection.site.outputs
    if output.rescue is not None and inspection.output((*path, "rescue"), output.rescue) is None:
        return
    if output.standby is None:
        for key in ("swap", "rescue"):
            if getattr(output, key) is not None:
                inspection.note("W308", (*path, key), key=True, key_name=key)
        return
    standby = inspection.output((*path, "standby"), output.standby)
    if standby is None:
        return
    others = [one.standby for other, one in outputs.items() if other != name]
    fits = not any(isinstance(one, Pulse | ThreePoint | Heartbeat) or one.proof is None for one in (output, standby))
    if not fits or output.standby == name or standby.standby is not None or output.standby in others:
        inspection.note("E399", (*path, "standby"), standby=output.standby)
    inspection.positive((*path, "swap"), output.swap)


def _pump(inspection: Inspection, path: Path_, name: str, pump: Pulse) -> None:
    pumps = [other for other, one in inspection.site.outputs.items() if isinstance(one, Pulse) and other != name]
    for key in ("after", "opposite"):
        other = getattr(pump, key)
        if other is not None and other not in pumps:
            inspection.note("E396", (*path, key), found=other, near=nearest(other, pumps))
    for key in ("max_dose", "max_per_hour"):
        inspection.positive((*path, key), inspection.number((*path, key), getattr(pump, key), "L"))
    if pump.stock is not None:
        unit = inspection.numeric((*path, "stock", "tag"), pump.stock.tag)
        inspection.number((*path, "stock", "above"), pump.stock.above, unit)


def _oxygen(inspection: Inspection, path: Path_, one: EmergencyOxygen) -> None:
    """What comes against what digesting fish take."""
    supplies = inspection.number((*path, "supplies"), one.supplies, "kg/h")
    biomass = inspection.number((*path, "biomass"), one.biomass, "kg")
    uptake = inspection.number((*path, "uptake"), one.uptake, "g/kg/h")
    store = inspection.number((*path, "store"), one.store, "kg")
    if supplies is None or biomass is None or uptake is None:
        return
    for key, value in (("supplies", supplies), ("biomass", biomass), ("uptake", uptake), ("store", store)):
        inspection.positive((*path, key), value)
    peak = biomass * uptake / 1000.0 * (1.0 + one.spread / 100.0)
    if 0.0 < supplies < MARGIN * peak:
        inspection.note("E397", (*path, "supplies"), peak=f"{peak:.2f} kg/h", least=f"{MARGIN * peak:.2f} kg/h")
    if store is not None and one.lasts is not None and peak > 0.0 and store / peak * 3600.0 < one.lasts:
        inspection.note("W330", (*path, "store"), hours=f"{store / peak:.1f} h", least=f"{one.lasts / 3600:g} h")
