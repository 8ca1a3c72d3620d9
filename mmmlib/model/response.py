"""Response function: what spend on a channel brings, at any state of its carryover.

Any stored model can be asked, from its JSON and the run's modelling table. Formulas: Robyn
``R/response.R: transform_decomp`` and ``R/allocator.R: fx_objective``.

``response = coefficient * Hill(immediate * spend + carryover)``: the carryover is what earlier
periods still send into this one, in units of spend. Exposures are in units of money in the model,
so spend is money throughout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.ground import DataError, Problem, Shown, columns as c, figure
from mmmlib.job import Adstock
from mmmlib.model import adstock
from mmmlib.model.adstock import FloatArray
from mmmlib.model.curves import Curves
from mmmlib.model.inputs import ModelInput
from mmmlib.model.json import ExportedModel

DatesBetween = tuple[dt.date | str, dt.date | str]
Amount = FloatArray | float


@dataclass(frozen=True)
class MeanResponse:
    """Means over the periods asked for, Robyn's ``robyn_response``.

    Attributes
    ----------
    spend, carryover : float
        Mean immediate spend and mean carryover, in units of spend per period.
    response : float
        At the mean spend and the mean carryover (Robyn's ``mean_response_total``, or
        ``sim_mean_response`` of a range), in units of the target per period.
    response_carryover : float
        What the mean carryover alone brings.
    mean_response : float
        Mean of the periods' own responses; NaN where no period lies in the window.
    """

    spend: float
    carryover: float
    response: float
    response_carryover: float
    mean_response: float


@dataclass(frozen=True, repr=False)
class Response(Shown):
    """The response function of one medium of one model.

    Attributes
    ----------
    name : str
    dates : array of datetime64, shape (n,)
    spend : array, shape (n,)
        Exposure in units of money, all rows.
    window : slice
        Rows the model was fitted on.
    adstock : str
    decay, shape : float
        Theta (geometric), or the Weibull scale and shape.
    alpha, inflexion, coefficient : float

    Examples
    --------
    >>> import mmmlib
    >>> tv = mmmlib.open("latest").response("tv")
    >>> tv
    Response of tv: geometric adstock, alpha ..., inflexion ...
    at 16,506 in every period: response ..., marginal ...
    >>> bool(tv.marginal(20_000) > tv.marginal(100_000) > 0)
    True
    """

    name: str
    dates: NDArray[np.datetime64]
    spend: FloatArray
    window: slice
    adstock: Adstock
    decay: float
    shape: float
    alpha: float
    inflexion: float
    coefficient: float

    @classmethod
    def of(cls, model: ExportedModel, data: ModelInput, name: str) -> Response:
        """Take the response function of one medium.

        Parameters
        ----------
        model : ExportedModel
            Under the names of the data's variables.
        data : ModelInput
        name : str
            A paid or organic channel.

        Raises
        ------
        DataError
            The model has no such medium.
        """
        names = [variable.name for variable in model.media]
        if name not in names:
            raise DataError([Problem("channel", f"{name!r} is none of {', '.join(names)}")])
        own = {suffix: model.values.get(f"{name}_{suffix}", 0.0) for suffix in _SUFFIXES}
        series = np.ascontiguousarray(data.values[:, data.variables.index(name)])
        decay = own["thetas"] if model.adstock == "geometric" else own["scales"]
        adstocked = adstock.adstocked(series, model.adstock, decay, own["shapes"])[data.window]
        summary = model.summary
        (coefficient,) = summary.loc[summary[c.VARIABLE] == name, c.COEFFICIENT]
        return cls(
            name,
            data.dates,
            series,
            data.window,
            model.adstock,
            decay,
            own["shapes"],
            own["alphas"],
            own["gammas"] * float(adstocked.max()),
            float(coefficient),
        )

    def _said(self) -> tuple[str, str]:
        mean = float(self.spend[self.window].mean())
        response, marginal = (figure(float(f(mean))) for f in (self.steady, self.steady_marginal))
        return (
            f"Response of {self.name}: {self.adstock} adstock, alpha {figure(self.alpha)}, "
            f"inflexion {figure(self.inflexion)}",
            f"at {mean:,.0f} in every period: response {response}, marginal {marginal}",
        )

    def _tabled(self) -> pd.DataFrame:
        spend = float(self.spend[self.window].mean()) * np.array([0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
        return pd.DataFrame(
            {
                c.SPEND: spend,
                c.RESPONSE: self.steady(spend),
                c.MARGINAL_RESPONSE: self.steady_marginal(spend),
            }
        )

    @property
    def immediate_share(self) -> float:
        """Share of spend that acts in its own period; 1 but for Weibull PDF."""
        return float(self._weights()[0])

    def response(self, spend: Amount, carryover: Amount = 0.0) -> FloatArray:
        """Response of one period, in units of the target.

        Parameters
        ----------
        spend, carryover : array or float
            That broadcast; spend of the period, and what earlier ones carry into it.
        """
        position = self.immediate_share * np.asarray(spend, float) + np.asarray(carryover, float)
        return self.coefficient * self._hill(position)

    def marginal(self, spend: Amount, carryover: Amount = 0.0) -> FloatArray:
        """Derivative of the period's response by its spend; infinite at 0 where alpha < 1."""
        share = self.immediate_share
        position = share * np.asarray(spend, float) + np.asarray(carryover, float)
        return share * self.coefficient * self._slope(position)

    def credited(self, first: int, last: int, immediate: bool = False) -> float:
        """What the model credits the medium with on some rows, in units of the target.

        Parameters
        ----------
        first, last : int
            Rows of all the data, both counted.
        immediate : bool
            Without what spend before ``first`` still brings.
        """
        rows = slice(first, last + 1)

        def adstocked(spend: FloatArray) -> FloatArray:
            return adstock.adstocked(spend, self.adstock, self.decay, self.shape)[rows]

        found = self._hill(adstocked(self.spend)).sum()
        if immediate:
            older = self.spend.copy()
            older[first:] = 0.0
            found -= self._hill(adstocked(older)).sum()
        return self.coefficient * float(found)

    def steady_carryover(self, spend: Amount) -> FloatArray:
        """Carryover once the same amount has been spent in every period for ever.

        Geometric: ``theta / (1 - theta)`` times the spend. The kernel of a Weibull adstock is as
        long as the data.
        """
        amount = np.asarray(spend, float)
        if self.adstock == "geometric":
            return np.asarray(amount * self.decay / (1 - self.decay))
        weights = self._weights()
        return np.asarray(amount * (weights.sum() - weights[0]))

    def steady(self, spend: Amount) -> FloatArray:
        """Response per period when the same amount is spent in every period."""
        return self.response(spend, self.steady_carryover(spend))

    def steady_marginal(self, spend: Amount) -> FloatArray:
        """What one more unit of spend in every period brings per period, carryover included."""
        gain = self.immediate_share + self.steady_carryover(1.0)
        position = gain * np.asarray(spend, float)
        return np.asarray(gain * self.coefficient * self._slope(position))

    def carryover_after(self, history: Sequence[float] | FloatArray) -> float:
        """What a history of spend, oldest first, carries into the period after it."""
        past = np.asarray(history, float)
        if self.adstock == "geometric":
            if not past.size:
                return 0.0
            return float(self.decay * adstock.geometric(past, self.decay)[-1])
        weights = self._weights()[1 : past.size + 1]
        return float((weights * past[::-1][: weights.size]).sum())

    def carryover_state(self) -> float:
        """What all rows of the data carry into the period after them."""
        return self.carryover_after(self.spend)

    def over_time(self, spend: FloatArray | None = None) -> pd.DataFrame:
        """Every row of the data: ``date, spend, carryover, immediate, response``.

        Parameters
        ----------
        spend : array, shape (n,), optional
            In place of what was spent. The inflexion stays that of the data, as in Robyn.
            ``immediate`` is the response above that of the carryover alone.
        """
        amounts = self.spend if spend is None else np.ascontiguousarray(spend, dtype=np.float64)
        if amounts.shape != self.spend.shape:
            why = f"{amounts.size} values for {self.spend.size} rows of the data"
            raise DataError([Problem("spend", why)])
        adstocked = adstock.adstocked(amounts, self.adstock, self.decay, self.shape)
        carryover = adstocked - self.immediate_share * amounts
        response = self.coefficient * self._hill(adstocked)
        return pd.DataFrame(
            {
                c.DATE: self.dates,
                c.SPEND: amounts,
                c.CARRYOVER: carryover,
                c.IMMEDIATE: response - self.coefficient * self._hill(carryover),
                c.RESPONSE: response,
            }
        )

    def mean_response(
        self, dates: DatesBetween | None = None, total: float | None = None
    ) -> MeanResponse:
        """Mean spend, carryover and response of a range of dates.

        Parameters
        ----------
        dates : pair of dates, optional
            First and last; the window by default.
        total : float, optional
            What is to be spent in the range in all; the periods keep their shares.

        Raises
        ------
        DataError
            The range holds no row, or nothing was spent in it that could be scaled.
        """
        inside = self._inside(dates)
        spend = self.spend.copy()
        if total is not None:
            spent = spend[inside].sum()
            if spent <= 0:
                why = f"nothing was spent on {self.name} in it, so {total:g} has no shares"
                raise DataError([Problem("dates", why)])
            spend[inside] *= total / spent
        table = self.over_time(spend)
        mean_spend = self.immediate_share * spend[inside].mean()
        carryover = float(table.loc[inside, c.CARRYOVER].mean())
        return MeanResponse(
            float(mean_spend),
            carryover,
            float(self.coefficient * self._hill(mean_spend + carryover)),
            float(self.coefficient * self._hill(np.asarray(carryover))),
            float(table.loc[inside, c.RESPONSE].mean()),
        )

    def _inside(self, dates: DatesBetween | None) -> NDArray[np.bool_]:
        if dates is None:
            inside = np.zeros(self.spend.size, dtype=bool)
            inside[self.window] = True
            return inside
        first, last = (np.datetime64(str(day), "ns") for day in dates)
        inside = (self.dates >= first) & (self.dates <= last)
        if not inside.any():
            reach = f"the data reach from {self.dates[0]:.10} to {self.dates[-1]:.10}"
            raise DataError([Problem("dates", f"{dates[0]} to {dates[1]} holds no row; {reach}")])
        return inside

    def _weights(self) -> FloatArray:
        """Weight of each lag; for geometric adstock the first only, the others are powers."""
        if self.adstock == "geometric":
            return np.ones(1)
        return adstock.weights(self.adstock, self.spend.size, self.decay, self.shape)

    def _hill(self, position: FloatArray | float) -> FloatArray:
        return self._curve().response(np.asarray(position, float))

    def _slope(self, position: FloatArray) -> FloatArray:
        """Derivative of the Hill function; 0 where the coefficient is 0, whatever the slope."""
        if self.coefficient == 0:
            return np.zeros_like(position)
        return self._curve().marginal(position)

    def _curve(self) -> Curves:
        values = (1.0, self.alpha, self.inflexion, 0.0)
        return Curves(*(np.asarray(value) for value in values))


_SUFFIXES = ("alphas", "gammas", "thetas", "scales", "shapes")
