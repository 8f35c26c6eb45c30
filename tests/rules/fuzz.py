"""Rule text that nobody would write: half random, half mutated from rules that mean something."""

import random
from collections.abc import Iterator

PIECES = (
    "gh.bay.air", "gh.bay.rh", "gh.bay.door", "gh.bay.mode", "zone.air", "gh", ".", "..", "__class__",
    "__import__", "'20 degC'", "'5 min'", "'22:00'", "'6.0 mg/L'", "'1e308 m/s'", "'auto'", "\"", "'", "1", "0",
    "-1", "1e308", "1e-320", "9" * 400, "0x1f", "1_000", "True", "None", "and", "or", "not", "in", "is", "if",
    "else", "lambda", "await", "yield", "for", "+", "-", "*", "/", "**", "//", "%", "@", "<", "<=", ">", ">=",
    "==", "!=", "<<", "~", "&", "|", ":=", "(", ")", "[", "]", "{", "}", ",", ":", ";", "\\", "\n", "\t",
    "\x00", "#", "é", "温", "\u2028", "f'{gh.bay.air}'", "b'x'", "...", "avg(", "min(", "max(", "rate(", "age(",
    "quality(", "time_between(", "sun_elevation()", "line(", "clamp(", "hyst(", "rising(", "count_true(",
    "vpd(", "nh3(", "abs(", "open(", "eval(", "exec(", "print(", "getattr(", "9**9**9",
)  # fmt: skip
SEEDS = (
    "gh.bay.air < '20 degC' and not gh.bay.door",
    "avg(gh.bay.air, '5 min') - gh.bay.air > '2 K' or rising(gh.bay.door)",
    "vpd(gh.bay.air, gh.bay.rh) > '0.8 kPa' and time_between('22:00', '06:00')",
    "hyst(gh.bay.rh, '90 %', '80 %') or count_true(gh.bay.door, gh.bay.rain, gh.bay.mode == 'auto') >= 2",
    "line(gh.bay.rh, '50 %', '60 %', '0 K', '2 K') > '1 K'",
    "rate(gh.bay.air, '10 min') < '-1 K/h' and sun_elevation() > 5",
    "avg(gh.bay.rh > '90 %' and not gh.bay.door, '24 h') < 16 / 24",
)
DEEP = ("(", "not ", "-", "rising(", "abs(", "gh.", "[", "{", "f'{", "lambda: ", "min(1, ")


def inputs(count: int, seed: int) -> Iterator[str]:
    """So many texts, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        match chance.randrange(6):
            case 0:
                yield "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 30)))
            case 1:
                yield " ".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 60)))
            case 2:
                yield "".join(chr(chance.randrange(1, 0x3000)) for _ in range(chance.randrange(1, 80)))
            case 3:
                yield chance.choice(DEEP) * chance.randrange(1, 3000) + chance.choice(SEEDS)
            case _:
                yield _mutated(chance, chance.choice(SEEDS))


SHORT = {"a": "gh.bay.air", "d": "gh.bay.door", "e": "gh.bay.rain", "h": "gh.bay.rh", "m": "gh.bay.mode"}
"""Names of one letter, for as much as possible in 200 parts."""
LEAVES = (
    "d", "e", "d", "e", "a < '5 degC'", "a > '30 degC'", "h > '90 %'", "m == 'auto'", "m != 'x'", "rising(d)",
    "max(a, '5 min') > '20 degC'", "max(a, '1 h') < '9 degC'", "a > avg(a, '5 min')", "time_between('22:00', '06:00')",
    "count_true(d, e) >= 2", "hyst(h, '90 %', '80 %')", "avg(h > '90 %', '24 h') < 0.6", "avg(d, '1 h') > 0.5",
)  # fmt: skip


def conditions(count: int, seed: int) -> Iterator[str]:
    """So many conditions that mean something, of up to 200 parts: the dearest to look into that can be written."""
    chance = random.Random(seed)
    for _ in range(count):
        leaf = chance.choice((LEAVES[:2], LEAVES[:4], LEAVES))
        size = chance.choice((4, 12, 30, 48))
        match chance.randrange(4):
            case 0:
                yield _nested(chance, leaf, size)
            case 1:
                groups = [f"({chance.choice(leaf)} or {chance.choice(leaf)})" for _ in range(size // 2)]
                yield " and ".join([*groups, "d", "not d"][: chance.choice((None, -1, -2))])
            case 2:
                text = chance.choice(leaf)
                for _ in range(size):
                    text = f"({chance.choice(leaf)}) {chance.choice(('==', '!='))} ({text})"
                yield text
            case _:
                groups = [f"({chance.choice(leaf)} and {chance.choice(leaf)})" for _ in range(size // 2)]
                yield f"not ({' or '.join(groups)})"


def _nested(chance: random.Random, leaf: tuple[str, ...], size: int) -> str:
    if size <= 1:
        return f"({chance.choice(leaf)})"
    part = chance.randrange(1, size)
    word = chance.choice(("and", "or", "and", "or", "==", "!="))
    text = f"({_nested(chance, leaf, part)} {word} {_nested(chance, leaf, size - part)})"
    return f"(not {text})" if chance.random() < 0.2 else text


def _mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(text) + 1)
        end = min(at + chance.randrange(6), len(text))
        text = text[:at] + chance.choice((chance.choice(PIECES), "", text[at:end] * 2)) + text[end:]
    return text
