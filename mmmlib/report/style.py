"""The look: colours that colour-blind readers tell apart, type sizes, boxes on a page.

Colours are those of Okabe and Ito (2008), Color Universal Design.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmmlib.report.text import labels, width

BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
ORANGE: Final = "#E69F00"
VERMILLION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
INK: Final = "#1F2933"
QUIET: Final = "#5F6B7A"  # still 4.5:1 against white
GREY: Final = "#AEB6C0"
FAINT: Final = "#E6E9ED"

ROLE_COLORS: Final = {
    "intercept": GREY,
    "prophet": SKY,
    "context": PURPLE,
    "organic": GREEN,
    "paid": BLUE,
}

SMALL: Final = 8.0  # points
BODY: Final = 9.0
TITLE: Final = 12.0
HEADLINE: Final = 17.0
DPI: Final = 150

RC: Final[dict[str, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": BODY,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": QUIET,
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


class Box(NamedTuple):
    """A rectangle on a page, in inches from its left and top edges."""

    left: float
    top: float
    width: float
    height: float

    def inset(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Box:
        """The same box without its margins."""
        return Box(
            self.left + left,
            self.top + top,
            self.width - left - right,
            self.height - top - bottom,
        )


@contextmanager
def look() -> Iterator[None]:
    """Draw and render with this look, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)  # type: ignore[arg-type]
        yield


def blank(width: float, height: float) -> tuple[Figure, Box]:
    """Return an empty figure in inches, and the box inside its margins."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure, Box(0.0, 0.0, width, height).inset(0.3, 0.25, 0.3, 0.2)


def axes(figure: Figure, box: Box) -> Axes:
    """Axes that fill a box."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (
            box.left / width,
            1 - (box.top + box.height) / height,
            box.width / width,
            box.height / height,
        )
    )


def write(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    """Write text that has been made plain at inches from the left and top."""
    width, height = figure.get_size_inches()
    style.setdefault("va", "top")
    figure.text(x / width, 1 - y / height, text, **style)


def heading(figure: Figure, box: Box, title: str, note: str = "") -> Box:
    """Write a panel's title and a line that says how to read it; return the box below."""
    write(figure, box.left, box.top, title, fontsize=TITLE, fontweight="bold")
    if note:
        write(figure, box.left, box.top + 0.24, note, fontsize=SMALL, color=QUIET)
    return below(box) if note else box.inset(top=0.32)


def below(box: Box) -> Box:
    """The box below a heading that has a note, for panels that know their note last."""
    return box.inset(top=0.52)


def rows(figure: Figure, box: Box, names: list[str], right: float) -> Axes:
    """Axes with one row a name, the first at the top, and ``right`` inches left free."""
    shown = labels(names, 2.1 * 72, BODY)
    gutter = max(width(name, BODY) for name in shown) / 72 + 0.13
    axes_ = axes(figure, box.inset(left=gutter, right=right, top=0.2, bottom=0.3))
    _row_ticks(axes_, shown)
    return axes_


def inches_wide(axes: Axes) -> float:
    """Width of the axes in inches."""
    figure = axes.get_figure()
    assert figure is not None
    return float(axes.get_position().width * figure.get_size_inches()[0])  # type: ignore[union-attr]


def beside(axes: Axes, row: float, inches: float, text: str, **look: Any) -> None:
    """Write text that ends ``inches`` right of the axes, at the height of a row."""
    look = {"ha": "right", "va": "center", "fontsize": BODY, **look}
    axes.annotate(
        text, (1, row), (72 * inches, 0), xycoords=axes.get_yaxis_transform(),
        textcoords="offset points", **look,
    )  # fmt: skip


def _row_ticks(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, pad=6, labelsize=BODY)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def png(figure: Figure) -> bytes:
    """Render without a date or a version, so that equal figures are equal bytes.

    256 colours are enough for charts, and make the file a third of the size. The octree is four
    times as fast as a median cut but rounds white, which is put right.
    """
    with look():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).convert("RGB").quantize(
        256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )  # fmt: skip
    palette, corner = image.getpalette() or [], int(np.asarray(image)[0, 0])
    palette[3 * corner : 3 * corner + 3] = [255, 255, 255]  # the corner is always background
    image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=6, dpi=(DPI, DPI))
    return buffer.getvalue()


def pdf(figure: Figure) -> bytes:
    """Render as vectors, without a date, so that equal figures are equal bytes."""
    buffer = io.BytesIO()
    with look():
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Producer": None})
    return buffer.getvalue()
