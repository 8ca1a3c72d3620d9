"""The result of a training: the tables every engine returns, and how one reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from mmmlib.ground import ReadableRow, ReadableTable, Shown, columns as c

# name of the table in the archive ({name}.parquet) → attribute of TrainingResult
TABLES = (
    "candidates",
    "coefficients",
    "decomposition",
    "decomposition_over_time",
    "response_curves",
    "channels",
    "clusters",
    "cluster_intervals",
    "convergence",
    "model_input",
    "posterior",
    "posterior_draws",
)

# The file of Robyn's own allocation, by scenario
ROBYNS_ALLOCATION = "robyn_allocation_{}.csv"

# Tables that the first archived runs do not have, with their columns.
ADDED_TABLES = {
    "clusters": (c.CLUSTER, c.CANDIDATE, c.SIZE, c.NOTE),
    "cluster_intervals": (
        c.CLUSTER,
        c.CHANNEL,
        c.EFFICIENCY,
        c.MEAN,
        c.STANDARD_ERROR,
        c.LOW,
        c.HIGH,
        c.COUNT,
    ),
    "convergence": (
        c.OBJECTIVE,
        c.CUT,
        c.ITERATION,
        c.COUNT,
        c.MEDIAN,
        c.SD,
        c.SD_LIMIT,
        c.MEDIAN_LIMIT,
        c.CONVERGED,
        c.VERDICT,
    ),
    "posterior": (
        c.CHANNEL,
        c.ROLE,
        c.EFFICIENCY,
        c.SPEND,
        c.CONTRIBUTION,
        c.CONTRIBUTION_LOW,
        c.CONTRIBUTION_HIGH,
        c.MEAN,
        c.MEDIAN,
        c.LOW,
        c.HIGH,
        c.PRIOR_LOW,
        c.PRIOR_HIGH,
        c.LEVEL,
        c.R_HAT,
        c.ESS,
        c.KNOWN,
        c.CONVERGED,
        c.VERDICT,
    ),
    "posterior_draws": (
        c.DRAW,
        c.CHANNEL,
        c.CONTRIBUTION,
        c.COEFFICIENT,
        c.INFLEXION,
        c.MEAN_CARRYOVER,
        "alphas",
        "gammas",
    ),
}


def _empty(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame(columns=list(ADDED_TABLES[name]))


_ERRORS = (
    ("NRMSE train", c.NRMSE_TRAIN),
    ("val", c.NRMSE_VAL),
    ("test", c.NRMSE_TEST),
    ("R² train", c.RSQ_TRAIN),
    ("DECOMP.RSSD", c.DECOMP_RSSD),
)


def fit_said(errors: Mapping[str, float] | pd.Series, whose: str = "The model") -> str:
    """How good a fit is, in words.

    Parameters
    ----------
    errors : mapping
        ``nrmse_train`` and ``rsq_train``; the latter may be NaN.
    whose : str
        What the sentence begins with.

    Examples
    --------
    >>> fit_said({"nrmse_train": 0.0571, "rsq_train": 0.931})
    "The model explains 93% of the ups and downs; its typical miss is 5.7% of the target's range."
    """
    missed = f"its typical miss is {errors[c.NRMSE_TRAIN]:.1%} of the target's range"
    if errors[c.RSQ_TRAIN] != errors[c.RSQ_TRAIN]:
        return f"{whose}: {missed}."
    explained = max(errors[c.RSQ_TRAIN], 0.0)
    return f"{whose} explains {explained:.0%} of the ups and downs; {missed}."


@dataclass(frozen=True, repr=False)
class TrainingResult(Shown):
    """What a training found. All tables have a plain RangeIndex.

    Attributes
    ----------
    candidates : DataFrame
        One row a candidate in the order tried (trial after trial): ``candidate, trial,
        iteration, worker``, one column a hyperparameter, ``train_size, lambda_hp, lambda``, the
        errors (``nrmse*, rsq*, decomp_rssd, mape, error_score``), ``pareto_front`` (0: on no
        kept front), ``cluster`` (0: in none) and ``passes``.
    coefficients : DataFrame
        ``candidate, variable, coefficient``, all candidates; the intercept is ``(Intercept)``.
    decomposition : DataFrame
        One row a variable of each candidate on a kept front: ``candidate, variable, role,
        coefficient, contribution, contribution_share, spend, spend_share, effect_share, roas,
        cpa``. Spend and what follows are NaN where nothing is paid. Sums over the window, in
        units of the target and of the currency. Roles: intercept, prophet, context, paid,
        organic.
    decomposition_over_time : DataFrame
        The best model and the cluster winners, one row a date and variable: ``candidate, date,
        variable, contribution, immediate, carryover, split``; beside the variables there are
        ``actual`` and ``fitted`` (contribution only). ``split`` is train, val or test.
    response_curves : DataFrame
        The best model and the winners: ``candidate, channel, spend, response,
        marginal_response`` on a grid of spend per period, paid channels.
    channels : DataFrame
        The best model and the winners, one row a paid channel: ``candidate, channel,
        coefficient, alpha, inflexion, mean_carryover, current_spend, current_response,
        current_marginal``: what the response function needs, and where it stands today (per
        period, in the window).
    clusters : DataFrame
        One row a cluster of the candidates on kept fronts: ``cluster`` (from 1), ``candidate``
        (its winner), ``size, note``. Where there are no clusters it is one row of cluster 0
        whose ``note`` says why.
    cluster_intervals : DataFrame
        Spread of near-best models (Robyn's bootstrap, no interval of the truth), ROAS or CPA within
        a cluster: ``cluster, channel,
        efficiency, mean, standard_error, low, high, n`` (models that count).
    convergence : DataFrame
        One row an objective and cut of the search: ``objective, cut, iteration`` (its last),
        ``n, median, sd``; the same in all rows of an objective: ``sd_limit, median_limit``
        (what the last cut must be below), ``converged, verdict`` (in words).
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
    optimizer : str
        Name of what searched, also where the job left it to the engine; empty in the first
        archived runs.
    posterior : DataFrame
        One row a medium: ``channel, role, efficiency`` (roas or cpa), ``spend, contribution`` (its
        mean) ``contribution_low, contribution_high``, ``mean, median, low, high`` of the
        efficiency, ``prior_low, prior_high`` (before the data), ``level`` of the intervals,
        ``r_hat, ess, known`` (in words), and of the whole posterior ``converged, verdict``. Empty
        where none was computed.
    posterior_draws : DataFrame
        Models drawn from it, one row a draw and paid channel: ``draw, channel, contribution,
        coefficient, inflexion, mean_carryover`` and one column a hyperparameter.
    files : mapping
        Files an engine makes itself, by their names in the archive; not loaded again.

    Examples
    --------
    >>> import mmmlib
    >>> result = mmmlib.open("latest").result
    >>> result
    TrainingResult of native ...: best model ... of 100 candidates
    NRMSE train 0... · R² train 0... · DECOMP.RSSD 0...
    >>> len(result.candidates), list(result.channel_table()["channel"])
    (100, ['ooh', 'tv', 'search', 'print', 'facebook'])
    """

    candidates: pd.DataFrame
    coefficients: pd.DataFrame
    decomposition: pd.DataFrame
    decomposition_over_time: pd.DataFrame
    response_curves: pd.DataFrame
    channels: pd.DataFrame
    clusters: pd.DataFrame
    cluster_intervals: pd.DataFrame
    convergence: pd.DataFrame
    model_input: pd.DataFrame
    best: str
    rule: str
    engine: str
    seconds: Mapping[str, float]
    optimizer: str = ""
    posterior: pd.DataFrame = field(default_factory=_empty("posterior"))
    posterior_draws: pd.DataFrame = field(default_factory=_empty("posterior_draws"))
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by its name in the archive."""
        return {name: getattr(self, name) for name in TABLES}

    def winners(self) -> dict[int, str]:
        """Winner of each cluster by its number; empty where there are no clusters."""
        rows = self.clusters[self.clusters[c.CLUSTER] > 0]
        return dict(zip(rows[c.CLUSTER].tolist(), rows[c.CANDIDATE].tolist(), strict=True))

    def with_best(self, candidate: str, rule: str) -> TrainingResult:
        """The same result with another candidate in the place of the best model.

        Parameters
        ----------
        candidate : str
            One that is stored in full: the best model or a cluster's winner.
        rule : str
            Why it is chosen, in words.

        Raises
        ------
        ValueError
            Its channels are not stored.
        """
        if candidate not in set(self.channels[c.CANDIDATE]):
            raise ValueError(f"{candidate} is not stored in full; name the best model or a winner")
        return replace(self, best=candidate, rule=rule)

    def of_winners_apart(self) -> Iterator[TrainingResult]:
        """The result with each cluster's winner in place of the best model, where it is another."""
        winners = self.winners()
        for number, winner in winners.items():
            if winner != self.best:
                rule = f"smallest error score in cluster {number} of {len(winners)}"
                yield self.with_best(winner, rule)

    def best_channels(self) -> pd.DataFrame:
        """The best model's rows of ``channels``."""
        rows = self.channels[self.channels[c.CANDIDATE] == self.best]
        return rows.reset_index(drop=True)

    def errors(self) -> ReadableRow:
        """The best model's row of ``candidates``; a notebook shows its errors and a sentence."""
        row = self.candidates[self.candidates[c.CANDIDATE] == self.best].iloc[0]
        return ReadableRow.of(
            row, fit_said(row, f"Best model {self.best}"), {key: label for label, key in _ERRORS}
        )

    def errors_said(self) -> str:
        """The best model's errors on one line; those that were not computed are left out."""
        errors = self.errors()
        known = ((label, errors[key]) for label, key in _ERRORS if errors[key] == errors[key])
        return " · ".join(f"{label} {value:.4f}" for label, value in known)

    def _said(self) -> tuple[str, str]:
        count = len(self.candidates)
        return (
            f"TrainingResult of {self.engine}: best model {self.best} of {count:,} candidates",
            self.errors_said(),
        )

    def _tabled(self) -> pd.DataFrame:
        return self.channel_table()

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
            self.best_channels()[
                [c.CHANNEL, c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.CURRENT_MARGINAL]
            ],
            on=c.CHANNEL,
        )
        return ReadableTable(table.sort_values(c.SPEND, ascending=False, ignore_index=True))
