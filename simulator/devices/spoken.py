"""How a product that speaks lines of text says its values: as its sample does, with the numbers of now."""

import re
from collections.abc import Mapping

from drivers.product import Channel, Product
from drivers.text import compiled


def decimals_of(product: Product) -> dict[str, int]:
    """Channel -> how many decimals it shows."""
    return {name: len(text.partition(".")[2]) for name, (_, _, text) in _places(product).items()}


def said(product: Product, values: Mapping[str, float]) -> str:
    """The sample with these raw numbers in it; channels that are not given stay as the sample has them."""
    assert product.text is not None
    line = product.text.sample
    for name, (start, end, text) in sorted(_places(product).items(), key=lambda item: -item[1][0]):
        if name in values:
            line = f"{line[:start]}{values[name]:.{len(text.partition('.')[2])}f}{line[end:]}"
    return line


def _places(product: Product) -> dict[str, tuple[int, int, str]]:
    """Channel -> where in the sample its number stands, and that number."""
    settings = product.text
    if settings is None:
        return {}
    found: dict[str, tuple[int, int, str]] = {}
    for name, channel in product.channels.items():
        start, end = _span(settings.sample, settings.pattern, settings.separator, channel)
        found[name] = (start, end, settings.sample[start:end])
    return found


def _span(sample: str, pattern: str | None, separator: str, channel: Channel) -> tuple[int, int]:
    if pattern is not None:
        match = compiled(pattern).fullmatch(sample)
        assert match is not None  # the loader refuses a sample that is not the pattern's
        return match.span(str(channel.field))
    ends = [one.start() for one in re.finditer(re.escape(separator), sample)] + [len(sample)]
    place = int(channel.field or 0)
    return (ends[place - 1] + len(separator) if place else 0), ends[place]
