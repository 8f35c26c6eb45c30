"""Lines of text without a wire: what a probe's line means for a product's channels. Pure.

There is no check sum in such a line. What does not look from its first to its last character as the product's file says
is no value; a digit that noise turned into another digit cannot be told from a true one.
"""

import re
from functools import cache
from math import isfinite

from drivers.codec import Decoded
from drivers.product import Channel, Product
from foundation.reading import Reason

NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,12})?")
"""What a number may look like; no exponents, no bare point, no spaces inside."""


def decode_line(product: Product, line: bytes) -> dict[str, Decoded] | None:
    """Every channel's value in a line without its end, or why it has none; None for a line that is not the product's.

    A number that a channel's `sentinels` name, or words in place of a number where the file has a pattern for both,
    are "no value".
    """
    found = split_line(product, line)
    if found is None:
        return None
    return {name: _decode(product.channels[name], text) for name, text in found.items()}


def split_line(product: Product, line: bytes) -> dict[str, str] | None:
    """Channel -> its text in the line; None for a line that is not the product's."""
    try:
        text = line.decode("ascii").strip(" ")
    except UnicodeDecodeError:
        return None
    settings = product.text
    assert settings is not None  # the loader refuses a product of text without it
    if settings.pattern is not None:
        match = compiled(settings.pattern).fullmatch(text)
        if match is None:
            return None
        return {name: match[str(channel.field)] for name, channel in product.channels.items()}
    parts = [part.strip(" ") for part in text.split(settings.separator)]
    if len(parts) != len(settings.sample.split(settings.separator)):
        return None
    found = {name: parts[int(channel.field or 0)] for name, channel in product.channels.items()}
    # a line with something else than numbers in it is not half believed
    return found if all(NUMBER.fullmatch(part) for part in parts) else None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """ASCII only: \\d is 0 to 9."""
    return re.compile(pattern, re.ASCII)


def _decode(channel: Channel, text: str) -> Decoded:
    if not NUMBER.fullmatch(text):
        return None, Reason.SENTINEL
    raw = float(text)
    if raw in channel.sentinels:
        return None, Reason.SENTINEL
    value = raw * channel.scale + channel.offset
    if not isfinite(value):
        return None, Reason.NOT_FINITE
    if channel.range is not None and not channel.range[0] <= value <= channel.range[1]:
        return value, Reason.RANGE
    return value, None
