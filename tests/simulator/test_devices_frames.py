"""A virtual device answers a maker's printed request with the bytes that the maker prints, check sum and all.

Where a source prints only a request, or only a reply, the other half follows from its register map; `printed` says what
was printed. The sources are those of the product files; each row names its own.
"""

from typing import NamedTuple

import pytest

from drivers.codec import decode_block, plan, read_request
from drivers.product import load_product, product_names
from edge_config.model.site import Device
from foundation.reading import Value
from simulator.devices.serial_line import crc
from tests.simulator.test_devices_modbus import Bench, ask, slave


class Frame(NamedTuple):
    product: str
    unit: int
    shows: dict[str, float | bool]
    """What its probes see."""
    request: str
    reply: str
    printed: str
    source: str


FRAMES = (
    Frame("xymd/xy_md02", 1, {"temperature": 30.5, "humidity": 54.6},
          "01 04 00 01 00 01 60 0A", "01 04 02 01 31 79 74", "request, value",
          "accautomation.ca xy-md02-temp-humidity-sensor-modbus-rtu"),
    Frame("xymd/xy_md02", 1, {"temperature": -20.5, "humidity": 54.6},
          "01 04 00 01 00 02 20 0B", "01 04 04 FF 33 02 22 BA E6", "values", "the same"),
    Frame("sensirion/scd30", 0x61, {"co2": 439.09515, "temperature": 27.238, "humidity": 48.807},
          "61 03 00 28 00 06 4C 60", "61 03 0C 43 DB 8C 2E 41 D9 E7 6D 42 43 3A 5E *", "request, CO2",
          "Sensirion SCD30 Interface Description v1.0"),
    Frame("sensirion/scd30", 0x61, {},
          "61 06 00 36 00 00 60 64", "61 06 00 36 00 00 60 64", "nothing", "the same, register map"),
    Frame("senseair/s8", 0xFE, {"status": 0.0, "co2": 904.0},
          "FE 04 00 03 00 01 D5 C5", "FE 04 02 03 88 AD B2", "request, reply with a wrong check sum",
          "SFeli/ESP32_S8 README.md"),
    Frame("senseair/s8", 0xFE, {"status": 0.0, "co2": 400.0},
          "FE 04 00 00 00 04 E5 C6", "FE 04 08 00 00 00 00 00 00 01 90 16 E6", "request",
          "esphome components/senseair/senseair.cpp"),
    Frame("hukseflux/sr05_d1a3", 0x40, {"address": 64.0, "line_setting": 5.0, "irradiance": 973.59},
          "40 03 10 00 00 04 4F D8", "40 03 08 00 40 00 05 00 01 7C 4F 79 DA", "request, reply",
          "easymanua.ls hukseflux sr05-series manual page 54"),
    Frame("cwt/soil_3in1", 1, {"moisture": 49.5, "temperature": 32.4, "conductivity": 0.004},
          "01 03 00 00 00 03 05 CB", "01 03 06 01 EF 01 44 00 04 B5 59", "request, reply",
          "myduino/Industrial-Soil-Sensor-RS485 README.md"),
    Frame("cwt/soil_4in1", 1, {"moisture": 61.0, "temperature": 35.9, "conductivity": 0.006, "ph": 5.5},
          "01 03 00 00 00 04 44 09", "01 03 08 02 62 01 67 00 06 00 37 C2 06", "request, reply", "the same"),
    Frame("jxct/npk_7in1", 1, {"ph": 7.0},
          "01 03 00 06 00 01 64 0B", "01 03 02 02 BC B8 95", "request, reply with a wrong check sum",
          "Gfermoto/soil-sensor-7in1 docs/manuals/MODBUS_PROTOCOL.md"),
    Frame("yosemitech/y504_a", 1, {"temperature": 24.5, "saturation": 96.0},
          "01 03 26 00 00 04 4F 41", "01 03 08 00 00 C4 41 8F C2 75 3F *", "request, length of the reply",
          "EnviroDIY/YosemitechModbus extras/sensor_tests"),
    Frame("yosemitech/y504_a", 1, {},
          "01 03 25 00 00 01 8F 06", "01 03 02 00 00 B8 44", "request", "the same"),
    Frame("yosemitech/y520_a", 1, {},
          "01 10 1C 00 00 00 00 D8 92", "01 10 1C 00 00 00 *", "request", "the same"),
    Frame("tuf/tuf2000m", 1, {"flow": 12.5, "energy_rate": 0.0, "velocity": 1.0, "sound_speed": 1482.0,
                              "positive_count": 65536.0},
          "01 03 00 00 00 0A C5 CD",
          "01 03 14 00 00 41 48 00 00 00 00 00 00 3F 80 40 00 44 B9 00 00 00 01 *", "request",
          "Jusaba/TUF-2000M Documentacion/Manual.pdf section 7"),
    Frame("tuf/tuf2000m", 1, {"inlet_temperature": 7.1011734},
          "01 03 00 20 00 02 C5 C1", "01 03 04 3C D0 40 E3 *", "words 15568 and 16611, 7.101 degC",
          "lundbergemil/TUF-2000M-challenge-emil apptestdata.php"),
    Frame("dfrobot/sen0492", 0x50, {"distance": 1.803},
          "50 03 00 34 00 01 C8 45", "50 03 02 07 0B 06 7F", "request, reply", "wiki.dfrobot.com/sen0492/docs/21034"),
    Frame("waveshare/relay_8ch", 1, {},
          "01 05 00 00 FF 00 8C 3A", "01 05 00 00 FF 00 8C 3A", "nothing",
          "nobrega8/mbmap-library maps/waveshare/modbus-rtu-relay"),
    Frame("unbranded/relay_4ch", 1, {},
          "01 05 00 01 01 00 9D 9A", "01 05 00 01 01 00 9D 9A", "request", "pastebin.com/mX6PYqsB"),
    Frame("unbranded/relay_4ch", 1, {},
          "01 05 00 01 00 00 9C 0A", "01 05 00 01 00 00 9C 0A", "request", "the same"),
    Frame("unbranded/relay_4ch", 1, {},
          "01 05 00 01 FF 00 DD FA", "01 85 03 02 91", "nothing", "the same: 0xFF00 does not drive it"),
    Frame("eastron/sdm120", 1, {"voltage": 230_200.0},
          "01 04 00 00 00 02 71 CB", "01 04 04 43 66 33 33 5A FA", "request; reply of the sister SDM320Y",
          "manualshive.com sdm320y page 43"),
    Frame("peacefair/pzem016", 1, {"voltage": 225_700.0, "current": 0.108, "power": 0.0244, "energy": 0.038,
                                   "frequency": 50.0, "power_factor": 1.0, "alarm": False},
          "01 04 00 00 00 0A 70 0D",
          "01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34", "reply",
          "esphome pzemac.cpp; iotles.com/reset-kwh-pzem-016"),
)  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES, ids=[f"{one.product} {one.request[:17]}" for one in FRAMES])
def test_a_makers_frame_is_answered_with_the_makers_bytes(frame: Frame) -> None:
    answer = ask(slave(Bench(**frame.shows), frame.product, unit=frame.unit), frame.request)
    assert answer is not None
    if frame.reply.endswith(" *"):  # its check sum follows
        assert answer[:-6] == frame.reply[:-2]
    else:
        reply = bytes.fromhex(frame.reply)
        assert crc(reply[:-2]) == reply[-2:], "the row's own check sum"
        assert answer == frame.reply


@pytest.mark.parametrize("frame", FRAMES, ids=[f"{one.product} {one.request[:17]}" for one in FRAMES])
def test_our_driver_reads_from_those_bytes_what_the_probe_saw(frame: Frame) -> None:
    """The same map, read by the other side of the wire."""
    product = load_product(frame.product)
    bench = Bench(**frame.shows)
    found: dict[str, Value | None] = {}
    for block in plan(product, frame.shows):
        pdu = slave(bench, frame.product, unit=frame.unit).respond(frame.unit, read_request(block).pdu, 0.0)
        assert pdu is not None
        assert pdu[0] < 0x80
        bits = block.table in ("coil", "discrete")
        words = (
            [pdu[2 + i // 8] >> i % 8 & 1 for i in range(block.length)]
            if bits
            else [int.from_bytes(pdu[at : at + 2]) for at in range(2, len(pdu), 2)]
        )
        found |= {
            name: value for name, (value, reason) in decode_block(product, block, words).items() if reason is None
        }
    assert found == pytest.approx(frame.shows, rel=1e-5)


@pytest.mark.parametrize("name", [name for name in product_names() if load_product(name).protocol == "modbus"])
def test_every_product_can_stand_in_a_site_at_its_factory_address(name: str) -> None:
    serial = load_product(name).serial
    unit = serial.unit if serial is not None else 1
    channel = next(iter(load_product(name).channels))
    settings = {"product": name, "bus": "b", "unit": unit, "tags": {channel: "f.z.x"}}
    assert Device.model_validate(settings).unit == unit
