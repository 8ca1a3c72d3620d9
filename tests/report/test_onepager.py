"""The one-pager and the figures: whole, small, equal for equal inputs, whatever the names."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mmmlib import columns as c
from mmmlib.allocate import allocate
from mmmlib.job_parts import Allocator
from mmmlib.report import figures, one_pager, onepager, style

STRANGE = [
    "$cash$ & $more$",
    "a_b^{c}\\frac",
    "<html>&amp; <b>bold</b>",
    "emoji 🚀👩\u200d💻 rocket",
    "日本語のチャンネル",
    "W" * 60,
]
CASES = {
    "three": {"seed": 3},
    "six, held out": {"names": list("abcdef"), "held_out": True},
    "one": {"names": ["only"], "organic": (), "context": ()},
    "twenty-five": {"names": [f"channel_{i}_" + "x" * 50 for i in range(25)], "dead": 3},
    "strange": {"names": STRANGE, "target_type": "conversion", "negative": 2, "dead": 1,
                "target": "$ales 🚀", "currency": 1e-3},
    "no effect": {"dead": 3},
}  # fmt: skip


def page_of(build: Callable, case: str, planned: bool) -> Figure:
    result, job = build(**CASES[case])
    plan = allocate(result.channels, Allocator(), 104, job.target_type) if planned else None
    return onepager.page(result, job, plan)


def texts(figure: Figure) -> list[Text]:
    """Texts that are drawn: matplotlib also keeps labels of ticks beyond the ends of an axis."""
    hidden: set[Text] = set()
    for axes in figure.axes:
        for place, (axis, ends) in enumerate(
            [(axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())]
        ):
            for label in axis.get_ticklabels():
                if not min(ends) <= label.get_position()[place] <= max(ends):
                    hidden.add(label)
    every = figure.findobj(Text)
    return [text for text in every if text.get_text() and text.get_visible() and text not in hidden]


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_a_small_wide_png(build: Callable, case: str) -> None:
    result, job = build(**CASES[case])
    plan = allocate(result.channels, Allocator(), 104) if case != "no effect" else None
    png = one_pager(result, job, plan)
    assert len(png) < 1_000_000
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.width == 2400
    assert 1800 <= image.height <= 6000
    assert "Software" not in image.info
    pixels = np.asarray(image.convert("L"))
    assert 0.01 < (pixels < 200).mean() < 0.5  # neither empty nor black


def test_equal_inputs_give_equal_bytes(build: Callable) -> None:
    pages = set()
    for size in (10.0, 22.0):  # whatever the user's own settings are
        with mpl.rc_context({"font.size": size, "axes.facecolor": "red"}):
            pages.add(one_pager(*build(seed=5)))
    assert len(pages) == 1


def test_settings_of_the_user_are_left_alone(build: Callable) -> None:
    before = dict(mpl.rcParams)
    one_pager(*build())
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("case", ["three", "six, held out", "twenty-five", "strange"])
def test_no_text_leaves_the_page_or_lies_on_another(
    build: Callable, case: str, planned: bool
) -> None:
    figure = page_of(build, case, planned)
    with style.look():
        figure.canvas.draw()
        boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    width, height = figure.canvas.get_width_height()
    inside = [
        (text, box) for text, box in boxes
        if box.x0 < width and box.y0 < height and box.x1 > 0 and box.y1 > 0
    ]  # fmt: skip
    for text, box in inside:
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text
    names = [(t, b) for t, b in inside if not re.fullmatch(r"[−\d.,]+( ?[kMT]| bn)?", t)]
    for place, (text, box) in enumerate(names):
        for other_text, other in names[place + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            tall = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert wide <= 2 or tall <= 3, (text, other_text)


def test_the_page_says_what_the_tables_say(build: Callable) -> None:
    figure = page_of(build, "six, held out", True)
    result, _ = build(**CASES["six, held out"])
    shown = [text.get_text() for text in texts(figure)]
    errors = result.errors()
    for value in (errors[c.RSQ_TEST], errors[c.NRMSE_TEST], errors[c.DECOMP_RSSD]):
        assert f"{value:.3f}" in shown
    assert any(result.best in text for text in shown)
    assert any("104 weeks" in text for text in shown)
    assert {"validation", "test", "ROAS"} <= set(shown)


def test_conversions_are_cpa(build: Callable) -> None:
    shown = [text.get_text() for text in texts(page_of(build, "strange", False))]
    assert "CPA" in shown
    assert not any("ROAS" in text for text in shown)


def test_dollars_are_shown_and_letters_the_font_lacks_are_boxes(build: Callable) -> None:
    shown = [text.get_text() for text in texts(page_of(build, "strange", True))]
    assert r"\$cash\$ & \$more\$" in shown
    assert "<html>&amp; <b>bold</b>" in shown
    assert "emoji ▯▯▯ rocket" in shown


@pytest.mark.parametrize(
    "draw",
    [
        figures.fit,
        figures.residuals,
        figures.shares,
        figures.decomposition,
        figures.carryover,
        figures.response_curves,
        figures.candidates,
        figures.convergence,
    ],
)
def test_each_figure_stands_alone(build: Callable, draw: Callable) -> None:
    result, _ = build(seed=2, dead=1, negative=1, held_out=True)
    figure = draw(result)
    assert isinstance(figure, Figure)
    assert len(style.png(figure)) > 10_000


def test_allocation_figure_says_the_lift(build: Callable) -> None:
    result, _ = build(seed=2)
    plan = allocate(result.channels, Allocator(), 104)
    figure = figures.allocation(plan, "week")
    lift = plan.metrics().set_index(c.METRIC)[c.LIFT_PERCENT]["response_per_period"]
    wanted = f"+{lift:.0f}\u00a0%" if lift >= 9.95 else f"+{lift:.1f}\u00a0%"
    assert any(wanted in text.get_text() for text in texts(figure))
