"""Numbers and names on the page."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st
from matplotlib.cbook import is_math_text

from mmmlib.report.text import labels, percent, plain, short, shortened, width, wrapped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_234_567, "1.23 M"),
        (-45_600, "−45.6 k"),
        (999.6, "1 k"),
        (950, "950"),
        (12.04, "12"),
        (0.01234, "0.0123"),
        (2e9, "2 bn"),
        (3e-7, "3.00e−07"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_short(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("share", "signed", "text"),
    [
        (0, False, "0 %"),
        (0.1234, False, "12 %"),
        (0.01234, False, "1.2 %"),
        (-0.5, True, "−50 %"),
        (0.2, True, "+20 %"),
        (-1e-9, True, "0.0 %"),
        (math.nan, True, "–"),
    ],
)
def test_percent(share: float, signed: bool, text: str) -> None:
    assert percent(share, signed).replace("\u00a0", " ") == text


@given(st.floats(-1e300, 1e300))
def test_short_is_short_and_close(value: float) -> None:
    text = short(value)
    assert len(text) <= 12
    scale = {"k": 1e3, "M": 1e6, "bn": 1e9, "T": 1e12}
    number, _, suffix = text.replace("−", "-").partition(" ")
    assert float(number) * scale.get(suffix, 1) == pytest.approx(value, rel=6e-3)


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=80))
def test_plain_text_is_never_a_formula_and_has_only_known_letters(text: str) -> None:
    shown = plain(text)
    assert not is_math_text(shown)
    width(text, 9)  # warns, and so fails, about a letter the font lacks


def test_emoji_and_joiners_become_boxes() -> None:
    assert plain("a 🚀 b") == "a ▯ b"
    assert plain("👩\u200d💻") == "▯▯"
    assert plain("cash $ & $ more") == r"cash \$ & \$ more"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=4, max_size=60))
def test_shortened_fits_and_keeps_both_ends(name: str) -> None:
    label = shortened(name, 90, 9)
    seen = label.replace(r"\$", "$")
    assert width(seen, 9) <= 90 or len(seen) <= 3
    if "…" in seen and "…" not in name:
        assert plain(name).replace(r"\$", "$")[0] == seen[0]


def test_labels_stay_different() -> None:
    names = [f"a very long beginning {i} and a very long end" for i in range(30)]
    shown = labels(names, 60, 9)
    assert len(set(shown)) == 30
    assert all(width(label, 9) <= 62 for label in shown)


def test_wrapped_keeps_all_words() -> None:
    text = "radio is the most efficient channel, 59\u00a0% of effect"
    lines = wrapped(text, 120, 9)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(width(line, 9) <= 120 for line in lines)
