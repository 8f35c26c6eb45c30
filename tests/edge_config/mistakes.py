"""Mistakes to be told: those of `mistakes.txt`, made in the sample, and whole files that are none.

▸ stands where the problem has to be placed; it is taken out before the file is read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MARK = "▸"
TABLE = Path(__file__).with_name("mistakes.txt")


class Mistake(NamedTuple):
    """A change to the sample, and what has to be told of it."""

    code: str
    hint: str
    """A part of the English hint."""
    old: str
    """Stands in the sample once."""
    new: str
    at: str
    """Where the problem has to be, if not within the new text: a text that stands there once, marked."""
    also: tuple[str, ...]
    """Codes of what follows from it and is told as well."""


def _patches() -> Iterator[Mistake]:
    for block in TABLE.read_text("utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            code, _, hint = lines[0].partition("  ")
            parts = {sign: [line[2:] for line in lines[1:] if line[0] == sign] for sign in "-+@&"}
            old, new, at = ("\n".join(parts[sign]) for sign in "-+@")
            yield Mistake(code, hint, old, new, at, tuple(" ".join(parts["&"]).split()))


PATCHES = tuple(_patches())

TEXTS: tuple[tuple[str, bytes, str], ...] = (
    ("E002", "schema: 1\nname: 温室\n".encode("gbk").replace(b"name", "▸name".encode()), "UTF-8"),
    ("E003", "schema: 1\nsite:\n▸\tid: a\n".encode(), "spaces"),
    ("E005", "schema: 1\nsite: {id: a\nfacilities▸: {}\n".encode(), "bracket"),
    ("E006", ("a: " + "[" * 59 + "▸[" + "]" * 60).encode(), "no site needs that"),
    ("E006", "a: ▸&a [*a]\n".encode(), "no site needs that"),
    ("E007", "schema: ▸!!binary abc\n".encode(), "!secret NAME"),
    ("E008", "schema: 1\n? ▸[a, b]\n: 1\n".encode(), "quotes"),
    ("E009", "a: &a {b: 1}\nc: {▸<<: *a}\n".encode(), "Write the keys out"),
    ("E010", "schema: 1\n▸schema: 2\n".encode(), "Remove one"),
    ("E011", "▸- schema: 1\n".encode(), "schema: 1"),
    ("E016", "token: ▸!secret\n".encode(), "!secret influx_token"),
    ("E017", "schema: 1\nsite: 名▸\x07 {}\n".encode(), "Delete it"),
)
"""A code, a whole file and a part of the hint."""

HEAD = "schema: 1\nsite: {id: a, name: {zh: 甲, en: A}, timezone: UTC, latitude: 1, longitude: 1}\n"
ROOM = "{kind: ras, zones: [z], name: {zh: 甲, en: A}}"


def used(keys: str) -> str:
    """A greenhouse from a preset."""
    return f"{{kind: greenhouse, zones: [z], name: {{zh: 甲, en: A}}, {keys}}}"


def used_site(keys: str) -> str:
    """A whole site of one that has what its preset cannot do without."""
    tags = "tags: {f.z.air_temp: {entry: manual, unit: degC}}\n"
    return f"{HEAD}{tags}facilities: {{f: {used('use: greenhouse/tomato@1, ' + keys)}}}\n"


INCLUDES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("E011", {"site.yaml": f"{HEAD}include: [b.yaml]\n", "b.yaml": "▸[1, 2]\n"}, "begins with"),
    ("E012", {
        "site.yaml": f"{HEAD}include: [b.yaml]\nfacilities: {{f: {ROOM}}}\n",
        "b.yaml": f"facilities:\n  ▸f: {ROOM.replace('ras', 'pond')}\n",
    }, "Keep one"),
    ("E013", {"site.yaml": f"{HEAD}include: ▸b.yaml\n"}, "For example include"),
    ("E013", {"site.yaml": f"{HEAD}include: [a.yaml, ▸5]\n", "a.yaml": "tags: {}\n"}, "For example include"),
    ("E013", {"site.yaml": f"{HEAD}include: [▸\"a\\0b\"]\n"}, "For example include"),
    ("E014", {"site.yaml": f"{HEAD}include: [▸../b.yaml]\n"}, "beside or below"),
    ("E014", {"site.yaml": f"{HEAD}include: [▸site.yaml]\n"}, "beside or below"),
    ("E014", {"site.yaml": f"{HEAD}include: [b.yaml, ▸./b.yaml]\n", "b.yaml": "tags: {}\n"}, "Name each file once"),
    ("E015", {"site.yaml": f"{HEAD}include: [b.yaml, ▸c.yaml]\n", "b.yaml": "tags: {}\n"}, "large and small letters"),
    ("E015", {"site.yaml": f"{HEAD}include: [▸zones]\n", "zones/b.yaml": ""}, "large and small letters"),
    ("E018", {
        "site.yaml": f"{HEAD}include: [b.yaml]\nfacilities: {{f: {ROOM}}}\n",
        "b.yaml": "tags: {}\n▸include: [c.yaml]\n",
    }, "the site's own file"),
    ("E019", {
        "site.yaml": f"{HEAD}include: [b.yaml]\nfacilities: {{f: {ROOM}}}\nrules: []\n",
        "b.yaml": "▸rules: {a: 1}\n",
    }, "as a list in both"),
    ("E102", {
        "site.yaml": f"{HEAD}include: [b.yaml]\nfacilities: {{f: {ROOM}}}\n",
        "b.yaml": "tags: {}\n▸rule: {a: 1}\n",
    }, "mean 'rules'"),
    ("E324", {
        "site.yaml": f"{HEAD}include: [b.yaml]\nfacilities: {{f: {ROOM}}}\n",
        "b.yaml": "tags:\n  f.z.s: {integrate: ▸f.z.x, unit: kWh}\n",
    }, "mean 'f.z.s'"),
    ("E112", {"site.yaml": f"{HEAD}each: ▸5\nfacilities: {{f: {ROOM}}}\n"}, "tank in ras1"),
    ("E112", {"site.yaml": f"{HEAD}each: {{z in f: ▸5}}\nfacilities: {{f: {ROOM}}}\n"}, "programs"),
    ("E102", {"site.yaml": f"{HEAD}each: {{z in f: {{▸loop: {{}}}}}}\nfacilities: {{f: {ROOM}}}\n"}, "mean 'loops'"),
    ("E134", {"site.yaml": f"{HEAD}each: {{▸z of f: {{}}}}\nfacilities: {{f: {ROOM}}}\n"}, "tank in ras1"),
    ("E301", {"site.yaml": f"{HEAD}each: {{▸z in g: {{}}}}\nfacilities: {{f: {ROOM}}}\n"}, "mean 'f'"),
    ("E302", {"site.yaml": f"{HEAD}each: {{z in f: {{zones: [▸y]}}}}\nfacilities: {{f: {ROOM}}}\n"}, "mean 'z'"),
    ("E324", {
        "site.yaml": f"{HEAD}each: {{t in f: {{tags: {{t.s: {{integrate: ▸t.x, unit: kWh}}}}}}}}\n"
        f"facilities: {{f: {ROOM.replace('[z]', '[z, y]')}}}\n",
    }, "mean 'f.z.s'"),
    ("E460", {
        "site.yaml": f"{HEAD}each: {{t in f: {{programs: {{▸a.s: {{value: 1 K, limits: [0 K, 2 K]}}}}}}}}\n"
        f"facilities: {{f: {ROOM}}}\n",
    }, "t.air_temp"),
    ("E461", {"site.yaml": f"{HEAD}facilities: {{f: {used('use: ▸greenhouse/tomto@1')}}}\n"}, "greenhouse/tomato@1"),
    ("E462", {
        "site.yaml": f"{HEAD}facilities: {{f: {used('use: ▸greenhouse/tomato@1').replace('greenhouse,', 'ras,')}}}\n",
    }, "greenhouse"),
    ("E463", {
        "site.yaml": f"{HEAD}facilities: {{f: {used('use: ▸greenhouse/tomato@1')}}}\n"
        "tags: {f.z.air_tmp: {entry: manual, unit: degC}}\n",
    }, "mean 'f.z.air_tmp'"),
    ("E464", {"site.yaml": used_site("with: {▸dai: 20 degC}")}, "mean 'day'"),
    ("E465", {"site.yaml": used_site("with: {day: ▸20 K}")}, "quantity in degC"),
    ("E465", {"site.yaml": used_site("with: {day: ▸[1]}")}, "quantity in degC"),
    ("E466", {"site.yaml": used_site("with: {day: ▸31 degC}")}, "between them"),
    ("E467", {"site.yaml": used_site("tags: {▸zone.air_tmp: zone.t}")}, "mean 'zone.air_temp'"),
    ("E467", {"site.yaml": used_site("without: [▸zone.air_lo]")}, "mean 'zone.air_low'"),
    ("E302", {"site.yaml": used_site("use_in: [z, ▸y]")}, "mean 'z'"),
)  # fmt: skip
"""A code, the files of a folder (site.yaml is loaded) and a part of the hint."""
