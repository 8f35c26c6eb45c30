"""From the tags of the site to what conditions, derives and estimates them."""

from collections.abc import Mapping
from dataclasses import replace

from controller.core.biofilter import Biofilter
from controller.core.calendar import Calendar
from controller.core.calibration import Calibration, Warmth
from controller.core.condition import Conditioner, Stuck
from controller.core.derive import Expressed, Integrated
from controller.core.in_air import Dry, InAir, Left
from controller.core.loops.feed_forward import FishOxygen
from controller.core.self_test import SelfTest
from controller.core.soft_sensors import DoseEffect, Estimator, HeatLoss, MotorPosition, Tan, Uptake
from controller.core.strategies.growth import Growth
from controller.core.vote import Voted
from edge_config.model.control import Dosing
from edge_config.model.estimates import Ammonia, Estimate, OxygenUptake, Supply
from edge_config.model.estimates import Biofilter as BiofilterSetting
from edge_config.model.estimates import DoseEffect as DoseEffectSetting
from edge_config.model.estimates import Growth as GrowthSetting
from edge_config.model.estimates import HeatLoss as HeatLossSetting
from edge_config.model.estimates import MotorPosition as MotorPositionSetting
from edge_config.model.site import Calibration as CalibrationSetting
from edge_config.model.site import InAir as InAirSetting
from edge_config.model.site import Site
from edge_config.model.site import Stuck as StuckSetting
from foundation.air import pressure_at_altitude_pa
from foundation.tag import Tag
from foundation.units import difference, factor
from rules.expression import compile_expression


class ImageBuilder:
    """Of one site; `tags` are all that it has."""

    def __init__(self, site: Site, tags: Mapping[str, Tag], calendar: Calendar) -> None:
        self.site, self.tags, self.calendar = site, tags, calendar
        self.units = {name: tag.unit for name, tag in tags.items()}

    def conditioner(self, tag: Tag) -> Conditioner:
        setting = self.site.tags.get(tag.name)
        if setting is None:
            return Conditioner(tag)
        spike = setting.spike.to(difference(tag.unit)) if setting.spike is not None else None
        # what people enter comes in the tag's unit already
        is_said = setting.unit is not None and setting.entry is None and tag.unit != "bool"
        scale = factor(setting.unit, tag.unit) if is_said else 1.0
        hampel = setting.hampel.to(difference(tag.unit)) if setting.hampel is not None else None
        calibration = self._calibration(setting.calibration, tag.unit) if setting.calibration is not None else None
        raw_tag = f"{tag.name}_raw" if calibration is not None else None
        test = setting.self_test
        self_test = None if test is None else SelfTest(
            test.of, test.to.to(tag.unit), test.response, test.slower, test.bias.to(difference(tag.unit)),
            test.recovers,
        )  # fmt: skip
        return Conditioner(
            tag, spike, setting.filter or 0.0, scale, hampel, self._stuck(setting.stuck, tag.unit), calibration,
            raw_tag, None, self_test, self._in_air(setting.in_air, tag.unit),
        )  # fmt: skip

    def _in_air(self, told: InAirSetting | None, unit: str) -> InAir | None:
        if told is None:
            return None
        if told.below is not None:
            return Dry(told.below.to(unit), told.for_)
        assert told.temperature is not None
        assert told.air is not None
        return Left(
            told.temperature, told.air, told.water, told.within.to("%"), told.fastest.to("K/s"), told.for_, unit == "%",
            told.salinity.to("g/L") if told.salinity is not None else 0.0,
            float(pressure_at_altitude_pa(self.site.site.altitude)),
        )  # fmt: skip

    def _stuck(self, stuck: StuckSetting | None, unit: str) -> Stuck | None:
        if stuck is None:
            return None
        within = stuck.within.to(difference(unit)) if stuck.within is not None else 0.0
        if stuck.with_ is None:
            return Stuck(stuck.for_, within)
        by = stuck.by.to(difference(self.units[stuck.with_])) if stuck.by is not None else 0.0
        return Stuck(stuck.for_, within, stuck.with_, by)

    def _calibration(self, calibration: CalibrationSetting, unit: str) -> Calibration:
        points = tuple((said.to(unit), true.to(unit)) for said, true in calibration.points)
        water = calibration.temperature
        warmth = None
        if water is not None:
            warmth = Warmth(water.tag, water.form, water.per_kelvin, water.reference.to("degC"))
        return Calibration(points, warmth)

    def derived(self) -> tuple[tuple[Expressed | Voted, ...], tuple[Integrated, ...]]:
        found: dict[str, Expressed | Voted] = {}
        integrals: list[Integrated] = []
        for name, setting in self.site.tags.items():
            unit = self.tags[name].unit
            if setting.derive is not None:
                expression = compile_expression(setting.derive, self.units)
                found[name] = Expressed(name, expression, tuple(sorted(expression.tags)))
            elif setting.vote is not None:
                disagree = setting.disagree.to(difference(unit)) if setting.disagree is not None else float("inf")
                drift = setting.drift.to(difference(unit)) if setting.drift is not None else None
                model = (setting.stand_in.tag, setting.stand_in.for_) if setting.stand_in is not None else (None, 0.0)
                found[name] = Voted(name, setting.vote, disagree, setting.danger, drift, *model)
            elif setting.integrate is not None:
                source = setting.integrate
                scale = _integral_factor(self.units[source], unit)
                integrals.append(Integrated(name, source, scale, self.calendar, self._stands(source)))
        ordered: list[Expressed | Voted] = []
        while found:
            ready = [name for name, one in found.items() if not any(tag in found for tag in one.inputs)]
            if not ready:
                raise ValueError(f"derived tags need each other: {', '.join(sorted(found))}")
            ordered += [found.pop(name) for name in ready]
        return tuple(ordered), tuple(integrals)

    def _stands(self, tag: str) -> bool:
        """Whether a tag is what it was until it is heard of again: outputs, setpoints, what is made of them alone."""
        setting = self.site.tags.get(tag)
        if setting is None or setting.derive is None:
            return tag in self.site.outputs or tag in self.site.programs
        return all(self._stands(one) for one in compile_expression(setting.derive, self.units).tags)

    def estimator(self, name: str, one: Estimate) -> Estimator:
        match one:
            case OxygenUptake():
                fed, per_fed, lag_s = None, 0.0, 3600.0
                if one.fed is not None:
                    fed, per_fed, lag_s = one.fed.of, one.fed.adds.to("(mg/L/h)/(kg/h)"), one.fed.lag
                return Uptake(
                    name, one.gives == "oxygen", one.oxygen, self._supply(one.supply, "mg/L/h"), one.lag,
                    one.exchange.to("%/h") / 100.0 if one.exchange is not None else 0.0, one.temperature, fed,
                    FishOxygen(1.0, lag_s, fed is None or not self.tags[fed].entered), per_fed,
                    one.noise.to("mg/L"), one.wander.to("mg/L/h"),
                    one.period, one.wait, one.fed.by_hand if one.fed is not None else None,
                )  # fmt: skip
            case Ammonia():
                return Tan(
                    name, one.gives == "removal", one.lab, one.fed.of,
                    FishOxygen(1.0, one.fed.lag, not self.tags[one.fed.of].entered),
                    one.fed.adds.to("(mg/L)/kg"), one.rest.to("mg/L/h") if one.rest is not None else 0.0,
                    one.removal.to("%/h") / 100.0, one.noise.to("mg/L"),
                    one.period, one.wait, one.fed.by_hand,
                )  # fmt: skip
            case BiofilterSetting():
                return Biofilter(
                    name, one.tan, one.flow, one.fed.of, one.volume.to("m3"),
                    FishOxygen(1.0, one.fed.lag, not self.tags[one.fed.of].entered), one.fed.adds.to("(mg/L)/kg"),
                    one.rest.to("mg/L/h"), one.rate.to("mg/L/h"), one.noise.to("mg/L"), one.period, one.wait,
                    one.fed.by_hand,
                )  # fmt: skip
            case HeatLossSetting():
                return HeatLoss(
                    name, one.inside, one.outside, self._supply(one.supply, "kW"), one.capacity.to("kWh/K"),
                    one.guess.to("kW/K"), one.noise.to("K"), one.period, one.wait,
                )  # fmt: skip
            case GrowthSetting():
                return Growth(name, one.weighed, one.temperature, one.tgc, one.period, one.wait)
            case DoseEffectSetting():
                loop = self.site.loops[one.loop]
                assert isinstance(loop, Dosing)
                return DoseEffect(name, one.loop, loop.pv)
            case MotorPositionSetting():
                return MotorPosition(name, one.output)

    def _supply(self, supply: tuple[Supply, ...], unit: str) -> tuple[tuple[str, float], ...]:
        return tuple((one.of, one.adds.to(f"({unit})/({difference(self.units[one.of])})")) for one in supply)


def beside(conditioners: Mapping[str, Conditioner]) -> dict[str, Conditioner]:
    """The thermometers of probes that may lie in the air, each knowing whose it is."""
    whose: dict[str, tuple[str, ...]] = {}
    for name, one in conditioners.items():
        if isinstance(one.in_air, Left) and one.in_air.thermometer in conditioners:
            whose[one.in_air.thermometer] = (*whose.get(one.in_air.thermometer, ()), name)
    return {name: replace(conditioners[name], beside=probes) for name, probes in whose.items()}


def _integral_factor(source: str, target: str) -> float:
    """From `source` times seconds into `target`."""
    if source == "umol/m2/s" and target == "mol/m2/d":
        return 1e-6  # a day's sum is spelled per day, but counts mol/m2
    return factor(f"({source})*s", target)
