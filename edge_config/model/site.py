"""The site: what exists (facilities, buses, devices, tags, outputs) and how it is set."""

from typing import Annotated, Any, Literal

from pydantic import Field

from edge_config.counted import Counts
from edge_config.model.alarms import Alarm
from edge_config.model.control import Loop, Program, Rule
from edge_config.model.estimates import Estimate
from edge_config.model.interlocks import Interlock
from edge_config.model.notify import Notify
from edge_config.model.outputs import Output
from edge_config.model.recipes import Recipe
from edge_config.model.sequences import Sequence
from edge_config.model.sinks import Sink
from edge_config.model.values import (
    AnyQuantity,
    Frozen,
    Identifier,
    Metres,
    Name,
    ScopedName,
    Seconds,
    SecretName,
    Sourced,
    TagName,
)
from foundation.units import Quantity

FacilityKind = Literal[
    "greenhouse", "solar_greenhouse", "tunnel", "plant_factory", "ras", "pond", "mushroom", "nursery", "aquaponics",
    "cold_store",
]  # fmt: skip


class Place(Frozen):
    """The farm as a whole: where it is and what time it keeps."""

    id: Identifier
    name: Name
    timezone: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude: Metres = 0.0
    scan: Seconds = 1.0
    """Period of the scan."""
    motor_starts: int = Field(default=2, ge=1)
    """Machines (outputs with `power`) that may start in any ten seconds; life support is not kept waiting."""


class Facility(Frozen):
    """One controlled environment."""

    kind: FacilityKind
    zones: tuple[Identifier, ...] = Field(min_length=1)
    name: Name
    zone_names: dict[Identifier, Name] = {}
    """What people call its zones; one without a name is shown by its id."""
    emergency_stop: TagName | None = None
    """The button's contact, closed (true) while nobody presses it: open, or not to be read, stops the facility."""
    crop: str | None = None
    species: str | None = None
    use: str | None = None
    """A preset that fills in programs, loops, rules, interlocks and alarms: `greenhouse/tomato@1`."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Values of the preset that are to differ here."""
    tags: dict[ScopedName, ScopedName] = {}
    """Names of the preset that are others here: `{zone.air_temp: zone.temperature}`."""
    use_in: tuple[Identifier, ...] | None = None
    """The zones that the preset is for; all, if left out."""
    without: tuple[ScopedName, ...] = ()
    """Parts of the preset that are not wanted here."""


class SerialBus(Frozen):
    """Modbus RTU on one serial port. `by-id/X` is `/dev/serial/by-id/X`."""

    protocol: Literal["modbus_rtu"]
    port: str
    baud: Literal[1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    deadline: Seconds = 0.3


class AsciiBus(Frozen):
    """A UART or serial port with devices that speak lines of text. `by-id/X` is `/dev/serial/by-id/X`."""

    protocol: Literal["ascii"]
    port: str
    baud: Literal[1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    deadline: Seconds = 1.5


class TcpBus(Frozen):
    """Modbus TCP behind one address."""

    protocol: Literal["modbus_tcp"]
    host: str
    port: int = Field(default=502, ge=1, le=65535)
    deadline: Seconds = 1.0


class BrokerBus(Frozen):
    """An MQTT broker."""

    protocol: Literal["mqtt"]
    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    username: SecretName | None = None
    password: SecretName | None = None
    deadline: Seconds = 5.0


Bus = Annotated[SerialBus | AsciiBus | TcpBus | BrokerBus, Field(discriminator="protocol")]


class Device(Frozen):
    """One thing on a bus; `product` is a file in `drivers/library/`, `tags` gives its channels their names."""

    product: str
    bus: Identifier
    unit: int | None = Field(default=None, ge=0, le=254)
    """1 to 247 by the standard; some makers take 254 for "whoever is there"."""
    period: Seconds = 5.0
    watchdog: Seconds | None = None
    """What the device's own watchdog is set to: without a write for so long it goes to its safe state."""
    topic: str | None = None
    compensate: TagName | None = None
    """The temperature of the water it stands in, told to a probe that has no thermometer of its own."""
    tags: dict[str, TagName] = Field(min_length=1)


class Stuck(Frozen):
    """A value that does not move while it should. `with` is what moves it; without it, a probe is never so still."""

    for_: Seconds = Field(alias="for")
    """Doubted after so long, and bad after three times as long."""
    with_: TagName | None = Field(default=None, alias="with")
    by: AnyQuantity | None = None
    """How far `with` must have moved meanwhile, there and back."""
    within: AnyQuantity | None = None
    """A move smaller than this is none (the probe's last digit); 0 if left out."""


class Compensation(Frozen):
    """What the temperature of the water does to a probe that does not know it."""

    tag: TagName
    form: Literal["linear", "nernst"]
    per_kelvin: float = Field(default=0.02, gt=0, le=0.1)
    """linear: share per K."""
    reference: AnyQuantity = Quantity(25.0, "degC")


class Calibration(Frozen):
    """From what the probe says to what is true. The value before is recorded as NAME_raw."""

    points: tuple[tuple[AnyQuantity, AnyQuantity], ...] = Field(default=(), max_length=3)
    """What it said, and what was true: one point moves the zero, two the slope, three make two pieces."""
    temperature: Compensation | None = None
    on: str | None = None
    """The day, for the record: `2026-03-01`."""
    every: Seconds | None = None
    """So long after that day it is due again, and an alarm says so: `90 d`."""


class SelfTest(Frozen):
    """A probe that is cleaned by a pulse of air or water, which tests it: `to` is where its value goes in the pulse."""

    of: TagName
    """The output that cleans it; a timer, a rule or a sequence switches it."""
    to: AnyQuantity
    response: Seconds
    """Time constant of a clean probe (63 % of a step)."""
    slower: float = Field(default=2.0, gt=1, le=20)
    """So many times that is fouled."""
    bias: AnyQuantity
    """Further from what it said before the pulse is fouled, once it has recovered."""
    recovers: Seconds
    """After the pulse, until it says again what it is there for."""


class InAir(Frozen):
    """How it shows that a probe is not in the water or the soil: `below` what is never there, or, of a probe of
    dissolved oxygen, saturation while its own thermometer has gone to the air's temperature."""

    below: AnyQuantity | None = None
    temperature: TagName | None = None
    """The probe's own thermometer, which is not believed either then."""
    air: TagName | None = None
    """The temperature of the air that it would lie in."""
    water: TagName | None = None
    """Another thermometer in the same water."""
    within: AnyQuantity = Quantity(10.0, "%")
    """So close to saturation is what it says in the air."""
    fastest: AnyQuantity = Quantity(3.0, "K/h")
    """As fast as the water itself may warm or cool."""
    salinity: AnyQuantity | None = None
    """That the probe reckons with; 0 if left out."""
    for_: Seconds = Field(default=300.0, alias="for")
    """So long it looks like that before it is told, and no more before it is believed again."""


class StandIn(Frozen):
    """What a vote gives once no probe is left."""

    tag: TagName
    for_: Seconds = Field(alias="for")


class TagSetting(Sourced):
    """What the device library does not already say about a tag, or how a derived tag is made."""

    measurement: Literal["env", "water", "plant", "actuator", "energy", "alarm", "event", "system"] | None = None
    unit: str | None = None
    range: tuple[AnyQuantity, AnyQuantity] | None = None
    rate: AnyQuantity | None = None
    """Fastest believable change, per time: `2 mg/L/min`."""
    spike: AnyQuantity | None = None
    """A single value further than this from the median of its neighbours is dropped."""
    hampel: AnyQuantity | None = None
    """Further from the median of the last nine than four robust deviations, and than this: the last value stays."""
    stuck: Stuck | None = None
    calibration: Calibration | None = None
    self_test: SelfTest | None = None
    in_air: InAir | None = None
    stale: Seconds | None = None
    deadband: AnyQuantity | None = None
    counts: Counts | None = None
    """What of the farm's consumption it is a meter of: a total that never goes back, or a rate."""
    said_every: Seconds | None = Field(default=None, ge=1.0, le=60.0)
    """So often at least it is recorded, changed or not."""
    name: Name | None = None
    entry: Literal["lab", "manual"] | None = None
    """Typed in by people."""
    as_: Literal["value", "amount", "text"] = Field(default="value", alias="as")
    """What people enter: a value that stands until the next, an amount that is added to the total, or a text."""
    choices: tuple[str, ...] = ()
    """The texts that may be entered; none: any."""
    plus: tuple[TagName, ...] = ()
    """Of a value that is counted or weighed now and then: amounts that have come since then (fish put in)."""
    less: tuple[TagName, ...] = ()
    """Amounts that have gone since then (dead fish, fish taken out)."""
    filter: Seconds | None = None
    """Time constant of a first-order filter."""
    vote: tuple[TagName, ...] | None = None
    """Redundant probes: three vote by median, two by mean; what is left is used and marked."""
    disagree: AnyQuantity | None = None
    """Probes further apart than this do not agree."""
    drift: AnyQuantity | None = None
    """A probe that leaves its usual distance from the others by about this much is told of, and of three is dropped."""
    stand_in: StandIn | None = None
    """With no probe left: the tag of a model, for a while."""
    danger: Literal["low", "high"] | None = None
    """Which of two disagreeing probes to believe: that on the dangerous side."""
    derive: str | None = None
    """An expression over other tags: `vpd(gh1.bay1.air_temp, gh1.bay1.rh)`."""
    integrate: TagName | None = None
    """The integral of another tag over the day, from local midnight."""
    estimate: Estimate | None = None
    """What a model makes of other tags."""

    @property
    def is_text(self) -> bool:
        """Whether people enter texts."""
        return self.entry is not None and (self.as_ == "text" or bool(self.choices))


HOST_NAME = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$"


class Panel(Frozen):
    """Where the operators' panel listens, and as what."""

    listen: str = "127.0.0.1:8443"
    tls: Literal["auto", "on", "off"] = "auto"
    """auto: https with the box's own certificate, but plain http where only this box can reach it."""
    names: tuple[Annotated[str, Field(pattern=HOST_NAME)], ...] = ()
    """Under which browsers call it, beyond its addresses, `localhost` and `*.local`."""
    redirect_from: Annotated[str, Field(pattern=r"^[^\s/]+:[0-9]{1,5}$")] | None = None
    """`HOST:PORT` on which plain http is answered with where https is."""
    languages: tuple[Literal["zh-CN", "en"], ...] = ("zh-CN", "en")


class Keeping(Frozen):
    """How much of the disk the history may take."""

    quota_mb: float = Field(default=2048.0, ge=64.0)
    """Megabytes of what waits for sinks."""
    keep_sent: Seconds = Field(default=86_400.0, ge=3600.0, le=366 * 86_400.0)
    """How long what every sink has stays, so that a sink can be held against it and given again what it lost."""


class Site(Frozen):
    """A whole site file, units canonical, names checked one by one; `checks.py` holds them against each other."""

    schema_: Literal[1] = Field(alias="schema")
    site: Place
    facilities: dict[Identifier, Facility] = Field(min_length=1)
    buses: dict[Identifier, Bus] = {}
    devices: dict[Identifier, Device] = {}
    tags: dict[TagName, TagSetting] = {}
    outputs: dict[TagName, Output] = {}
    programs: dict[TagName, Program] = {}
    recipes: dict[Identifier, Recipe] = {}
    loops: dict[TagName, Loop] = {}
    rules: tuple[Rule, ...] = ()
    sequences: dict[TagName, Sequence] = {}
    interlocks: dict[TagName, Interlock] = {}
    alarms: dict[TagName, Alarm] = {}
    notify: Notify = Notify()
    sinks: dict[Identifier, Sink] = {}
    history: Keeping = Keeping()
    panel: Panel = Panel()
    simulation: dict[str, Any] = {}
    """Read by the simulator alone."""
