"""The best split over curves of any shape, one a channel, with a bound on what is better.

Each curve is read at :data:`KNOTS` spends with its slope, and is a cubic between them. Its least
concave curve above it makes the problem convex: taking the steepest pieces first solves it, and
bounds every plan. Where a plan stands inside a piece that the curve lies below, the channel's
range is cut there and both halves are tried, the more promising one first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mmmlib.model import FloatArray

if TYPE_CHECKING:
    from scipy.interpolate import CubicHermiteSpline

KNOTS = 33
POINTS = 1025  # a channel, at which the pieces meet
MOST_SPLITS = 60
ENOUGH = 1e-7  # relative gap


class Split(NamedTuple):
    """Spend (n,) and the response that no plan exceeds."""

    spend: FloatArray
    bound: float


class Separable:
    """Curves of ``n`` channels between two spends each.

    Parameters
    ----------
    respond : callable
        Response and marginal response (n,) of spends (n,).
    low, high : array, shape (n,)
    """

    def __init__(
        self,
        respond: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        from scipy.interpolate import CubicHermiteSpline

        at = np.linspace(0.0, 1.0, KNOTS) ** 2  # closer where curves bend
        knots = low + at[:, None] * (high - low)
        read = [respond(spend) for spend in knots]
        self.grid = low + np.linspace(0.0, 1.0, POINTS)[:, None] * (high - low)
        self.values = np.empty_like(self.grid)
        self.cubics: list[CubicHermiteSpline | None] = []
        values, slopes = (np.array(figures) for figures in zip(*read, strict=True))
        for i in range(low.size):
            if high[i] <= low[i]:
                self.values[:, i] = values[0, i]
                self.cubics.append(None)
                continue
            slope = slopes[:, i].copy()
            if not np.isfinite(slope[0]):
                slope[0] = 2 * (values[1, i] - values[0, i]) / (knots[1, i] - knots[0, i])
            cubic = CubicHermiteSpline(knots[:, i], values[:, i], slope)
            self.values[:, i] = cubic(self.grid[:, i])
            self.cubics.append(cubic)

    def best(self, budget: float | None, least: float = 0.0) -> Split | None:
        """Most response for a budget, or else at a response per money of at least ``least``.

        Returns
        -------
        Split or None
            ``None`` where nothing within the ranges reaches ``least``.
        """
        n = self.grid.shape[1]
        first = [(0, POINTS - 1)] * n
        begun = self._relaxed(first, budget, least)
        if begun is None:
            return None
        best, value = begun.spend, self._value(begun, budget, least)
        heap, count = [(-begun.bound, 0, first, begun)], 0
        bound = begun.bound
        while heap and count < MOST_SPLITS:
            minus, _, ranges, relaxed = heapq.heappop(heap)
            bound = -minus
            if bound - value <= ENOUGH * abs(value):
                break
            short = relaxed.above - relaxed.below
            i = int(np.argmax(short))
            if short[i] <= 0:
                continue
            for part in self._halves(ranges, relaxed, i):
                found = self._relaxed(part, budget, least)
                if found is None:
                    continue
                made = self._value(found, budget, least)
                if made > value:
                    best, value = found.spend, made
                if found.bound > value:
                    count += 1
                    heapq.heappush(heap, (-found.bound, count, part, found))
        else:
            bound = -heap[0][0] if heap else value
        return Split(best, max(bound, value))

    def most_efficient(self) -> float:
        """Largest response per money within the ranges."""
        spend, response = self.grid[0].sum(), self.values[0].sum()
        steps = self._steps([(0, POINTS - 1)] * self.grid.shape[1])
        spends = np.concatenate([[spend], spend + np.cumsum([s.width for s in steps])])
        made = np.concatenate([[response], response + np.cumsum([s.rise for s in steps])])
        good = spends > 0
        return float((made[good] / spends[good]).max()) if good.any() else 0.0

    def _value(self, relaxed: _Relaxed, budget: float | None, least: float) -> float:
        """Response of a spend by the curves; none where it misses the target."""
        response = float(relaxed.below.sum())
        if budget is None and response < least * relaxed.spend.sum() * (1 - 1e-9):
            return -np.inf
        return response

    def polished(self, spend: FloatArray, budget: float | None, least: float = 0.0) -> FloatArray:
        """A plan between the points: the best close to a split on them."""
        from scipy.optimize import minimize

        free = [i for i, cubic in enumerate(self.cubics) if cubic is not None]
        if not free or (budget is not None and len(free) < 2):
            return spend
        step = 2 * (self.grid[1] - self.grid[0])
        low, high = np.maximum(spend - step, self.grid[0]), np.minimum(spend + step, self.grid[-1])
        unit = step[free]

        def read(x: FloatArray, order: int) -> FloatArray:
            at = spend[free] + x * unit
            cubics = (self.cubics[i] for i in free)
            return np.array([float(f(v, order)) for f, v in zip(cubics, at, strict=True) if f])

        made = float(self._read(spend).sum())
        scale = max(abs(made), 1e-300)
        if budget is not None:
            rule: Any = {
                "type": "eq",
                "fun": lambda x: (x @ unit) / budget,
                "jac": lambda _: unit / budget,
            }
        else:
            held = made - float(read(np.zeros(len(free)), 0).sum())
            total = float(spend.sum())
            rule = {
                "type": "ineq",
                "fun": lambda x: (held + read(x, 0).sum() - least * (total + x @ unit)) / scale,
                "jac": lambda x: (read(x, 1) - least) * unit / scale,
            }
        asked: Any = {
            "x0": np.zeros(len(free)),
            "jac": lambda x: -read(x, 1) * unit / scale,
            "bounds": list(
                zip((low - spend)[free] / unit, (high - spend)[free] / unit, strict=True)
            ),
            "constraints": [rule],
            "method": "SLSQP",
            "options": {"ftol": 1e-15, "maxiter": 60},
        }

        def loss(x: FloatArray) -> float:
            return -float(read(x, 0).sum()) / scale

        found = minimize(loss, **asked)
        close = spend.copy()
        close[free] = np.clip(spend[free] + found.x * unit, low[free], high[free])
        short = abs(close.sum() - spend.sum()) if budget is not None else 0.0
        kept = short <= 1e-9 * spend.sum() and float(self._read(close).sum()) >= made
        if budget is None and kept:
            kept = float(self._read(close).sum()) >= least * close.sum() * (1 - 1e-9)
        return close if kept else spend

    def _read(self, spend: FloatArray) -> FloatArray:
        pairs = zip(self.cubics, self.values[0], spend, strict=True)
        return np.array([value if f is None else float(f(at)) for f, value, at in pairs])

    @staticmethod
    def _halves(
        ranges: list[tuple[int, int]], relaxed: _Relaxed, i: int
    ) -> list[list[tuple[int, int]]]:
        first, last = ranges[i]
        at = min(max(int(relaxed.places[i]), first + 1), last - 1)
        if last - first < 2:
            return []
        return [[*ranges[:i], part, *ranges[i + 1 :]] for part in ((first, at), (at, last))]

    def _steps(self, ranges: list[tuple[int, int]]) -> list[_Step]:
        """Pieces of all concave curves, the steepest first."""
        steps = []
        for i, (first, last) in enumerate(ranges):
            x, y = self.grid[first : last + 1, i], self.values[first : last + 1, i]
            if last == first or x[-1] <= x[0]:
                continue
            corners = _hull(x, y)
            for a, b in pairwise(corners):
                width, rise = float(x[b] - x[a]), float(y[b] - y[a])
                steps.append(_Step(-rise / width, i, first + a, width, rise))
        return sorted(steps)

    def _relaxed(
        self, ranges: list[tuple[int, int]], budget: float | None, least: float
    ) -> _Relaxed | None:
        """Solution over the concave curves; None where the ranges allow none."""
        n = len(ranges)
        places = np.array([first for first, _ in ranges])
        spend = self.grid[places, np.arange(n)].copy()
        above = self.values[places, np.arange(n)].copy()
        if budget is not None:
            left = budget - float(spend.sum())
            if left < -1e-9 * budget:
                return None
            for step in self._steps(ranges):
                share = min(1.0, left / step.width)
                if share <= 0:
                    break
                spend[step.channel] += share * step.width
                above[step.channel] += share * step.rise
                left -= share * step.width
            if left > 1e-9 * budget:
                return None
        else:
            for step in self._steps(ranges):
                slack = float(above.sum() - least * spend.sum())
                gained = step.rise - least * step.width
                if step.rise <= 0 or (gained < 0 and slack <= 0):
                    break  # steps only get flatter
                share = 1.0 if slack + gained >= 0 else -slack / gained
                if gained > 0:
                    share = 1.0
                spend[step.channel] += share * step.width
                above[step.channel] += share * step.rise
                if share < 1.0:
                    break
            if above.sum() < least * spend.sum() * (1 - 1e-9):
                return None
        below = np.array(
            [np.interp(spend[i], self.grid[:, i], self.values[:, i]) for i in range(n)]
        )
        places = np.array(
            [int(np.searchsorted(self.grid[:, i], spend[i], side="right")) - 1 for i in range(n)]
        )
        return _Relaxed(spend, above, below, places)


class _Step(NamedTuple):
    flat: float  # minus the slope: sorted from the steepest
    channel: int
    place: int
    width: float
    rise: float


class _Relaxed(NamedTuple):
    """Spend, response by the concave curves and by the curves themselves, and grid places."""

    spend: FloatArray
    above: FloatArray
    below: FloatArray
    places: np.ndarray

    @property
    def bound(self) -> float:
        """No plan in these ranges has more."""
        return float(self.above.sum())


def _hull(x: FloatArray, y: FloatArray) -> list[int]:
    """Corners of the least concave curve above points, from left to right."""
    corners: list[int] = []
    for i in range(x.size):
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            corners.pop()
        corners.append(i)
    return corners
