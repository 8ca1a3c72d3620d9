"""Trend, season, holidays and factors, estimated by prophet as in Robyn.

Source: Robyn ``R/inputs.R: prophet_decomp``. Prophet sees all rows, not only the window.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmmlib.data import MOST_LEVELS, OTHER, commonest
from mmmlib.ground import DataError, Problem

if TYPE_CHECKING:
    from prophet import Prophet

# Component of a job → column of prophet's forecast.
FORECAST_COLUMNS = {
    "trend": "trend",
    "season": "yearly",
    "holiday": "holidays",
    "weekday": "weekly",
    "monthly": "monthly",
}
MONTH_DAYS, MONTH_ORDER = 30.5, 5  # Robyn's monthly seasonality


def decompose(
    dates: pd.Series[Any],
    target: pd.Series[Any],
    holidays: pd.DataFrame,
    components: Sequence[str],
    factors: Mapping[str, pd.Series[Any]],
    options: Mapping[str, Any] = MappingProxyType({}),
) -> pd.DataFrame:
    """Estimate prophet's components and one numeric column for each factor.

    Parameters
    ----------
    dates : Series of datetime64, length n
    target : Series of float, length n
        In the target's own units.
    holidays : DataFrame
        ``date, holiday``, on dates of the grid.
    components : sequence of str
        Keys of :data:`FORECAST_COLUMNS`.
    factors : mapping of str to Series of str, length n
        Every level but the last in sorted order becomes a regressor, of two levels the second,
        of more than ten the commonest ten and ``OTHER``; the factor's column is the sum of their
        effects above its smallest value.
    options : mapping
        Further arguments of ``Prophet``; its defaults are Robyn's. ``yearly_seasonality`` and
        ``weekly_seasonality`` are orders of the Fourier series.

    Returns
    -------
    DataFrame, n rows
        One column a component and one a factor, in units of the target.

    Raises
    ------
    DataError
        Holidays are wanted but there are none, or a factor has a single level.
    """
    regressors = {name: _dummies(name, levels) for name, levels in factors.items()}
    if not components and not regressors:
        return pd.DataFrame(index=range(len(dates)))
    if "holiday" in components and holidays.empty:
        problem = "there are no holidays; name a country or a file, or leave holiday out of prophet"
        raise DataError([Problem("holidays", problem)])
    table = pd.DataFrame({"ds": dates.to_numpy(), "y": target.to_numpy(dtype=np.float64)})
    for dummies in regressors.values():
        table = table.join(dummies)
    with _quiet():
        model = _prophet(holidays, components, options)
        for dummies in regressors.values():
            for column in dummies:
                model.add_regressor(column)
        forecast = model.fit(table).predict(table)
    parts = {name: forecast[FORECAST_COLUMNS[name]].to_numpy() for name in components}
    for name, dummies in regressors.items():
        effect = forecast[list(dummies)].sum(axis=1).to_numpy()
        parts[name] = effect - effect.min()
    return pd.DataFrame(parts)


def _prophet(
    holidays: pd.DataFrame, components: Sequence[str], options: Mapping[str, Any]
) -> Prophet:
    from prophet import Prophet

    table = holidays.rename(columns={"date": "ds"})[["ds", "holiday"]]
    model = Prophet(
        holidays=table if "holiday" in components else None,
        daily_seasonality=False,
        uncertainty_samples=0,  # intervals are not used; they would draw random numbers
        **{
            "yearly_seasonality": "season" in components,
            "weekly_seasonality": "weekday" in components,
            **options,
        },
    )
    if "monthly" in components:
        model.add_seasonality(name="monthly", period=MONTH_DAYS, fourier_order=MONTH_ORDER)
    return model


def _dummies(name: str, levels: pd.Series[Any]) -> pd.DataFrame:
    """0/1 columns of the levels, by the rules of ``lares::ohse``."""
    values = levels.astype(str)
    if values.nunique() > MOST_LEVELS:
        values = values.where(values.isin(commonest(values)), OTHER)
    names = sorted(set(values))
    if len(names) < 2:
        problem = f"{name} has the single level {names[0]!r} and explains nothing; drop it"
        raise DataError([Problem("context", problem)])
    kept = names[1:] if len(names) == 2 else names[:-1]
    return pd.DataFrame({f"{name}_{level}": (values == level).to_numpy() * 1.0 for level in kept})


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep prophet and cmdstanpy from writing to the console; put their loggers back after."""
    loggers = [logging.getLogger(name) for name in ("prophet", "prophet.plot", "cmdstanpy")]
    before = [(logger.level, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, (level, disabled) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.disabled = disabled
