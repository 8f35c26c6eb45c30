"""The documents: what they show runs, what they name exists, and what exists is named."""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

from controller.cli import app
from drivers.payload import decode_message
from drivers.product import Channel, Product, Watchdog, load_product, product_names
from edge_config.loader import load_site
from edge_config.model.control import RuleEffect
from edge_config.model.values import Frozen
from edge_config.preset_library import preset_names
from foundation.reading import Quality
from rules.functions import FUNCTIONS, GAUGES

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SITE_PAGES = [ROOT / "docs/technicians/site-file.md", ROOT / "docs/technicians/site-file.zh.md"]
DEVICES = ROOT / "docs/technicians/devices.md"
README = ROOT / "README.md"
NOT_WRITTEN = {"DayTime"}
"""What a text in a site file becomes, never a mapping in it."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def yaml_blocks(page: Path) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def headings(page: Path) -> set[str]:
    """The anchors of a page, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{named(page)} links to {target}"
        assert not anchor or anchor in headings(place), f"{named(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_knows_the_machine_that_it_was_written_on(page: Path) -> None:
    assert re.findall(r"/work\b|/tmp/|/root\b|/home/\w+", page.read_text("utf-8")) == []


def test_the_smallest_site_of_the_readme_loads_without_a_warning(tmp_path: Path) -> None:
    _, after = README.read_text("utf-8").split("<!-- smallest site -->")
    site = tmp_path / "my-farm.yaml"
    site.write_text(after.split("```yaml\n")[1].split("```")[0], "utf-8")
    assert load_site(site).warnings == ()


@pytest.mark.parametrize("page", SITE_PAGES, ids=named)
def test_the_examples_of_the_site_file_make_a_site_together(page: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("\n".join(yaml_blocks(page)), "utf-8")
    assert load_site(site).warnings == ()


def test_both_languages_show_the_same_examples() -> None:
    english, chinese = SITE_PAGES
    assert yaml_blocks(english) == yaml_blocks(chinese)


def models() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    for name in (
        "values", "control", "recipes", "sequences", "strategies", "feeding", "estimates", "outputs", "sinks", "site",
    ):  # fmt: skip
        module = importlib.import_module(f"edge_config.model.{name}")
        found += [
            one
            for one in vars(module).values()
            if isinstance(one, type) and issubclass(one, Frozen) and one.__module__ == module.__name__
        ]
    return found


@pytest.mark.parametrize("page", SITE_PAGES, ids=named)
def test_every_key_of_a_site_file_is_documented(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"\w+", " ".join([*re.findall(r"`([^`]+)`", prose), *yaml_blocks(page)])))
    keys = {
        field.alias or name
        for model in models()
        if model.__name__ not in NOT_WRITTEN
        for name, field in model.model_fields.items()
    }
    assert len(keys) > 80
    assert sorted(keys - words) == []
    assert sorted(FUNCTIONS.keys() - words) == []


@pytest.mark.parametrize("page", [ROOT / "docs/technicians/rules.md", ROOT / "docs/technicians/rules.zh.md"], ids=named)
def test_every_function_and_effect_of_a_rule_is_documented(page: Path) -> None:
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", page.read_text("utf-8")))))
    assert sorted({*FUNCTIONS, *GAUGES} - words) == []
    assert sorted(set(RuleEffect.model_fields) - words) == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs/technicians").glob("presets*.md")), ids=named)
def test_every_preset_is_told_of(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [name for name in preset_names() if f"`{name}`" not in text] == []


def test_every_command_is_documented() -> None:
    commands = typer.main.get_command(app)
    text = " ".join(page.read_text("utf-8") for page in PAGES if page.name != "CHANGELOG.md")
    visible = [name for name, command in vars(commands)["commands"].items() if not command.hidden]
    assert {"demo", "run", "check"} <= set(visible)
    assert [name for name in visible if f"farmloop {name}" not in text] == []


def test_every_command_that_a_page_names_exists() -> None:
    commands = vars(typer.main.get_command(app))["commands"]
    for page in PAGES:
        if page.parent.name == "decisions":
            continue  # what was decided then
        for name in re.findall(r"(?:^|`|bin/)farmloop ([a-z]+)", page.read_text("utf-8"), re.MULTILINE):
            assert name in commands, f"{named(page)} names farmloop {name}"


def test_every_product_of_the_library_is_listed_with_its_protocol() -> None:
    rows = {row.split("`")[1]: row for row in DEVICES.read_text("utf-8").splitlines() if row.startswith("| `")}
    for name in product_names():
        product = load_product(name)
        assert name in rows, f"{name} is not in {named(DEVICES)}"
        assert product.confidence in rows[name]
        assert ("none" in rows[name]) is (product.watchdog is None and product.protocol != "mqtt_json")


def test_the_product_to_copy_is_a_product() -> None:
    (block,) = yaml_blocks(DEVICES)
    product = Product.model_validate({"id": "some/probe", **yaml.safe_load(block)})
    assert product.channels["moisture"].address == 0


def test_every_key_of_the_library_is_documented() -> None:
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", DEVICES.read_text("utf-8")))))
    words |= set(re.findall(r"\w+", " ".join(yaml_blocks(DEVICES))))
    keys = {key for model in (Product, Channel, Watchdog) for key in model.model_fields} - {"id"}
    assert sorted(keys - words) == []


def test_the_mqtt_messages_to_copy_are_understood() -> None:
    state, command, answer, value = (
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", DEVICES.read_text("utf-8"), re.DOTALL)
    )
    node, uns = load_product("generic/mqtt_json"), load_product("generic/mqtt_uns")
    now_s = state["t"] / 1000
    said = decode_message(node, {key: key for key in ("fed_grams", "feeder")}, json.dumps(state).encode(), now_s)
    assert [(reading.value, reading.quality) for reading in said.readings] == [
        (5120.0, Quality.GOOD),
        (False, Quality.GOOD),
    ]
    assert command["id"] == answer["id"]
    assert command["values"] == answer["values"]
    assert decode_message(uns, {"v": "v"}, json.dumps(value).encode(), now_s).readings[0].value == 21.5


def test_every_promise_is_in_the_readme_with_a_test_that_exists() -> None:
    promised = re.findall(r"^\| P(\d+) \| .* \| `(test_p\d+_\w+)` \|$", README.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in promised] == list(range(1, 11))
    tests = (ROOT / "tests/test_promises.py").read_text("utf-8")
    missing = [name for number, name in promised if not re.search(rf"def {name}\w*\(", tests)]
    assert missing == []


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda page: page.stem[:4])
def test_every_decision_says_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text("utf-8")
    for heading in ("Context", "Decision", "Consequences"):
        assert re.search(rf"^#+ {heading}$", text, re.MULTILINE), f"{page.name} has no {heading}"
