"""The page of problems is what the code says."""

from pathlib import Path

from edge_config.problems_page import page
from foundation.messages import catalogue

PAGE = Path(__file__).parents[2] / "docs/technicians/problems.md"


def test_the_page_of_problems_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m edge_config.problems_page > docs/technicians/problems.md"


def test_no_code_is_missing_from_the_page() -> None:
    codes = {key.partition(".")[2] for key in catalogue("en") if key.startswith("problem.")}
    told = {line.split("|")[1].strip() for line in page().splitlines() if line.startswith(("| E", "| W"))}
    assert told == codes
