"""A small farm whose values, hands and setpoints go through the control core, scan by scan, as the agent's do."""

from typing import Any

import yaml

from controller.core.scan import Core
from controller.core.state import Mark
from controller.core.words import Because, Reset, SetpointChange, Snapshot, Wish
from controller.last_said import with_last_said
from controller.panel.farm import Refusal, SetpointNow
from controller.panel.hands import HandWish
from foundation.clock import SteppedClock
from foundation.reading import good
from tests.panel.small_farm import START_S, SmallFarm

AIR, HEATER, FAN, SETPOINT = "pf1.room.air_temp", "pf1.room.heater", "pf1.room.fan", "pf1.room.temp_sp"
SITE = """
schema: 1
site: {id: my_farm, name: {zh: 我的农场, en: My farm}, timezone: Asia/Shanghai, latitude: 36.88, longitude: 118.74}
facilities: {pf1: {kind: nursery, zones: [room], name: {zh: 育苗室, en: Nursery}}}
buses: {rs485: {protocol: modbus_rtu, port: by-id/usb-FTDI_FT232R}}
devices:
  climate: {product: xymd/xy_md02, bus: rs485, unit: 1, period: 5 s, tags: {temperature: pf1.room.air_temp}}
  relays:
    {product: icpdas/m7067, bus: rs485, unit: 20, watchdog: 20 s,
     tags: {relay1: pf1.room.heater, relay2: pf1.room.fan}}
outputs:
  pf1.room.heater: {type: on_off, safe: "off", lease: 20 s, fail_safe_by: device}
  pf1.room.fan: {type: on_off, safe: "on", idle: "on", life_support: true, lease: 20 s, fail_safe_by: device}
programs: {pf1.room.temp_sp: {value: 22 degC, limits: [15 degC, 28 degC]}}
loops:
  pf1.room.heating:
    {type: hysteresis, pv: pf1.room.air_temp, sp: pf1.room.temp_sp, out: pf1.room.heater, period: 10 s,
     below: 0.5 K, on_loss: "off"}
"""


class ScannedFarm(SmallFarm):
    """A nursery with one probe, a heater, and a fan that keeps it alive."""

    def __init__(self) -> None:
        document: dict[str, Any] = yaml.safe_load(SITE)
        super().__init__(SteppedClock(START_S), document)
        self.core = Core(self.site)
        self.tags = self.core.tags
        self.state = self.core.start(START_S)

    def scanned(self) -> float:
        return self.state.at_s

    def scan(self, to_s: float, air_c: float | None, *people: Wish) -> Refusal | None:
        """At this moment of the agent's clock; None: the bus brings nothing. Why the last wish was refused."""
        assert isinstance(self.clock, SteppedClock)
        self.clock.set(to_s)
        heard = () if air_c is None else (good(AIR, air_c, to_s),)
        result = self.core.scan(self.state, Snapshot(heard, people=people), to_s)
        self.state = result.state
        self.put(with_last_said(self.state), self.state.orders, {SETPOINT: self._setpoint()})
        refused = [event for event in result.events if event.kind == "refused"]
        if not refused:
            return None
        values = dict(refused[-1].values)
        return Refusal(Because(str(values.get("why", "limits")), values))

    def run(self, seconds: int, air_c: float | None) -> None:
        """A scan a second; the probe is asked every five."""
        for number in range(1, seconds + 1):
            self.scan(self.now() + 1.0, air_c if number % 5 == 0 else None)

    def _setpoint(self) -> SetpointNow:
        chosen = self.state.chosen.get(SETPOINT)
        value, by = (22.0, "program") if chosen is None else (chosen.value, chosen.by)
        return SetpointNow(SETPOINT, "degC", value, value, 15.0, 28.0, True, by)

    async def lay(self, wish: HandWish) -> Refusal | None:
        self.laid.append(wish)
        return self.scan(self.now() + 1.0, None, wish)

    async def reset(self, change_id: str, name: str, by: str) -> Refusal | None:
        return self.scan(self.now() + 1.0, None, Reset(change_id, name, by, self.now()))

    async def set_setpoint(self, change_id: str, name: str, value: float, by: str) -> SetpointNow | Refusal:
        wish = SetpointChange(change_id, name, value, by, self.now())
        return self.scan(self.now() + 1.0, None, wish) or self._setpoint()

    def marks(self) -> dict[str, Mark]:
        return dict(self.state.marks)
