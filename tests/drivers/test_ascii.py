"""Probes that say lines of text: asked, or of their own accord."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ascii import AsciiDevice
from drivers.product import Product
from foundation.reading import Quality, Reading, Reason
from tests.drivers.slave import PtyWire, Slaves
from tests.drivers.spoken import MemoryPort, ascii_probe, device, opened
from tests.drivers.test_ezo import until
from tests.drivers.virtual import in_virtual_time

NOW_S = 1_700_000_000.0
LINE = b"21.500,55.200,0.000,-9999.000\r\n"
STREAMING = Product.model_validate(
    {
        "id": "t/scale", "name_zh": "", "name_en": "", "protocol": "ascii", "sources": ["t"], "confidence": "generic",
        "text": {"sample": "ST,+0012.50kg", "pattern": r"(ST|US),(?P<weight>[+-]\d{4}\.\d{2})kg"},
        "channels": {"weight": {"field": "weight", "unit": "kg", "range": [0, 60]}},
    }
)  # fmt: skip


def test_a_probe_is_asked_by_its_address_and_says_all_its_values() -> None:
    async def main() -> None:
        port = MemoryPort(lambda said: [(0.05, LINE)])
        probe = ascii_probe(port, unit=7)
        assert await probe.poll(NOW_S) == [
            Reading("f.z.v1", 21.5, Quality.GOOD, None, NOW_S),
            Reading("f.z.v2", 55.2, Quality.GOOD, None, NOW_S),
        ]
        assert port.said == [b"R7\r"]

    in_virtual_time(main)


@pytest.mark.parametrize(
    ("answer", "value", "counted"),
    [
        (b"R7\r\n" + LINE, 21.5, None),  # the converter hears itself
        (b"\x00\xff~\r" + LINE, 21.5, None),
        (b"21.500,55.2", None, "short"),
        (b"21.500,55.200,0.000\r\n", None, "payload"),
        (b"ERR\r\n", None, "payload"),
        (b"R7\r\n", None, "timeout"),
        (b"", None, "timeout"),
    ],
)
def test_only_a_whole_line_of_the_product_is_an_answer(answer: bytes, value: float | None, counted: str | None) -> None:
    async def main() -> None:
        probe = ascii_probe(MemoryPort(lambda said: [(0.05, answer)], deadline_s=0.5), unit=7)
        reading = (await probe.poll(NOW_S))[0]
        assert reading.value == value
        assert reading.reason is (None if value is not None else Reason.COMM)
        assert probe.statistics.failures == ({counted: 1} if counted else {})
        assert [one.text for one in probe.statistics.heard.values()] == (
            [] if value is None else [LINE.decode().strip()]
        )

    in_virtual_time(main)


def test_half_a_line_that_was_under_way_is_not_the_answer() -> None:
    async def main() -> None:
        port = MemoryPort(lambda said: [(0.01, b",4.000\r\n"), (0.05, LINE)])
        port.hear(b"1.000,2.000,3.000")  # and goes on when the probe is asked
        (reading, _) = await ascii_probe(port).poll(NOW_S)
        assert reading.value == 21.5

    in_virtual_time(main)


def test_an_answer_that_comes_up_to_two_deadlines_late_is_not_the_next_ones() -> None:
    async def main() -> None:
        answers = [(0.9, b"1.000,2.000,3.000,4.000\r\n"), (0.45, LINE)]
        probe = ascii_probe(MemoryPort(lambda said: [answers.pop(0)], deadline_s=0.5))
        (first, _) = await probe.poll(NOW_S)
        (second, _) = await probe.poll(NOW_S + 0.5)
        assert (first.value, second.value) == (None, 21.5)

    in_virtual_time(main)


def test_a_silent_probe_costs_its_neighbour_on_the_line_little() -> None:
    """P7: unit 2 does not answer; unit 1 has its period all the same."""

    async def main() -> None:
        port = MemoryPort(lambda said: [(0.05, LINE)] if said == b"R1\r" else [], deadline_s=0.2)
        alive, dead = ascii_probe(port, 1), ascii_probe(port, 2)
        waited: list[float] = []
        loop = asyncio.get_running_loop()

        async def ask(probe: AsciiDevice) -> None:
            for number in range(60):
                began = loop.time()
                readings = await probe.poll(NOW_S + 5.0 * number)
                if probe is alive:
                    assert readings[0].value == 21.5
                    waited.append(loop.time() - began)
                await asyncio.sleep(max(5.0 - (loop.time() - began), 0.0))

        await asyncio.gather(ask(alive), ask(dead))
        assert max(waited) < 0.5  # a tenth of its period
        assert dead.statistics.answered == 0
        assert 2 < port.said.count(b"R2\r") < 40  # of 60 polls

    in_virtual_time(main)


def test_a_probe_that_speaks_by_itself_is_believed_once_a_line_and_dated_when_it_spoke() -> None:
    async def main() -> None:
        port = MemoryPort(lambda said: [])
        scale = AsciiDevice(device("t/scale", {"weight": "f.z.weight"}, None), STREAMING, port)
        port.hear(b"ST,+0012.50kg\r\nUS,+0013.00kg\r\nUS,+00")
        await asyncio.sleep(2.0)
        (reading,) = await scale.poll(NOW_S)
        assert (reading.value, reading.time_s) == (13.0, pytest.approx(NOW_S - 2.0, abs=0.01))
        (reading,) = await scale.poll(NOW_S + 1.0)
        assert reading.reason is Reason.COMM  # it has said nothing since
        port.hear(b"14.00kg\r\n")
        (reading,) = await scale.poll(NOW_S + 2.0)
        assert reading.value == 14.0
        port.hear(b"ST,+9999.99kg\r\n")
        (reading,) = await scale.poll(NOW_S + 3.0)
        assert (reading.value, reading.reason) == (9999.99, Reason.RANGE)
        port.hear(b"BATTERY LOW\r\n")
        (reading,) = await scale.poll(NOW_S + 4.0)
        assert (reading.value, scale.statistics.last_error) == (None, "payload")

    in_virtual_time(main)


def test_on_a_true_port_a_probe_that_speaks_by_itself_is_not_heard_in_the_midst_of_a_line(tmp_path: Path) -> None:
    async def main() -> None:
        wire = PtyWire(Slaves(), tmp_path / "uart")
        try:
            async with opened(tmp_path / "uart") as port:
                scale = AsciiDevice(device("t/scale", {"weight": "f.z.weight"}, None), STREAMING, port)
                wire.say(b"0012.50kg\r\nST,+0013.00kg\r\n")
                await until(lambda: port.lines)
                (reading,) = await scale.poll(NOW_S)
                assert reading.value == 13.0
                assert not port.lines
        finally:
            wire.unplug()

    asyncio.run(main())


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_lines_are_the_same_however_their_bytes_arrive(pieces: list[bytes]) -> None:
    whole, parts = MemoryPort(lambda said: []), MemoryPort(lambda said: [])
    whole.heard(b"".join(pieces), 1.0)
    for piece in pieces:
        parts.heard(piece, 1.0)
    assert whole.lines == parts.lines
    assert whole._buffer == parts._buffer
    assert not any(end in line.text for line in whole.lines for end in (b"\r", b"\n"))


def test_a_babbling_probe_does_not_fill_the_memory() -> None:
    async def main() -> None:
        port = MemoryPort(lambda said: [])
        for _ in range(200):
            port.hear(b"x" * 5000)
            port.hear(b"1\r" * 500)
        port.hear(b"x" * 5000)
        assert len(port.lines) <= 64
        assert len(port._buffer) <= 256
        port.script = lambda said: [(0.05, b"\r" + LINE)]
        (reading, _) = await ascii_probe(port).poll(NOW_S)
        assert reading.value == 21.5

    in_virtual_time(main)
