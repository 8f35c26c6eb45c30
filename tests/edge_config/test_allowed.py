"""What only looks like a mistake is not told as one."""

from pathlib import Path

import pytest

from tests.edge_config.test_mistakes import TEXT, problems_in

ALLOWED = {
    "a watchdog that polls feed may be shorter than the renewal of orders": (
        "period: 10 s\n    watchdog: 20 s", "period: 2 s\n    watchdog: 4 s",
    ),
    "InfluxDB 1 may call its database a bucket": ("dialect: v2,", "dialect: v1,"),
    "VictoriaMetrics needs an address, no more": (
        "dialect: v2, url: \"http://127.0.0.1:8086\", org: farm, bucket: farm, token: !secret influx_token",
        "dialect: victoriametrics, url: \"http://127.0.0.1:8428\"",
    ),
    "what people type in may be limited and smoothed": (
        "entry: lab, stale: 48 h", "entry: lab, stale: 48 h, rate: 1 mg/L/h, spike: 1 mg/L, filter: 10 s",
    ),
    "a measured tag needs no setting": ("  gh1.bay1.air_a: {range", "  # gh1.bay1.air_a: {range"),
    "a vent may fall to a share": ("safe: {hold: 10 min, then: 0 %}", "safe: 20 %"),
    "a split may fall as the loop rises": ("gives: [60 %, 100 %]", "gives: [100 %, 60 %]"),
    "two interlocks may ask for the same": (
        "effect: [{inhibit: gh1.bay1.lamps}", "effect: [{set: ras1.tank1.emergency_o2, to: 100 %}",
    ),
    "an interlock may inhibit what another sets": (
        "effect: [{inhibit: gh1.bay1.lamps}", "effect: [{inhibit: gh1.bay1.valve}",
    ),
    "a light period may begin with the sun": ("from: \"06:00\", to", "from: sunrise + 1 h, to"),
    "a tag without a unit says so": ("ratio: {unit: \"1\", entry", "ratio: {unit: \"-\", entry"),
    "true and false are positions": ("safe: 30 %,", "safe: true,"),
    "a farm may keep world time": ("timezone: Asia/Shanghai", "timezone: UTC"),
    "an address may be of the sixth version": ("listen: 127.0.0.1:8443", "listen: \"[::1]:8443\""),
    "a rule may watch an output": (
        "\"ras1.tank1.do < '6.0 mg/L'\"", "\"ras1.tank1.do < '6.0 mg/L' and ras1.tank1.blower < '10 %'\"",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ALLOWED)
def test_it_may_be_so(what: str, tmp_path: Path) -> None:
    old, new = ALLOWED[what]
    assert TEXT.count(old) == 1
    path = tmp_path / "site.yaml"
    path.write_text(TEXT.replace(old, new), "utf-8")
    assert [problem.line_of_text() for problem in problems_in(path)] == []
