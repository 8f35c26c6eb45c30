"""Where outputs go when their device has no power, hears nothing, or the agent has stopped."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from controller.wiring import safe_of
from edge_config.fail_safe import CAUSES, fall_of, percent_of
from edge_config.loader import load_site
from edge_config.model.outputs import Fall, Output
from simulator.devices.device import safe_values
from tests.wire.agent_on_wires import SITES

CONTACT = {"type": "on_off", "safe": "on", "lease": "20 s"}
MOTOR = {
    "type": "three_point", "open": "a.b.o", "close": "a.b.c", "travel": "60 s",
    "safe": {"hold": "5 min", "then": "20 %"}, "lease": "20 s",
}  # fmt: skip


def output(form: dict[str, Any], by: str, **causes: Any) -> Output:
    return TypeAdapter(Output).validate_python({**form, "fail_safe_by": by, **causes})


@pytest.mark.parametrize(
    ("form", "by", "power", "signal", "stopped"),
    [
        # a relay that loses its power opens, whatever its watchdog was told
        (CONTACT, "device", (0.0, "hardware"), (100.0, "device"), (100.0, "device")),
        (CONTACT, "hardware", (100.0, "hardware"), (100.0, "hardware"), (100.0, "hardware")),
        (CONTACT, "none", (0.0, "hardware"), (100.0, "none"), (100.0, "none")),
        # a motor behind two contacts goes nowhere when they open
        (MOTOR, "device", ("stay", "hardware"), ("stay", "device"), ("stay", "device")),
        (MOTOR, "hardware", (20.0, "hardware"), (20.0, "hardware"), (20.0, "hardware")),
    ],
)
def test_the_short_form_says_what_relays_and_motors_do(
    form: dict[str, Any], by: str, power: Any, signal: Any, stopped: Any
) -> None:
    falls = [fall_of(output(form, by), cause) for cause in CAUSES]
    assert [(fall.to, fall.by) for fall in falls] == [power, signal, stopped]


def test_what_is_said_of_a_cause_goes_before_the_short_form() -> None:
    told = output(
        CONTACT, "device", power_lost={"to": "on", "by": "hardware"}, signal_lost={"to": "off", "by": "device"}
    )
    assert [fall_of(told, cause).to for cause in CAUSES] == [100.0, 0.0, 100.0]
    assert percent_of(told, "signal_lost") == 0.0
    local = output(CONTACT, "device", signal_lost={"to": "local", "by": "hardware"})
    assert (fall_of(local, "signal_lost").to, percent_of(local, "signal_lost")) == ("local", 100.0)


def test_a_device_is_told_to_fall_to_what_a_lost_signal_asks_for_and_is_left_at_what_is_safe() -> None:
    site = load_site(SITES / "ras.yaml").site
    fall = Fall.model_validate({"to": "40 %", "by": "device"})
    other = site.outputs["ras1.tank1.blower"].model_copy(update={"signal_lost": fall})
    site = site.model_copy(update={"outputs": {**site.outputs, "ras1.tank1.blower": other}})
    assert safe_of(site)["ras1.tank1.blower"] == 100.0
    assert safe_of(site, "signal_lost")["ras1.tank1.blower"] == 40.0
    assert safe_values(site)["ras1.tank1.blower"] == 40.0
