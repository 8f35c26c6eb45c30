"""A farm of any size, generated: bays that are all alike, ten tags and one loop each, on three kinds of wire."""

from typing import Any

TAGS_A_BAY = 10
FIRST_SERIAL, FIRST_TCP, FIRST_MQTT = 0.0, 0.5, 0.75
"""Share of the bays from which on each kind of wire begins."""
BAYS_A_LINE = 5

_SENSORS = {
    "air_temp": ("degC", "-20 degC", "60 degC", "0.05 K", "air.temperature"),
    "rh": ("%", "0 %", "100 %", "0.5 %", "air.relative_humidity"),
    "co2": ("ppm", "0 ppm", "5000 ppm", "10 ppm", "air.co2"),
    "pipe_temp": ("degC", "0 degC", "100 degC", "0.1 K", "pipe.temperature"),
    "crop_temp": ("degC", "-20 degC", "60 degC", "0.05 K", "air.temperature"),
    "out_temp": ("degC", "-40 degC", "60 degC", "0.1 K", "outside.temperature"),
    "top_temp": ("degC", "-20 degC", "60 degC", "0.1 K", "air.temperature"),
}
_NAME = {"zh": "测试", "en": "Generated"}


def site_document(bays: int, period: str = "1 s") -> dict[str, Any]:
    """A site file's content for `bays` bays: 10 tags and a PID loop that runs every scan each, with a derived tag, an
    interlock and an alarm. Half of the bays stand on serial lines, a quarter on Modbus TCP, a quarter on MQTT."""
    document: dict[str, Any] = {
        "schema": 1,
        "site": {
            "id": "generated", "name": _NAME, "timezone": "Asia/Shanghai", "latitude": 36.9, "longitude": 118.7,
        },
        "facilities": {
            "gh1": {"kind": "greenhouse", "zones": [f"bay{number}" for number in range(bays)], "name": _NAME}
        },
        "buses": {
            "tcp": {"protocol": "modbus_tcp", "host": "127.0.0.1", "deadline": "1 s"},
            "broker": {"protocol": "mqtt", "host": "127.0.0.1"},
        },
        "devices": {}, "tags": {}, "outputs": {}, "programs": {}, "loops": {}, "interlocks": {}, "alarms": {},
        "simulation": {"gh1": {"plant": "greenhouse", "parameters": "venlo_1000m2", "bind": {}}},
    }  # fmt: skip
    for number in range(bays):
        _add_bay(document, number, bays, period)
    return document


def _add_bay(document: dict[str, Any], number: int, bays: int, period: str) -> None:
    bay = f"gh1.bay{number}"
    bind = document["simulation"]["gh1"]["bind"]
    for name, (unit, low, high, deadband, port) in _SENSORS.items():
        document["tags"][f"{bay}.{name}"] = {"unit": unit, "range": [low, high], "deadband": deadband}
        bind[f"{bay}.{name}"] = port
    document["tags"][f"{bay}.air_temp"] |= {"rate": "30 K/min", "spike": "8 K"}
    document["tags"][f"{bay}.vpd"] = {"derive": f"vpd({bay}.air_temp, {bay}.rh)", "deadband": "0.02 kPa"}
    document["outputs"][f"{bay}.heater"] = {
        "type": "analog", "safe": "off", "lease": "30 s", "fail_safe_by": "device",
    }  # fmt: skip
    bind[f"{bay}.heater"] = "heating.valve"
    document["programs"][f"{bay}.air_sp"] = {"value": "20 degC", "limits": ["10 degC", "30 degC"]}
    document["loops"][f"{bay}.air_loop"] = {
        "type": "pid", "pv": f"{bay}.air_temp", "sp": f"{bay}.air_sp", "out": f"{bay}.heater", "period": period,
        "kc": "10 %/K", "ti": "20 min", "on_loss": "off",
    }  # fmt: skip
    document["interlocks"][f"{bay}.too_hot"] = {
        "when": f"{bay}.air_temp > '40 degC' or {bay}.pipe_temp > '90 degC'", "delay": "5 s",
        "effect": [{"inhibit": f"{bay}.heater"}],
    }  # fmt: skip
    document["alarms"][f"{bay}.cold"] = {
        "when": f"{bay}.air_temp < '5 degC'", "priority": "high", "delay": {"on": "1 min"}, "deadband": "1 K",
        "cause": _NAME, "consequence": _NAME, "response": _NAME,
    }  # fmt: skip
    document["devices"][f"node{number}"] = _node(document, bay, number, number / bays, period)


def _node(document: dict[str, Any], bay: str, number: int, share: float, period: str) -> dict[str, Any]:
    inputs = [f"{bay}.{name}" for name in _SENSORS]
    if share >= FIRST_MQTT:
        tags = {name: f"{bay}.{name}" for name in (*_SENSORS, "heater")}
        return {
            "product": "generic/mqtt_json", "bus": "broker", "topic": f"node/{number}", "period": period,
            "watchdog": "30 s", "tags": tags,
        }  # fmt: skip
    tags = {f"in{place}": tag for place, tag in enumerate(inputs, 1)} | {"out1": f"{bay}.heater"}
    bus = "tcp"
    if share < FIRST_TCP:
        bus = f"line{number // BAYS_A_LINE}"
        document["buses"].setdefault(
            bus, {"protocol": "modbus_rtu", "port": f"/dev/{bus}", "baud": 19200, "deadline": "300 ms"}
        )
    unit = 1 + number % 240
    return {
        "product": "generic/io_node", "bus": bus, "unit": unit, "period": period, "watchdog": "30 s", "tags": tags,
    }  # fmt: skip
