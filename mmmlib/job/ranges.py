"""Hyperparameters: what each adstock family needs, the limits Robyn sets, and default ranges.

Sources: Robyn ``R/inputs.R: hyper_names, hyper_limits`` and the ranges recommended in its
demo (``demo/demo.R``) by kind of channel.
"""

from __future__ import annotations

from typing import Literal

Adstock = Literal["geometric", "weibull_cdf", "weibull_pdf"]
Kind = Literal["tv", "offline", "online", "organic"]
Range = tuple[float, float]

# The order within a channel is alphabetical, which is also the order of the search vector.
HYPERPARAMETERS: dict[Adstock, tuple[str, ...]] = {
    "geometric": ("alphas", "gammas", "thetas"),
    "weibull_cdf": ("alphas", "gammas", "scales", "shapes"),
    "weibull_pdf": ("alphas", "gammas", "scales", "shapes"),
}

# (low, low allowed, high, high allowed), Robyn's hyper_limits()
LIMITS: dict[str, tuple[float, bool, float, bool]] = {
    "alphas": (0.0, False, 10.0, False),
    "gammas": (0.0, False, 1.0, True),
    "thetas": (0.0, True, 1.0, False),
    "shapes": (0.0, True, 20.0, False),
    "scales": (0.0, True, 1.0, True),
}

_THETAS: dict[Kind, Range] = {
    "tv": (0.3, 0.8),
    "offline": (0.1, 0.4),
    "online": (0.0, 0.3),
    "organic": (0.1, 0.4),
}
_SHAPES: dict[Adstock, Range] = {"weibull_cdf": (0.0, 2.0), "weibull_pdf": (0.0, 10.0)}


def default_range(name: str, adstock: Adstock, kind: Kind) -> Range:
    """Robyn's recommended range of one hyperparameter for one kind of channel."""
    match name:
        case "thetas":
            return _THETAS[kind]
        case "shapes":
            return _SHAPES[adstock]
        case "scales":
            return (0.0, 0.1)
        case "alphas":
            return (0.5, 3.0)
        case "gammas":
            return (0.3, 1.0)
    raise KeyError(name)


def outside_limits(name: str, low: float, high: float) -> str | None:
    """Say why ``[low, high]`` is not a range of this hyperparameter; ``None`` when it is."""
    least, least_allowed, most, most_allowed = LIMITS[name]
    if low > high:
        return f"the lower end {low:g} is above the upper end {high:g}; swap them"
    if low < least or (low == least and not least_allowed):
        rule = "at least" if least_allowed else "above"
        return f"{low:g} is too small: {name} must be {rule} {least:g}"
    if high > most or (high == most and not most_allowed):
        rule = "at most" if most_allowed else "below"
        return f"{high:g} is too large: {name} must be {rule} {most:g}"
    return None
