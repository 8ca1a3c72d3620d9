"""Response curves: what one period's spend on a channel brings in.

``f(x) = coefficient * Hill(x + C)``, with the inflexion of the history and C the mean carryover
of the window (Robyn ``R/allocator.R: fx_objective``, ``R/response.R: transform_decomp``).
Exposures are in units of money already, so the curves are on spend.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.engines.native.candidates import Model
from mmmlib.ground import columns as c
from mmmlib.model import Curves, FloatArray

GRID_POINTS = 201
GRID_REACH = 2.5  # as a multiple of the largest spend of a period in the window


def channel_table(
    model: Model, candidate: str, values: FloatArray, coefficients: FloatArray
) -> pd.DataFrame:
    """What the response function of each paid channel needs, and where it stands today.

    Parameters
    ----------
    model : Model
    candidate : str
        Its id.
    values : array, shape (len(space.names),)
        Hyperparameters of the candidate.
    coefficients : array, shape (1 + p,)
        The intercept first.
    """
    media = model.transform(values)
    paid = len(model.job.channels)
    of_media = coefficients[-len(model.job.media) :][:paid]
    table = pd.DataFrame(
        {
            c.CANDIDATE: candidate,
            c.CHANNEL: [channel.name for channel in model.job.channels],
            c.COEFFICIENT: of_media,
            c.ALPHA: media.alphas[:paid],
            c.INFLEXION: media.inflexions[:paid],
            c.MEAN_CARRYOVER: media.carryover.mean(axis=0)[:paid],
            c.CURRENT_SPEND: model.data.spends[model.data.window].mean(axis=0),
        }
    )
    curves = of_channels(table)
    spend = table[c.CURRENT_SPEND].to_numpy()
    table[c.CURRENT_RESPONSE] = curves.response(spend)
    table[c.CURRENT_MARGINAL] = marginal(curves, spend)
    return table


def response_curves(model: Model, channels: pd.DataFrame) -> pd.DataFrame:
    """Curves of the channels of :func:`channel_table` on a grid of spend per period."""
    largest = model.data.spends[model.data.window].max(axis=0)
    grid = np.linspace(np.zeros_like(largest), GRID_REACH * largest, GRID_POINTS)
    curves = of_channels(channels)
    return pd.DataFrame(
        {
            c.CANDIDATE: channels[c.CANDIDATE].iloc[0],
            c.CHANNEL: np.repeat(channels[c.CHANNEL].to_numpy(), GRID_POINTS),
            c.SPEND: grid.T.ravel(),
            c.RESPONSE: curves.response(grid).T.ravel(),
            c.MARGINAL_RESPONSE: marginal(curves, grid).T.ravel(),
        }
    )


def of_channels(channels: pd.DataFrame) -> Curves:
    """Curves of the channels of :func:`channel_table`."""
    names = (c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER)
    return Curves(*(channels[name].to_numpy() for name in names))


def marginal(curves: Curves, spend: FloatArray) -> FloatArray:
    """Marginal response; 0 where the coefficient is 0, also where other curves are vertical."""
    with np.errstate(invalid="ignore"):
        return np.where(curves.coefficient == 0.0, 0.0, curves.marginal(spend))
