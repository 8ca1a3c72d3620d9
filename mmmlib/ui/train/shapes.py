"""Pictures of what a range of hyperparameters allows: adstock and saturation as plain numbers.

The formulas are those that the native engine compiles (:mod:`mmmlib.model.adstock`), called as
they are: the page's kernel needs no compiler.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from mmmlib.job import HYPERPARAMETERS, Adstock, Kind, Range, default_range, outside_limits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LAGS = 26
POINTS = 41
STEPS = 9  # of each range that are tried: a density's envelope is not at its corners
ROWS = 208  # four years of weeks, where the data are not known yet: Weibull depends on the length


def defaults(adstock: str) -> dict[str, dict[str, list[float]]]:
    """Return the recommended range of every hyperparameter, by kind of channel."""
    family: Adstock = _family(adstock) or "geometric"
    kinds: tuple[Kind, ...] = ("tv", "offline", "online", "organic")
    return {
        kind: {name: list(default_range(name, family, kind)) for name in HYPERPARAMETERS[family]}
        for kind in kinds
    }


def allowed(adstock: str, kind: str, ranges: Mapping[str, Any], rows: int = 0) -> dict[str, Any]:
    """Return the curves at both ends of the ranges of one channel, and between them.

    Parameters
    ----------
    adstock : str
        A key of ``HYPERPARAMETERS``.
    kind : str
        Kind of the channel; its ranges stand in for those that are not given.
    ranges : mapping
        ``[low, high]`` by hyperparameter, as the form has them. One that is no range yet (still
        being typed) gives no curve of it.
    rows : int
        Rows of the data; 208 when 0.

    Returns
    -------
    dict
        ``adstock``: share of a spend that still acts, by lag; ``saturation``: share of the
        largest response, by share of the largest spend. Each has ``low``, ``middle`` and
        ``high``, lists of numbers, or is empty.
    """
    family = _family(adstock)
    if family is None:
        return {"adstock": {}, "saturation": {}}

    known: dict[str, Range] = {}
    for name in HYPERPARAMETERS[family]:
        given = ranges.get(name)
        bounds = _bounds(name, given) if given else default_range(name, family, _kind(kind))
        if bounds:
            known[name] = bounds
    return {
        "adstock": _envelope(
            known,
            ("thetas",) if family == "geometric" else ("scales", "shapes"),
            lambda decay, shape=0.0: _lags(family, rows or ROWS, decay, shape),
        ),
        "saturation": _envelope(known, ("alphas", "gammas"), hill),
    }


def _lags(family: Adstock, rows: int, decay: float, shape: float) -> FloatArray:
    """Weights of lags 0 to 25 of an adstock over a series."""
    import numpy as np

    from mmmlib.model import adstock

    weights = adstock.weights(family, max(rows, 1), decay, shape)[:LAGS]
    return np.pad(weights, (0, LAGS - len(weights)))


def hill(alpha: float, gamma: float) -> FloatArray:
    """Return the saturation at 41 shares of the largest adstocked spend, 0 to 1.

    Robyn's ``saturation_hill`` where spend starts at 0, so that the inflexion is ``gamma``.
    """
    import numpy as np

    from mmmlib.model import adstock

    return np.array([adstock.hill(share, alpha, gamma) for share in np.linspace(0.0, 1.0, POINTS)])


def _envelope(known: Mapping[str, Range], names: Sequence[str], curve: Any) -> dict[str, Any]:
    """The curve of the middle of the ranges, and the least and most within them, by point."""
    import numpy as np

    if not all(name in known for name in names):
        return {}
    tried = product(*(np.linspace(*known[name], STEPS) for name in names))
    curves = np.array([curve(*each) for each in tried])
    middle = curve(*(sum(known[name]) / 2 for name in names))
    return {
        "low": np.round(curves.min(axis=0), 5).tolist(),
        "middle": np.round(middle, 5).tolist(),
        "high": np.round(curves.max(axis=0), 5).tolist(),
    }


def _bounds(name: str, given: Any) -> Range | None:
    try:
        low, high = float(given[0]), float(given[1])
    except (TypeError, ValueError, IndexError):
        return None
    return None if outside_limits(name, low, high) else (low, high)


def _kind(kind: str) -> Kind:
    return cast("Kind", kind if kind in ("tv", "offline", "online", "organic") else "online")


def _family(adstock: str) -> Adstock | None:
    return next((family for family in HYPERPARAMETERS if family == adstock), None)
