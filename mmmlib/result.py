"""The result of a training: the tables every engine returns, and how one reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from mmmlib import columns as c

# name of the table in the archive ({name}.parquet) → attribute of TrainingResult
TABLES = (
    "candidates",
    "coefficients",
    "decomposition",
    "decomposition_over_time",
    "response_curves",
    "channels",
    "model_input",
)


@dataclass(frozen=True)
class TrainingResult:
    """What a training found. All tables have a plain RangeIndex.

    Attributes
    ----------
    candidates : DataFrame
        One row a candidate in the order tried (trial after trial): ``candidate, trial,
        iteration, worker``, one column a hyperparameter, ``train_size, lambda_hp, lambda``, the
        errors (``nrmse*, rsq*, decomp_rssd, mape, error_score``), ``pareto_front`` (0: on no
        kept front) and ``passes``.
    coefficients : DataFrame
        ``candidate, variable, coefficient``, all candidates; the intercept is ``(Intercept)``.
    decomposition : DataFrame
        One row a variable of each candidate on a kept front: ``candidate, variable, role,
        coefficient, contribution, contribution_share, spend, spend_share, effect_share, roas,
        cpa``. Spend and what follows are NaN where nothing is paid. Sums over the window, in
        units of the target and of the currency. Roles: intercept, prophet, context, paid,
        organic.
    decomposition_over_time : DataFrame
        The best model: one row a date and variable: ``candidate, date, variable, contribution,
        immediate, carryover``; beside the variables there are ``actual`` and ``fitted``
        (contribution only). ``split`` is train, val or test.
    response_curves : DataFrame
        The best model: ``candidate, channel, spend, response, marginal_response`` on a grid of
        spend per period, paid channels.
    channels : DataFrame
        The best model, one row a paid channel: ``candidate, channel, coefficient, alpha,
        inflexion, mean_carryover, current_spend, current_response, current_marginal``: what
        the response function needs, and where it stands today (per period, in the window).
    model_input : DataFrame
        What the model saw, all rows: ``date, target`` and one column a variable.
    best : str
        Id of the best model.
    rule : str
        The rule that chose it, in words.
    engine : str
        Name and version of the engine.
    seconds : mapping
        Seconds of each step.
    """

    candidates: pd.DataFrame
    coefficients: pd.DataFrame
    decomposition: pd.DataFrame
    decomposition_over_time: pd.DataFrame
    response_curves: pd.DataFrame
    channels: pd.DataFrame
    model_input: pd.DataFrame
    best: str
    rule: str
    engine: str
    seconds: Mapping[str, float]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by its name in the archive."""
        return {name: getattr(self, name) for name in TABLES}

    def errors(self) -> pd.Series:
        """The best model's row of ``candidates``."""
        return self.candidates[self.candidates[c.CANDIDATE] == self.best].iloc[0]

    def channel_table(self) -> pd.DataFrame:
        """The best model's channels as a person reads them, largest spend first.

        Columns: ``channel, spend, spend_share, effect_share, roas`` (or ``cpa``),
        ``current_spend, current_response, current_marginal``.
        """
        totals = self.decomposition.loc[
            (self.decomposition[c.CANDIDATE] == self.best) & (self.decomposition[c.ROLE] == "paid")
        ]
        table = totals.rename(columns={c.VARIABLE: c.CHANNEL})[
            [c.CHANNEL, c.SPEND, c.SPEND_SHARE, c.EFFECT_SHARE, c.ROAS, c.CPA]
        ].merge(
            self.channels[[c.CHANNEL, c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.CURRENT_MARGINAL]],
            on=c.CHANNEL,
        )
        return table.sort_values(c.SPEND, ascending=False, ignore_index=True)
