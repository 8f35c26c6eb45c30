"""Makes `units.json`, the table of usual units, from Pint.

`python -m foundation.unit_table` writes it; a test holds the two together.
"""

import json
from pathlib import Path

from foundation.units import CANONICAL, measured_by_pint

USUAL = (
    *CANONICAL, "", "1", "%/%", "%/(kg/h)", "%/(mg/L)", "%/(mS/cm)", "%/(umol/m2/s)", "%/K", "%/min", "%/pH", "%/ppm",
    "%/s",
    "(%)/(%)", "(%)/(K)", "(%)/(W/m2)", "(%)/(kg/h)", "(%)/(mg/L)", "(%)/(mS/cm)", "(%)/(pH)", "(%)/(ppm)",
    "(%)/(umol/m2/s)", "(K)/(%)", "(K)/(K)", "(K)/(W/m2)", "(K)/(m/s)", "(mS/cm)/L", "(mg/L)/L", "(pH)/L", "(ppm)/(%)",
    "(umol/m2/s)*s", "(W/m2)*s", "(kW)*s", "(m3/h)*s", "K/%", "K/(W/m2)", "K/K", "K/d", "K/h", "K/min", "K/s", "L/d",
    "L/h", "L/min",
    "W", "Wh", "bar", "cm", "d", "g", "g/L", "h", "hPa", "kg/d", "kg/h", "km/h", "l", "mA", "mL", "mL/s",
    "mS/cm/L", "mbar", "mg", "mg/L/h", "mg/L/min", "mg/L/s", "min", "ml", "mm", "ms", "pH/L", "pH/h", "pH/min", "pH/s",
    "ppm/min", "ppm/s", "uS/cm", "°C",
    "%/(mg/L/h)", "%/h", "%/kPa", "(%)/(kPa)", "(%)/(mg/L/h)", "(mg/L)/kg", "(mg/L/h)/(%)", "(mg/L/h)/(kg/h)",
    "(mg/L/h)/(m3/h)", "mg/L/h/%", "mg/L/h/(kg/h)", "mg/L/h/(m3/h)", "mg/L/kg",
    "(mg/L)/h", "g/kg/h", "kg/min", "kg/s", "m3", "J/cm2", "L/m2/(J/cm2)", "mL/m2/(J/cm2)",
)  # fmt: skip
"""What sites, the device library and the building of loops ask for; anything else asks Pint."""


def table() -> dict[str, tuple[str, float]]:
    """Unit -> dimension and size, by Pint."""
    return {unit: measured_by_pint(unit) for unit in sorted(set(USUAL))}


if __name__ == "__main__":
    lines = [f"  {json.dumps(unit, ensure_ascii=False)}: {json.dumps(list(size))}" for unit, size in table().items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("units.json").write_text(text, "utf-8")
