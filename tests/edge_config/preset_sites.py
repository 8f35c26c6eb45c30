"""Made-up sites for presets: one that has all that a preset can use, so that no part of it is left out."""

from pathlib import Path

from edge_config.preset_library import Preset, load_preset

HEAD = "schema: 1\nsite: {id: a, name: {zh: 甲, en: A}, timezone: Asia/Shanghai, latitude: 36, longitude: 118}\n"
SAFE = "lease: 20 s, fail_safe_by: device"
OUTPUTS = {
    "output": f'{{type: analog, safe: "off", {SAFE}}}',
    "on_off": f'{{type: on_off, safe: "off", {SAFE}}}',
    "life_support": f'{{type: on_off, safe: "on", idle: "on", life_support: true, {SAFE}}}',
    "pulse": f'{{type: pulse, flow: 1 mL/s, max_pulse: 60 s, max_per_day: 10 L, safe: "off", {SAFE}}}',
}  # fmt: skip
"""What `needs` of a preset may say of an output; anything else is the unit of a tag (`bool` of a contact)."""
CONTACTS = 8


def whole_site(name: str, zones: tuple[str, ...] = ("z1",), more: str = "", facility: str = "") -> str:
    """A site of one facility that uses the preset and has all of its `needs`; `more` is other sections, `facility` more
    keys of the facility."""
    preset = load_preset(name)
    wanted = needs_of(preset, zones)
    tags = {tag: unit for tag, unit in wanted.items() if unit not in OUTPUTS}
    contacts = [tag for tag, unit in tags.items() if unit == "bool"]
    channels = {tag: tag.replace(".", "_") for tag in wanted if tag not in contacts}
    nodes = [contacts[at : at + CONTACTS] for at in range(0, len(contacts), CONTACTS)]
    lines = [
        HEAD + f"facilities:\n  f1: {{kind: {preset.header.kind[0]}, zones: [{', '.join(zones)}], "
        f"name: {{zh: 甲, en: A}}, use: {name}{facility}}}",
        "buses: {broker: {protocol: mqtt, host: 127.0.0.1}, line: {protocol: modbus_tcp, host: 127.0.0.1}}",
        "devices:",
        "  node: {product: generic/mqtt_json, bus: broker, topic: node/1/state, period: 5 s, watchdog: 20 s, tags: {"
        + ", ".join(f"{channel}: {tag}" for tag, channel in channels.items()) + "}}",
        *(
            f"  contacts{index}: {{product: generic/io_node, bus: line, unit: {index + 1}, tags: {{"
            + ", ".join(f"input{number + 1}: {tag}" for number, tag in enumerate(some)) + "}}"
            for index, some in enumerate(nodes)
        ),
        "tags:",
        *(f"  {tag}: {{unit: {unit!r}}}" for tag, unit in tags.items() if unit != "bool"),
        "outputs:",
        *(f"  {tag}: {OUTPUTS[kind]}" for tag, kind in wanted.items() if kind in OUTPUTS),
        more,
    ]  # fmt: skip
    return "\n".join(line for line in lines if line) + "\n"


def needs_of(preset: Preset, zones: tuple[str, ...]) -> dict[str, str]:
    """By full name, what the preset needs of it."""
    return {
        f"f1.{zone}.{point}": kind
        for short, kind in preset.needs.items()
        for word, _, point in [short.partition(".")]
        for zone in (zones if word == "zone" else (word,))
    }


def write_site(folder: Path, text: str) -> Path:
    """The site as a file."""
    path = folder / "site.yaml"
    path.write_text(text, "utf-8")
    return path
