"""The one-pager and the figures: whole, small, equal for equal inputs, whatever the names."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mmmlib.ground import columns as c
from mmmlib.job.parts import Allocator
from mmmlib.plan.allocate import allocate
from mmmlib.report import figures, one_pager, onepager, plan as plan_panel, style
from mmmlib.report.text import short

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


@pytest.mark.parametrize(("case", "planned"), [*((case, True) for case in CASES), ("three", False)])
def test_the_page_is_whole_small_and_readable(build: Callable, case: str, planned: bool) -> None:
    figure = page_of(build, case, planned and case != "no effect")
    png = style.png(figure)
    assert len(png) < 1_000_000
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.width == 2400
    assert 1800 <= image.height <= 6000
    assert "Software" not in image.info
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    pixels = np.asarray(image.convert("L"))
    assert 0.01 < (pixels < 200).mean() < 0.5  # neither empty nor black
    assert_readable(figure)


def assert_readable(figure: Figure) -> None:
    """No text of a page that is drawn leaves it or lies on another."""
    with style.look():
        boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    width, height = figure.canvas.get_width_height()
    inside = [
        (text, box) for text, box in boxes
        if box.x0 < width and box.y0 < height and box.x1 > 0 and box.y1 > 0
    ]  # fmt: skip
    assert len(inside) > 60
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


def test_a_pdf_is_small_repeatable_and_in_vectors(build: Callable) -> None:
    files = [style.pdf(page_of(build, "one", True)) for _ in range(2)]
    assert files[0] == files[1]
    assert files[0].startswith(b"%PDF")
    assert b"/Subtype /Image" not in files[0]
    assert len(files[0]) < 400_000


def test_equal_inputs_give_equal_bytes_whatever_the_user_has_set(build: Callable) -> None:
    pages = set()
    for size in (10.0, 22.0):
        with mpl.rc_context({"font.size": size, "axes.facecolor": "red"}):
            before = dict(mpl.rcParams)
            pages.add(one_pager(*build(**CASES["one"])))
            assert dict(mpl.rcParams) == before
    assert len(pages) == 1


def test_intervals_are_those_of_the_models_own_cluster(build: Callable) -> None:
    result, job = build(**CASES["three"])
    other = result.cluster_intervals.assign(**{c.CLUSTER: 2, c.LOW: -99.0})
    both = replace(result, cluster_intervals=pd.concat([other, result.cluster_intervals]))
    shown = "\n".join(text.get_text() for text in texts(onepager.page(both, job)))
    for _, row in result.cluster_intervals.iterrows():
        assert f"[{short(row[c.LOW], 2)}, {short(row[c.HIGH], 2)}]" in shown
    assert "spread of near-best models (cluster 1)" in shown
    assert "−99" not in shown
    alone = replace(both, candidates=both.candidates.assign(**{c.CLUSTER: 0}))
    shown = "\n".join(text.get_text() for text in texts(onepager.page(alone, job)))
    assert "no interval: this model is in no cluster" in shown
    assert "[" not in shown


def test_warnings_of_the_plan_are_counted_on_the_page(build: Callable) -> None:
    result, _ = build(seed=2)
    allocation = allocate(result.channels, Allocator(), 104)
    told = replace(allocation, warnings=("a", "b"))
    assert "2 warnings (allocation_warnings.csv)" in plan_panel.summary(told, "week")
    assert "warning" not in plan_panel.summary(replace(allocation, warnings=()), "week")


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
