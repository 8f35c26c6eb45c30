"""An EZO circuit says a value only in a whole, well-formed answer of its own; restarts, codes and noise are told apart.

The exchanges are those of the makers' data sheets (sources in drivers/library/atlas).
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.ezo import OLD_S, EzoDevice
from foundation.reading import Quality, Reading, Reason
from tests.drivers.slave import PtyWire, Slaves
from tests.drivers.spoken import MemoryPort, Script, ezo, opened
from tests.drivers.virtual import in_virtual_time

OK = [(0.3, b"*OK\r")]
NOW_S = 1_700_000_000.0


def circuit(reading: bytes, **more: list[tuple[float, bytes]]) -> Script:
    """Answers `R` with `reading`, everything else with `*OK`, but for what `more` says of a command's first letters."""

    def answer(said: bytes) -> list[tuple[float, bytes]]:
        name = said.split(b",")[0].strip(b"\r*").decode()
        if name in more:
            return more[name]
        if name == "R":
            return [(0.9, reading + b"\r*OK\r")]
        if said == b"*OK,?\r":
            return [(0.3, b"?*OK,1\r*OK\r")]
        return [(0.3, b"?STATUS,P,5.038\r*OK\r")] if name == "Status" else OK

    return answer


def polled(script: Script, times: int = 1, kind: str = "ph") -> tuple[EzoDevice, MemoryPort, list[Reading]]:
    """The device, its port, and the last poll's readings."""
    found: list[Reading] = []
    kept: list[tuple[EzoDevice, MemoryPort]] = []

    async def main() -> None:
        port = MemoryPort(script)
        device = ezo(port, kind)
        kept.append((device, port))
        for number in range(times):
            found[:] = await device.poll(NOW_S + 5.0 * number)
            await asyncio.sleep(5.0)

    in_virtual_time(main)
    return (*kept[0], found)


def test_it_is_opened_once_and_asked_for_one_reading_a_poll() -> None:
    device, port, (reading,) = polled(circuit(b"7.821"), times=2)
    assert port.said == [b"*OK,1\r", b"C,0\r", b"*OK,?\r", b"Status\r", b"R\r", b"R\r"]
    assert reading == Reading("f.z.ph", 7.821, Quality.GOOD, None, NOW_S + 5.0)
    assert device.describe()["status"] == "?STATUS,P,5.038"
    assert (device.statistics.polls, device.statistics.answered, device.statistics.online) == (2, 2, True)
    assert device.statistics.heard["line", 0].text == "7.821"


def test_a_do_circuit_is_told_to_say_mg_per_litre_alone() -> None:
    _, port, (reading,) = polled(circuit(b"7.82"), kind="do")
    assert port.said[3:5] == [b"O,mg,1\r", b"O,%,0\r"]
    assert reading.value == 7.82


@pytest.mark.parametrize(
    ("answer", "reason", "counted"),
    [
        (b"*ER\r", Reason.COMM, "exception_er"),
        (b"*OK\r", Reason.COMM, "payload"),
        (b"7.82\r*OK\r", Reason.COMM, "payload"),  # a decimal is lost
        (b"7.821\r7.822\r*OK\r", Reason.COMM, "payload"),
        (b"1,7.821\r*OK\r", Reason.COMM, "payload"),
        (b"7.821\r", Reason.COMM, "timeout"),  # never acknowledged
        (b"7.821\r*O", Reason.COMM, "short"),
        (b"7.821", Reason.COMM, "short"),
        (b"", Reason.COMM, "timeout"),
        (b"no output\r*OK\r", Reason.SENTINEL, None),
        (b"14.001\r*OK\r", Reason.RANGE, None),
    ],
)
def test_what_is_not_one_whole_reading_is_no_value(answer: bytes, reason: Reason, counted: str | None) -> None:
    device, _, (reading,) = polled(circuit(b"", R=[(0.9, answer)] if answer else []))
    assert (reading.quality, reading.reason) == (Quality.BAD, reason)
    assert device.statistics.failures == ({counted: 1} if counted else {})


def test_continuous_readings_from_the_works_do_not_pass_for_an_answer() -> None:
    healthy = circuit(b"7.821")

    def streaming(said: bytes) -> list[tuple[float, bytes]]:
        if said == b"*OK,1\r":
            return [(0.1, b"4.000\r"), (0.3, b"*OK\r")]
        if said == b"R\r":
            return [(0.5, b"4.000\r"), (0.9, b"7.821\r*OK\r")]  # it did not heed C,0
        return healthy(said)

    _, _, (reading,) = polled(streaming)
    assert reading.reason is Reason.COMM


def test_codes_may_come_in_the_midst_of_an_answer() -> None:
    device, _, (reading,) = polled(circuit(b"", R=[(0.5, b"*UV\r"), (0.9, b"7.821\r"), (1.0, b"*OV\r*OK\r")]))
    assert reading.value == 7.821
    assert device.statistics.failures == {"supply_low": 1, "supply_high": 1}


def test_a_circuit_that_restarted_is_opened_anew_and_told_its_temperature_again() -> None:
    async def main() -> None:
        port = MemoryPort(circuit(b"7.821"))
        device = ezo(port, "ph", "f.z.water")
        device.compensate(18.04, NOW_S)
        await device.poll(NOW_S)
        port.hear(b"*RS\r*RE\r")
        await device.poll(NOW_S + 5.0)
        opening = [b"*OK,1\r", b"C,0\r", b"*OK,?\r", b"Status\r", b"T,18.0\r", b"R\r"]
        assert port.said == opening * 2
        assert device.statistics.failures == {"restarted": 2}

    in_virtual_time(main)


def test_a_temperature_is_told_when_it_has_changed_by_a_tenth() -> None:
    async def main() -> None:
        port = MemoryPort(circuit(b"7.821"))
        device = ezo(port, "ph", "f.z.water")
        for water_c in (18.0, 18.05, 18.11, 18.0):
            device.compensate(water_c, NOW_S)
            await device.poll(NOW_S)
        assert [said for said in port.said if said.startswith(b"T,")] == [b"T,18.0\r", b"T,18.1\r", b"T,18.0\r"]

    in_virtual_time(main)


def test_a_value_by_a_temperature_that_nobody_knows_is_uncertain() -> None:
    async def main() -> None:
        device = ezo(MemoryPort(circuit(b"7.821")), "ph", "f.z.water")
        (blind,) = await device.poll(NOW_S)
        device.compensate(18.0, NOW_S)
        (good,) = await device.poll(NOW_S + OLD_S)
        (old,) = await device.poll(NOW_S + OLD_S + 1.0)
        assert (blind.value, blind.quality, blind.reason) == (7.821, Quality.UNCERTAIN, Reason.INPUT)
        assert good.quality is Quality.GOOD
        assert (old.quality, old.reason) == (Quality.UNCERTAIN, Reason.INPUT)

    in_virtual_time(main)


def test_a_redox_circuit_is_told_no_temperature() -> None:
    async def main() -> None:
        port = MemoryPort(circuit(b"209.6"))
        device = ezo(port, "orp")
        device.compensate(18.0, NOW_S)
        (reading,) = await device.poll(NOW_S)
        assert (reading.value, reading.quality) == (209.6, Quality.GOOD)
        assert not [said for said in port.said if said.startswith(b"T")]

    in_virtual_time(main)


@pytest.mark.parametrize("late_s", [1.6, 2.9, 3.5, 6.0])
def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(late_s: float) -> None:
    """A circuit answers one command after the other: those after a slow one come later too."""
    healthy, answered_s = circuit(b"7.821"), [0.0]

    def slow(said: bytes) -> list[tuple[float, bytes]]:
        now_s = asyncio.get_running_loop().time()
        first = said == b"R\r" and b"R\r" not in port[0].said[:-1]
        ((takes_s, data),) = [(late_s, b"4.000\r*OK\r")] if first else healthy(said)
        answered_s[0] = max(answered_s[0], now_s) + takes_s
        return [(answered_s[0] - now_s, data)]

    port: list[MemoryPort] = []

    async def main() -> None:
        port.append(MemoryPort(slow))
        device = ezo(port[0], "ph")
        values = []
        for number in range(12):
            (reading,) = await device.poll(NOW_S + 1.5 * number)
            values.append(reading.value)
            await asyncio.sleep(1.0)
        assert values[0] is None
        assert set(values) == {None, 7.821}

    in_virtual_time(main)


def test_a_circuit_that_is_always_late_never_has_a_value() -> None:
    healthy = circuit(b"7.821")

    async def main() -> None:
        device = ezo(MemoryPort(lambda said: [(3.0 + after_s, data) for after_s, data in healthy(said)]), "ph")
        for number in range(20):
            (reading,) = await device.poll(NOW_S + 3.0 * number)
            assert reading.reason is Reason.COMM

    in_virtual_time(main)


def test_a_silent_circuit_is_found_with_the_first_poll_that_it_answers() -> None:
    async def main() -> None:
        port = MemoryPort(lambda said: [])
        device = ezo(port, "ph")
        for number in range(10):
            (reading,) = await device.poll(NOW_S + 5.0 * number)
            assert reading.reason is Reason.COMM
            await asyncio.sleep(5.0)
        assert port.said == [b"*OK,1\r"] * 10
        assert not device.statistics.online
        port.script = circuit(b"7.821")
        (reading,) = await device.poll(NOW_S + 50.0)
        assert reading.value == 7.821

    in_virtual_time(main)


def test_rubbish_without_an_end_does_not_swallow_the_next_answer() -> None:
    async def main() -> None:
        port = MemoryPort(circuit(b"7.821"))
        device = ezo(port, "ph")
        await device.poll(NOW_S)
        port.hear(b"\x18*_")
        await asyncio.sleep(5.0)
        (reading,) = await device.poll(NOW_S + 5.0)
        assert reading.value == 7.821

    in_virtual_time(main)


def test_a_refused_command_of_the_product_does_not_stop_the_readings() -> None:
    device, _, (reading,) = polled(circuit(b"7.82", O=[(0.3, b"*ER\r")]), kind="do")
    assert reading.value == 7.82
    assert device.statistics.failures == {"exception_er": 2}


def test_there_is_nothing_to_write() -> None:
    async def main() -> None:
        device = ezo(MemoryPort(circuit(b"7.821")), "ph")
        (written,) = await device.write({"f.z.ph": 7.0}, NOW_S)
        assert (written.ok, written.reason) == (False, Reason.EXCEPTION)

    in_virtual_time(main)


noise = st.binary(min_size=1, max_size=6).filter(lambda stray: not any(48 <= byte <= 57 for byte in stray))
"""Bytes but digits: a digit too many cannot be told from a true one where there is no check sum."""


@settings(max_examples=60)
@given(
    at=st.integers(0, 9),
    stray=st.one_of(st.just(b""), noise),
    lost=st.integers(0, 9),
    how_many=st.integers(0, 9),
    pieces=st.lists(st.floats(0.0, 0.3), max_size=9),
)
def test_noise_and_partial_lines_never_become_a_value(
    at: int, stray: bytes, lost: int, how_many: int, pieces: list[float]
) -> None:
    answer = b"7.821\r*OK\r"
    damaged = answer[:lost] + answer[lost + how_many :]
    damaged = damaged[:at] + stray + damaged[at:]
    healthy = circuit(b"")

    def noisy(said: bytes) -> list[tuple[float, bytes]]:
        if said != b"R\r":
            return healthy(said)
        cut = [(0.9 + sum(pieces[: i + 1]), damaged[i : i + 1]) for i in range(min(len(pieces), len(damaged)))]
        return [*cut, (0.9 + sum(pieces), damaged[len(cut) :])]

    _, _, (reading,) = polled(noisy)
    assert reading.value == 7.821 if reading.quality is Quality.GOOD else reading.value is None


# --- on a true serial port


def answering(tmp_path: Path, work: Callable[[PtyWire, list[bytes], EzoDevice], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        wire = PtyWire(Slaves(), tmp_path / "uart")
        said: list[bytes] = []

        def hear(data: bytes) -> list[tuple[float, bytes]]:
            said.extend(data.split(b"\r")[:-1])
            data_of = {b"R\r": b"7.821\r", b"*OK,?\r": b"?*OK,1\r"}
            return [(0.0, data_of.get(data, b"") + b"*OK\r")]

        wire.slaves.hear = hear  # type: ignore[method-assign]  # text in place of frames
        try:
            async with opened(tmp_path / "uart") as port:
                await work(wire, said, ezo(port, "ph"))
        finally:
            wire.unplug()

    asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


def test_a_converter_that_is_pulled_out_and_put_back_is_found_again(tmp_path: Path) -> None:
    async def work(wire: PtyWire, said: list[bytes], device: EzoDevice) -> None:
        (reading,) = await device.poll(NOW_S)
        assert reading.value == 7.821
        wire.unplug()
        await until(lambda: not device._port.connected)
        (reading,) = await device.poll(NOW_S + 5.0)
        assert reading.reason is Reason.COMM
        assert device.statistics.last_error == "port"
        wire.plug()
        await until(lambda: device._port.connected)
        said.clear()
        (reading,) = await device.poll(NOW_S + 10.0)
        assert reading.value == 7.821
        assert said == [b"*OK,1", b"C,0", b"*OK,?", b"Status", b"R"]

    answering(tmp_path, work)
