"""A line of text is the product's from its first to its last character, or it is no value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.product import Product, load_product, product_names
from drivers.text import decode_line
from foundation.reading import Reason

TEXT_PRODUCTS = [load_product(name) for name in product_names() if load_product(name).text is not None]


def product(text: dict[str, Any], **channels: dict[str, Any]) -> Product:
    return Product.model_validate(
        {
            "id": "t/t", "name_zh": "", "name_en": "", "protocol": "ascii", "sources": ["t"], "confidence": "generic",
            "text": text, "channels": channels,
        }
    )  # fmt: skip


def only(name: str, line: bytes) -> object:
    found = decode_line(load_product(name), line)
    return None if found is None else next(iter(found.values()))


@pytest.mark.parametrize(
    ("name", "line", "decoded"),
    [
        # the makers' own examples; sources in the product files
        ("atlas/ezo_ph", b"9.560", (9.56, None)),
        ("atlas/ezo_do", b"7.82", (7.82, None)),
        ("atlas/ezo_rtd", b"-126.000", (-126.0, None)),
        ("atlas/ezo_orp", b"-1019.9", (-1019.9, None)),
        ("atlas/ezo_ec", b"1413", (1.413, None)),
        ("atlas/ezo_ph", b"14.001", (14.001, Reason.RANGE)),
        ("atlas/ezo_ph", b"0.000", (0.0, Reason.RANGE)),
        ("atlas/ezo_rtd", b"-1023.000", (-1023.0, Reason.RANGE)),
        # half a line, two lines in one, another circuit's, a code, words, other alphabets
        ("atlas/ezo_ph", b"9.56", None),
        ("atlas/ezo_ph", b".560", None),
        ("atlas/ezo_ph", b"9560", None),
        ("atlas/ezo_ph", b"9.5609.560", None),
        ("atlas/ezo_ph", b"9.560,25.1", None),
        ("atlas/ezo_ph", b"*OK", None),
        ("atlas/ezo_ph", b"nan", None),
        ("atlas/ezo_ph", b"1e1", None),
        ("atlas/ezo_ph", "٩.٥٦٠".encode(), None),
        ("atlas/ezo_ph", b"9.56\xb0", None),
        ("atlas/ezo_ec", b"1413,706,0.70,1.000", None),
        ("generic/ascii_probe", b"1.5,2,3", None),
        ("generic/ascii_probe", b"1.5,2,3,4,5", None),
        ("generic/ascii_probe", b"1.5,2,x,4", None),
        ("generic/ascii_probe", b"1.5,2,,4", None),
        ("generic/ascii_probe", b" 1.5, 2, 3, 4 ", (1.5, None)),
        ("generic/ascii_probe", b"-9999,2,3,4", (None, Reason.SENTINEL)),
    ],
)
def test_a_line_means_what_the_product_says_and_nothing_else(name: str, line: bytes, decoded: object) -> None:
    assert only(name, line) == decoded


def test_words_where_the_pattern_allows_them_are_no_value() -> None:
    probe = product(
        {"sample": "T=21.5 H=OVER", "pattern": r"T=(?P<t>\d+\.\d) H=(?P<h>\d+\.\d|OVER)"},
        temperature={"field": "t"}, humidity={"field": "h"},
    )  # fmt: skip
    assert decode_line(probe, b"T=21.5 H=OVER") == {"temperature": (21.5, None), "humidity": (None, Reason.SENTINEL)}
    assert decode_line(probe, b"T=21.5 H=55.2") == {"temperature": (21.5, None), "humidity": (55.2, None)}


@pytest.mark.parametrize("one", TEXT_PRODUCTS, ids=[one.id for one in TEXT_PRODUCTS])
@given(cut=st.integers(0, 60), stray=st.binary(min_size=1, max_size=4).filter(lambda b: not b.strip(b" ").isdigit()))
def test_of_a_sample_that_lost_its_end_or_got_noise_no_wrong_number_is_left(
    one: Product, cut: int, stray: bytes
) -> None:
    assert one.text is not None
    line = one.text.sample.encode()
    good = decode_line(one, line)
    assert good is not None
    place = cut % (len(line) + 1)
    noisy = decode_line(one, line[:place] + stray + line[place:])
    assert noisy is None or noisy == good or set(stray) <= set(b"0123456789.+- ,")
    begun = decode_line(one, line[: place % len(line)])
    # where the maker prints a fixed number of decimals, half a number is none
    assert begun is None or one.id in ("atlas/ezo_ec", "generic/ascii_probe")


@given(st.binary(max_size=60))
def test_noise_alone_is_no_ph(noise: bytes) -> None:
    found = decode_line(load_product("atlas/ezo_ph"), noise)
    assert found is None or noise.strip(b" ").replace(b".", b"").isdigit()


@pytest.mark.parametrize(
    ("text", "channel", "words"),
    [
        ({"sample": "1.5"}, {"field": 1}, "needs a field from 0 to 0"),
        ({"sample": "1.5"}, {}, "needs a field from 0 to 0"),
        ({"sample": "1.5", "pattern": "(?P<t>"}, {"field": "t"}, "text.pattern"),
        ({"sample": "1.5C", "pattern": r"(?P<t>\d\.\d)"}, {"field": "t"}, "does not match the whole of the sample"),
        ({"sample": "1.5", "pattern": r"(?P<t>\d\.\d)"}, {"field": "h"}, "one of the pattern's groups: t"),
        ({"sample": "1.5"}, {"field": 0, "access": "read_write"}, "carries numbers to read"),
        ({"sample": "1.5"}, {"field": 0, "kind": "bool"}, "carries numbers to read"),
    ],
)
def test_a_product_whose_line_cannot_be_read_does_not_load(
    text: dict[str, Any], channel: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        product(text, t=channel)


def test_only_what_speaks_text_has_text() -> None:
    with pytest.raises(ValidationError, match="protocols ezo and ascii need `text`"):
        Product.model_validate(
            {
                "id": "t/t", "name_zh": "", "name_en": "", "protocol": "ezo", "sources": ["t"],
                "confidence": "generic", "channels": {"v": {"field": 0}},
            }
        )  # fmt: skip
