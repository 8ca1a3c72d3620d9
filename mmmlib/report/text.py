"""Numbers and names as a reader expects them, in the letters the font has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

MISSING = "–"
_UNKNOWN_LETTER = "▯"
_SUFFIXES = ((1e12, " T"), (1e9, " bn"), (1e6, " M"), (1e3, " k"))


def short(value: float, digits: int = 3) -> str:
    """Write a number with a suffix: 1234567 as ``1.23 M``; a dash where there is none.

    Parameters
    ----------
    value
        Any float.
    digits
        Significant digits.
    """
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    scale, suffix = next(((s, t) for s, t in _SUFFIXES if abs(rounded) >= s), (1.0, ""))
    scaled = rounded / scale
    if abs(scaled) >= 1e4 or abs(scaled) < 1e-4:
        return f"{scaled:.{digits - 1}e}".replace("-", "−") + suffix
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(scaled))))
    text = f"{scaled:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−") + suffix


def tick(value: float, position: object = None) -> str:
    """``short`` for the ticks of an axis."""
    return short(value)


def percent(share: float, signed: bool = False) -> str:
    """Write a share: 0.123 as ``12 %``, 0.012 as ``1.2 %``."""
    if not math.isfinite(share):
        return MISSING
    value = 100 * share
    if value == 0:
        return "0\u00a0%"
    text = f"{value:.0f}" if abs(value) >= 9.95 else f"{value:.1f}"
    if float(text) == 0:
        text = text.lstrip("-")
    elif signed and value > 0:
        text = "+" + text
    return text.replace("-", "−") + "\u00a0%"


def plain(text: str) -> str:
    """Replace what the font has no letter for, and keep ``$`` from starting a formula."""
    known = _letters()
    seen = "".join(
        letter if ord(letter) in known else _UNKNOWN_LETTER
        for letter in " ".join(text.split())
        if letter not in "\u200d\ufe0f"  # joiners inside an emoji
    )
    return seen.replace("$", r"\$")


def shortened(text: str, points: float, size: float) -> str:
    """Cut the middle of a name so that it is at most ``points`` wide at a font size.

    Both ends stay: names of channels often differ only there.
    """
    if width(text, size) <= points:
        return plain(text)
    keep = len(text) - 1
    while keep > 2 and width(_cut(text, keep), size) > points:
        keep -= 1
    return plain(_cut(text, keep))


def labels(names: Sequence[str], points: float, size: float) -> list[str]:
    """Shortened names that still differ from each other."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        label = shortened(name, points, size)
        seen[label] = seen.get(label, 0) + 1
        if seen[label] > 1:
            mark = f" ·{seen[label]}"
            room = points - width(mark, size) - size / 2  # the space before the dot
            label = shortened(name, room, size) + mark
        result.append(label)
    return result


def wrapped(text: str, points: float, size: float) -> list[str]:
    """Break a sentence into lines of at most ``points``, words kept whole; not made plain.

    A no-break space does not break: shares keep their percent sign.
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= points:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(text: str, keep: int) -> str:
    tail = keep // 2
    return text[: keep - tail] + "…" + text[len(text) - tail :]


def width(text: str, size: float) -> float:
    """Width of a line of text in points."""
    font = _font()
    font.set_size(size, 72.0)
    font.set_text(plain(text).replace(r"\$", "$"), 0.0)
    return float(font.get_width_height()[0]) / 64


@cache
def _font() -> FT2Font:
    """DejaVu Sans, which comes with matplotlib: the same page on every machine."""
    return FT2Font(font_manager.findfont("DejaVu Sans"))


@cache
def _letters() -> frozenset[int]:
    return frozenset(_font().get_charmap())
