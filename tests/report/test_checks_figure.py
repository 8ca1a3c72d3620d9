"""The pictures of the data checks, and annotations on the charts over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from mmmlib.data.dataset import Dataset, prepare_dataset
from mmmlib.job.parse import TrainingJob
from mmmlib.report import figures, style
from mmmlib.report.annotations import Mark, arrange
from mmmlib.report.onepager import one_pager

Build = Callable[..., Any]


def texts(figure: Figure) -> str:
    inside = [text for axes in figure.axes for text in axes.texts]
    ticks = [label for axes in figure.axes for label in axes.get_yticklabels()]
    return "\n".join(text.get_text() for text in (*figure.texts, *inside, *ticks))


def marks_of(figure: Figure) -> list[str]:
    return [t.get_text() for axes in figure.axes for t in axes.texts if t.get_gid() == "annotation"]


def lines_of(figure: Figure) -> int:
    return sum(line.get_gid() == "annotation" for axes in figure.axes for line in axes.lines)


def test_the_demo_s_checks(weekly: pd.DataFrame, job: TrainingJob) -> None:
    figure = figures.checks(prepare_dataset(weekly, job), job)
    said = texts(figure)
    for text in ("0 FAIL, 0 REVIEW", "rows per driver", "competitor_sales", "facebook"):
        assert text in said
    framed = [patch for axes in figure.axes for patch in axes.patches if not patch.get_fill()]
    assert framed == []


def test_what_is_wrong_is_marked(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = prepare_dataset(weekly, job)
    frame = dataset.frame.copy()
    frame["print_S"] = 2 * frame["tv_S"]
    frame.loc[161:, "revenue"] = 0.0
    figure = figures.checks(replace(dataset, frame=frame), job)
    assert "2 FAIL" not in texts(figure)
    assert "3 FAIL" in texts(figure)  # the pair, and both variance inflation factors
    framed = [patch for axes in figure.axes for patch in axes.patches if not patch.get_fill()]
    assert len(framed) == 2  # both halves of the matrix
    tail = [line for line in figure.axes[1].lines if line.get_marker() == "o"]
    assert [len(np.asarray(line.get_xdata())) for line in tail] == [2]


@pytest.mark.parametrize(("channels", "rows"), [(1, 1), (1, 2), (40, 60)])
def test_any_size_is_drawn(channels: int, rows: int) -> None:
    names = [f"channel <b>{i}</b> $x$" for i in range(channels)]
    rng = np.random.default_rng(0)
    dates = pd.date_range("2020-01-06", periods=rows, freq="7D")
    spend = {name: rng.gamma(1, 10, rows) for name in names}
    frame = pd.DataFrame({"d": dates, "y": rng.normal(size=rows), **spend})
    job = TrainingJob.parse(
        {"country": "de", "file": "x.csv", "date": "d", "target": "y",
         "channels": [{"name": name, "spend": name} for name in names]}
    )  # fmt: skip
    dataset = Dataset(frame, pd.DataFrame({"date": [], "holiday": []}), "week", ())
    figure = figures.checks(dataset, job)
    assert style.png(figure).startswith(b"\x89PNG")
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x1 <= width + 1, text
            assert min(box.x0, box.y0) >= -1, text
            assert box.y1 <= height + 1, text
    if channels == 40:
        assert "16 weaker ones are left out" in texts(figure)
        assert "10 smaller channels are left out" in texts(figure)


def some(dates: list[str]) -> pd.DataFrame:
    labels = [f"event {place}" for place in range(len(dates))]
    return pd.DataFrame({"date": pd.to_datetime(dates), "label": labels})


def test_annotations_within_the_dates_are_drawn(build: Build) -> None:
    result, _ = build()  # 104 weeks from 2023-01-02
    annotated = some(["2022-01-01", "2023-05-01", "2024-02-10", "2029-01-01"])
    figure = figures.fit(result, annotated)
    assert marks_of(figure) == ["event 1", "event 2"]
    assert lines_of(figure) == 2
    plain = figures.fit(result)
    assert (marks_of(plain), lines_of(plain)) == ([], 0)
    assert style.png(plain) == style.png(figures.fit(result, some([])))


def test_labels_without_room_are_counted(build: Build) -> None:
    result, _ = build()
    crowd = some([f"2023-06-{day:02d}" for day in range(1, 29)])
    figure = figures.fit(result, crowd)
    left = 28 - len(marks_of(figure))
    assert left > 0
    assert lines_of(figure) == 28
    assert f"{left} labels without room: see annotations.csv." in texts(figure)


def test_on_the_one_pager_and_the_data(
    build: Build, weekly: pd.DataFrame, job: TrainingJob
) -> None:
    result, its_job = build()
    assert one_pager(result, its_job) != one_pager(
        result, its_job, annotations=some(["2023-05-01"])
    )
    figure = figures.dataset(prepare_dataset(weekly, job), job, some(["2017-05-01"]))
    assert marks_of(figure) == ["event 0"]
    assert lines_of(figure) == 2  # on the target and on the spend


@given(
    st.lists(st.tuples(st.floats(0, 500), st.text("abc xyz", min_size=1, max_size=30))),
    st.integers(0, 5),
)
def test_labels_never_meet(marks: list[tuple[float, str]], most: int) -> None:
    placed, tiers = arrange(marks, 500.0, most)
    assert len(placed) == len(marks)
    assert tiers <= most
    shown = [mark for mark in placed if mark.tier is not None]
    for mark in shown:
        assert 0 <= mark.left <= mark.right <= 500
        assert not any(_meet(mark, other) for other in shown if other is not mark)


def _meet(one: Mark, other: Mark) -> bool:
    assert one.tier is not None
    assert other.tier is not None
    if one.tier == other.tier:
        return one.left < other.right and other.left < one.right
    return one.tier > other.tier and other.left < one.x < other.right
