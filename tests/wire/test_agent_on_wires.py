"""The agent with its real drivers on a simulated farm's wires: what happens when things are unplugged or die."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from controller.compose.replay import journal_files, replay
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock, WallClock, process_time
from foundation.reading import Quality, Reason
from simulator.wire import FarmOnWires
from tests.wire.agent_on_wires import SITES, SPEED, running, until

pytestmark = [pytest.mark.wire, pytest.mark.slow]


async def test_an_unplugged_probe_is_bad_within_three_periods_and_comes_back_alone(tmp_path: Path) -> None:
    async with running("ras", tmp_path) as run:
        site = run.agent.site
        period_s = site.devices["ras_do_a"].period
        run.farm.device("ras_do_a").unplugged = True
        begun_s = run.clock.now()
        await until(lambda: run.quality("ras1.tank1.do_a") is Quality.BAD, "the lost probe")
        reading = run.agent.readings()["ras1.tank1.do_a"]
        assert reading.reason in (Reason.COMM, Reason.STALE)
        # three periods, and the scan that saw it
        assert reading.time_s - begun_s <= 3 * period_s + 2 * site.site.scan
        # the other probe carries the loop, marked as what it is
        assert run.quality("ras1.tank1.do") is Quality.UNCERTAIN
        assert run.agent.orders()["ras1.tank1.o2_valve"].because.key == "loop"
        run.farm.device("ras_do_a").unplugged = False
        await until(lambda: run.quality("ras1.tank1.do") is Quality.GOOD, "the probe that came back")


async def test_without_any_oxygen_probe_the_loop_takes_its_loss_action_and_life_support_comes_on(
    tmp_path: Path,
) -> None:
    async with running("ras", tmp_path) as run:
        for name in ("ras_do_a", "ras_do_b"):
            run.farm.device(name).unplugged = True
        await until(lambda: run.agent.orders()["ras1.tank1.o2_valve"].because.key == "sensor_lost", "the loss action")
        # at the start it may still be open because no flow has been proved yet
        await until(
            lambda: run.agent.orders()["ras1.tank1.emergency_o2"].owner == "ras1.tank1.low_oxygen", "emergency oxygen"
        )
        await until(lambda: run.contact("ras_relays", "relay2") == 1.0, "emergency oxygen on the wire")
        # held for 30 s, then what the site says: 60 % of the loop's range
        part = next(p for p in run.agent.core.plan.loops if p.name == "ras1.tank1.do_loop").parts[0]  # type: ignore[attr-defined]
        await until(
            lambda: abs(run.agent.orders()["ras1.tank1.o2_valve"].value - part.share(60.0)) < 0.01,
            "60 % after the hold",
        )
        for name in ("ras_do_a", "ras_do_b"):
            run.farm.device(name).unplugged = False
        await until(lambda: run.agent.orders()["ras1.tank1.o2_valve"].because.key == "loop", "the loop in charge again")


async def test_a_dead_device_does_not_delay_the_orders_of_its_neighbours(tmp_path: Path) -> None:
    async with running("ras", tmp_path) as run:
        relays = run.agent.devices()["ras_relays"]
        lease_s = run.agent.site.outputs["ras1.tank1.pump"].lease

        async def writes_in(seconds: float) -> int:
            before, end = relays.writes, run.clock.now() + seconds
            await run.clock.sleep_until(end)
            return relays.writes - before

        alive = await writes_in(4 * lease_s)
        run.farm.device("ras_do_a").unplugged = True
        run.farm.device("ras_ph").unplugged = True
        await until(lambda: run.quality("ras1.tank1.ph") is Quality.BAD, "the dead neighbours")
        dead = await writes_in(4 * lease_s)
        assert relays.writes_failed == 0
        assert dead >= 0.9 * alive
        assert not run.farm.device("ras_relays").tripped


async def test_a_dead_relay_board_is_an_alarm_and_gets_its_orders_when_it_returns(tmp_path: Path) -> None:
    async with running("ras", tmp_path) as run:
        await until(
            lambda: run.contact("ras_relays", "relay3") == 1.0 and run.farm.device("ras_relays").watchdog_s, "armed"
        )
        run.farm.device("ras_relays").unplugged = True
        await until(lambda: any(a.id == "order:ras1.tank1.pump" for a in run.agent.alarms()), "an alarm for the pump")
        # nobody feeds its watchdog: it has gone safe by itself, the pump on
        await until(lambda: run.farm.device("ras_relays").tripped, "the board's own watchdog")
        assert run.contact("ras_relays", "relay3") == 1.0
        assert run.contact("ras_relays", "relay2") == 1.0
        run.farm.device("ras_relays").unplugged = False
        await until(lambda: not run.farm.device("ras_relays").tripped, "the trip cleared by the agent")
        await until(lambda: run.contact("ras_relays", "relay2") == 0.0, "emergency oxygen off again")
        await until(
            lambda: not any(a.id.startswith("order:") and a.active for a in run.agent.alarms()), "no alarm left"
        )


async def test_leaving_by_cancellation_leaves_every_output_safe(tmp_path: Path) -> None:
    from simulator.devices.device import safe_values

    async with running("farm", tmp_path) as run:
        farm, site = run.farm, run.agent.site
        async with asyncio.timeout(20):
            await until(lambda: run.contact("pf_relays", "relay5") == 1.0, "a running farm")
        task = next(task for task in asyncio.all_tasks() if task.get_name() == "scan")
        task.cancel()  # the scan dies of whatever: the door behind it makes safe
        safe = safe_values(site)

        def stands_safe() -> bool:
            return all(
                abs(float(value) - float(safe[device.tags[channel]])) < 0.02
                for device in farm.devices.values()
                for channel, value in device.outputs.items()
                if device.tags.get(channel) in safe
            )

        await until(stands_safe, "every output safe")


async def test_kill_9_of_the_agent_leaves_every_leased_output_safe_within_its_lease(tmp_path: Path) -> None:
    # a site that feeds all day long, so that the feeder runs whenever the test does
    hours = ", ".join(f'"{hour:02}:00"' for hour in range(24))
    text = (SITES / "ras.yaml").read_text("utf-8")
    always = text.replace('at: ["07:00", "12:00", "17:00"], run: 20 min', f"at: [{hours}], run: 60 min")
    assert always != text
    path = tmp_path / "ras.yaml"
    path.write_text(always, "utf-8")
    site = load_site(path).site
    origin = process_time()
    clock = AcceleratedClock(WallClock().now(), SPEED, origin)
    async with FarmOnWires(site, clock, 1, tmp_path) as farm:
        (tmp_path / "wiring.json").write_text(json.dumps(farm.wiring))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller.cli", "run", str(path), "--directory", str(tmp_path / "agent"),
            "--wiring", str(tmp_path / "wiring.json"), "--listen", "127.0.0.1:0", "--json",
            "--speed", str(SPEED), "--origin", repr(origin), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            ready = json.loads(await process.stdout.readline())
            relays, node = farm.device("ras_relays"), farm.device("ras_node")
            await until(
                lambda: relays.outputs["relay2"] is False and relays.outputs["relay3"] is True, "the farm in hand"
            )
            await until(lambda: 0 < float(node.outputs["out1"]) < 100, "the blower in hand")
            feeder = farm.device("ras_feeder")
            await until(lambda: feeder.outputs["feeder"], "the meal")
            recorded = tmp_path / "agent" / "journal"
            await until(lambda: any(one.stat().st_size for one in recorded.glob("*")), "the journal's first scans")
            os.kill(ready["pid"], signal.SIGKILL)
            killed_s = clock.now()
            lease_s = max(output.lease for output in site.outputs.values())
            await until(lambda: relays.tripped and node.tripped, "the devices' own watchdogs")
            # the watchdog is looked at every quarter second of farm time (and at this speed every 0.02 s of ours)
            assert clock.now() - killed_s <= lease_s + 2.0
            assert relays.outputs["relay2"] is True, "emergency oxygen on"
            assert relays.outputs["relay3"] is True, "circulation on"
            assert relays.outputs["relay4"] is True, "standby circulation on"
            assert float(node.outputs["out1"]) == 100.0, "aeration on"
            assert relays.outputs["relay1"] is False, "cone oxygen off"
            assert relays.outputs["relay6"] is False, "heater off"
            await until(lambda: not feeder.outputs["feeder"], "feeder off")
            replayed = replay(journal_files(tmp_path / "agent")[-1], site)
            assert replayed.scans > 0
            assert (replayed.same_site, replayed.differing) == (True, 0), "what it did, again, to the bit"
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_a_broken_site_file_does_not_end_a_running_agent(tmp_path: Path) -> None:
    async with running("ras", tmp_path) as run:
        before = run.agent.health.scans
        (tmp_path / "site.yaml").write_text("schema: 1\n  this is: [no site")
        await until(lambda: run.agent.health.scans > before + 20, "scans going on")
