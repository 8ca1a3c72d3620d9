"""What a plan is made from, read from a run's archive once and planned with many times."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmmlib.archive import BEST, DATASET, Run, load_in_full
from mmmlib.ground import RunError, columns as c, period_name
from mmmlib.job import Allocator, TrainingJob, changed
from mmmlib.plan.allocate import allocate
from mmmlib.plan.allocation import Allocation, TargetType
from mmmlib.plan.history import asks_for_dates, spend_history, today
from mmmlib.plan.series import Models, OwnSeries
from mmmlib.plan.solve import SLACK, GivenSplit, MeanSpend, Responses, SeriesSpend
from mmmlib.plan.uplift import Uplift, chance_said, uplift_of

if TYPE_CHECKING:
    import pandas as pd


MOST_DRAWS = 100  # that a plan is averaged over: more do not move it, and it must answer at once
LEAST_FIT = 0.3  # R² below which a plan has a warning
_POSTERIOR = "posterior"

# What a plan reads of a run's table of channels.
_COLUMNS = (
    c.CANDIDATE, c.CHANNEL, c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER, c.CURRENT_SPEND,
)  # fmt: skip


@dataclass(frozen=True)
class Basis:
    """One model's response curves, and what was spent: enough for any plan, without an engine.

    Attributes
    ----------
    candidate : str
        The model.
    channels : DataFrame
        Its rows of ``TrainingResult.channels``.
    history : DataFrame or None
        ``date`` and one column a channel: spend per period of the window. ``None`` where the
        run has no dataset.
    modelled : DataFrame or None
        The same with the exposures of channels in units of money; ``None`` where the run has no
        modelling table.
    periods : int
        Periods of the window.
    job : TrainingJob
        The run's job, without what the data did not support; ``job.allocator`` is its request.
    exposures : DataFrame or None
        ``date`` and one column a channel: the series that the model saw, in units of money, all
        rows; ``None`` where the run lacks them.
    models : Models or None
        The model on these series; the posterior's draws where its engine is ``bayes``.
    posterior : Models or None
        The draws of a posterior that has converged: how sure a plan is.
    doubts : tuple of str
        What speaks against any plan of this model: warnings of each.
    """

    candidate: str
    channels: pd.DataFrame
    history: pd.DataFrame | None
    modelled: pd.DataFrame | None
    periods: int
    job: TrainingJob
    exposures: pd.DataFrame | None = None
    models: Models | None = None
    posterior: Models | None = None
    doubts: tuple[str, ...] = ()

    @property
    def target_type(self) -> TargetType:
        """``revenue`` or ``conversion``."""
        return self.job.target_type

    @property
    def period(self) -> str:
        """Name of one period: ``day``, ``week``, ``month``, or ``period`` without a history."""
        return "period" if self.history is None else period_name(self.history[c.DATE])

    def plan(self, settings: Allocator | None = None) -> Allocation:
        """Plan with the job's settings or others; nothing is read or written."""
        asked = self.job.allocator if settings is None else settings
        channels, own = self.channels, self._is_series(asked)
        if not own and not asked.today:
            chosen = "exposure" if self.job.engine == "robyn" else "paid"
            asked = asked.model_copy(update={"today": chosen})
        elif own and self.history is not None:
            paid = self.history[list(channels[c.CHANNEL])].mean().to_numpy(dtype=np.float64)
            channels = channels.assign(**{c.CURRENT_SPEND: paid})

        def allocated(curves: Responses) -> Allocation:
            return allocate(
                channels, asked, self.periods, self.target_type, self.history, self.modelled,
                curves,
            )  # fmt: skip

        made, notes = allocated(self.curves(asked)), list[str]()
        if own and asked.least_chance > 0:
            made, notes = self._surer(made, asked, allocated)
        sure = self.uplift(made, asked)
        warnings = [*self.doubts, *notes, *made.warnings]
        if not own and asked.response != "mean_spend" and asked.today != "exposure":
            warnings.append(
                "the run lacks the series that its model saw: the response is the curve at the"
                " mean spend, which flights never have"
            )
        if sure is not None and sure.low <= 0 < made.metrics()[c.LIFT_PERCENT].iloc[1]:
            warnings.append(
                "it is not sure that this plan brings more than today's spend does: the chance is"
                f" {chance_said(sure.chance)} by the posterior"
            )
        return replace(made, uplift=sure, warnings=tuple(warnings))

    def curves(self, settings: Allocator) -> Responses:
        """What a plan's response is by these settings: see ``allocator.response``."""
        if not self._is_series(settings):
            return MeanSpend(self.channels)
        assert self.models is not None
        return SeriesSpend(self._series(self.models, settings))

    def uplift(self, allocation: Allocation, settings: Allocator) -> Uplift | None:
        """How sure a plan's gain is; ``None`` without a posterior that has converged."""
        if self.posterior is None:
            return None
        series = self._series(self.posterior, settings)
        table = allocation.table.set_index(c.CHANNEL).loc[list(series.models.channels)]
        current, planned = (
            table[name].to_numpy(dtype=np.float64) for name in (c.CURRENT_SPEND, c.PLANNED_SPEND)
        )
        return uplift_of(series, current, planned, allocation.periods)

    def _surer(
        self, made: Allocation, asked: Allocator, allocated: Callable[[Responses], Allocation]
    ) -> tuple[Allocation, list[str]]:
        """The more likely to beat today's split of the model's plan and the posterior's own.

        Today's split stays where neither is likely enough; what was done is said.
        """
        chance, notes = self._chance(made, asked), list[str]()
        if chance is None:
            return made, notes
        assert self.models is not None
        assert self.posterior is not None
        series = self._series(self.models, asked)
        if self.models is not self.posterior:
            other = allocated(SeriesSpend(self._series(self.posterior, asked)))
            theirs = self._chance(other, asked) or 0.0
            if theirs > chance:
                notes.append(
                    "the split is that of the second opinion: by it this one beats today's split"
                    f" of the same money with a chance of {chance_said(theirs)}, the model's own"
                    f" with {chance_said(chance)}; the responses are the model's"
                )
                split = other.table[c.PLANNED_SPEND].to_numpy(dtype=np.float64)
                made, chance = allocated(GivenSplit(series, split)), theirs
        if chance >= asked.least_chance:
            return made, notes
        said = (
            "the plan keeps today's split: the best other one beats it with a chance of"
            f" {chance_said(chance)} by the posterior, and below {asked.least_chance:.0%}"
            " (allocator.least_chance) no money is moved"
        )
        split = made.table[c.CURRENT_SPEND].to_numpy(dtype=np.float64)
        return allocated(GivenSplit(series, split)), [said]

    def _chance(self, made: Allocation, settings: Allocator) -> float | None:
        """The posterior's chance that a plan beats today's split of the same money.

        ``None`` without a posterior, where a target and not a budget is asked, and where the
        bounds do not allow that split.
        """
        if self.posterior is None or made.scenario != "max_response":
            return None
        names = [c.CURRENT_SPEND, c.PLANNED_SPEND, c.SPEND_LOW, c.SPEND_HIGH]
        current, planned, low, high = made.table[names].to_numpy(dtype=np.float64).T
        if not current.sum() > 0:
            return None
        same = current * (planned.sum() / current.sum())
        if (same < low * (1 - SLACK)).any() or (same > high * (1 + SLACK)).any():
            return None
        if np.allclose(same, planned):
            return None
        series = self._series(self.posterior, settings)
        return uplift_of(series, same, planned, made.periods).chance

    def _is_series(self, asked: Allocator) -> bool:
        robyns = asked.response == "mean_spend" or (
            not asked.response and asked.today == "exposure"
        )
        return not robyns and self.models is not None

    def _series(self, models: Models, settings: Allocator) -> OwnSeries:
        """The channels' series of the plan's periods; a flat one where nothing was spent then."""
        history, names = self.history, list(models.channels)
        assert history is not None
        assert self.exposures is not None
        chosen = today(history, settings) if asks_for_dates(settings) else history
        seen = self.exposures.set_index(c.DATE)[names]
        window = seen.loc[history[c.DATE]].to_numpy(dtype=np.float64)
        pattern = seen.loc[chosen[c.DATE]].to_numpy(dtype=np.float64)
        before = seen[seen.index < chosen[c.DATE].iloc[0]].to_numpy(dtype=np.float64)
        unit, mean = (table[names].mean().to_numpy(dtype=np.float64) for table in (chosen, history))
        rested = unit == 0
        pattern[:, rested] = window[:, rested].mean(axis=0)
        return OwnSeries(models, pattern, before, np.where(rested, mean, unit))

    def settings_with(self, changes: Iterable[tuple[str, Any]]) -> Allocator:
        """The job's settings with some of them changed.

        Parameters
        ----------
        changes : iterable of (str, value)
            Keys of the allocator, as :func:`mmmlib.job.changed` takes them: ``("total_budget",
            "1e6")``, ``("channels.tv.high", 1.5)``.

        Raises
        ------
        JobError
            With everything that is wrong with them.
        """
        named = [(f"allocator.{key.removeprefix('allocator.')}", value) for key, value in changes]
        return TrainingJob.parse(changed(self.job.to_values(), named)).allocator


def basis_of(run: Run, candidate: str = "") -> Basis:
    """Read what plans of a run's model are made from; its best model when none is named.

    Raises
    ------
    RunError
        The run has not trained, the candidate is not stored in full, or the run's table of
        channels lacks what a plan is made from.
    """
    channels = load_in_full(run, "channels")
    if lacking := [name for name in _COLUMNS if name not in channels]:
        raise RunError(
            f"run {run} cannot be planned with: its table channels.parquet lacks "
            f"{', '.join(lacking)}; train its job again"
        )
    stored = list(dict.fromkeys(channels[c.CANDIDATE]))
    candidate = candidate or run.load(BEST).decode().strip()
    if candidate not in stored:
        known = ", ".join(map(str, stored))
        raise RunError(f"run {run} has no curves of model {candidate}; it has those of {known}")
    channels = channels[channels[c.CANDIDATE] == candidate].reset_index(drop=True)
    left = set(channels[c.CHANNEL])
    job = run.job.without([item.name for item in run.job.channels if item.name not in left])
    window = load_in_full(run, "decomposition_over_time")[c.DATE].drop_duplicates()
    history = None
    if run.has(DATASET):
        spends = {item.name: item.spend for item in job.channels}
        history = spend_history(run.load_table("dataset"), job.date, spends, window)
    modelled = history
    if any(item.exposure for item in job.channels):
        table = run.load_table("model_input")
        modelled = spend_history(table, c.DATE, {name: name for name in left}, window)
    exposures = _exposures(run, [str(name) for name in channels[c.CHANNEL]], history)
    models, posterior = None, None
    if exposures is not None:
        posterior = _posterior(run, tuple(channels[c.CHANNEL]), job, len(exposures))
        models = posterior if job.engine == "bayes" else None
        models = models or chosen_models(
            run.load_table("candidates"), channels, job, len(exposures)
        )
    return Basis(
        candidate, channels, history, modelled, len(window), job, exposures, models, posterior,
        doubts_of(run, candidate),
    )  # fmt: skip


def doubts_of(run: Run, candidate: str) -> tuple[str, ...]:
    """What speaks against any plan of a run's model: a poor fit, a posterior without an end."""
    doubts = []
    table = run.load_table("candidates")
    own = table.loc[table[c.CANDIDATE] == candidate, c.RSQ_TRAIN]
    if (own < LEAST_FIT).any():
        doubts.append(
            f"the model explains little of {run.job.target} (R² {own.iloc[0]:.2f}): what it says"
            " of the channels, and so this plan, may be chance"
        )
    if run.has(f"{_POSTERIOR}.parquet"):
        posterior = run.load_table(_POSTERIOR)
        if len(posterior) and not posterior[c.CONVERGED].all():
            doubts.append(
                f"the posterior has not converged ({posterior[c.VERDICT].iloc[0]}), so nothing"
                " says how sure this plan is"
            )
    return tuple(doubts)


def _exposures(run: Run, names: list[str], history: pd.DataFrame | None) -> pd.DataFrame | None:
    """What the model saw of each channel, all rows; ``None`` where a row or channel is missing."""
    if history is None or not run.has("model_input.parquet"):
        return None
    table = run.load_table("model_input")
    if not {c.DATE, *names} <= set(table) or not history[c.DATE].isin(table[c.DATE]).all():
        return None
    return table[[c.DATE, *names]].sort_values(c.DATE, ignore_index=True)


def chosen_models(
    candidates: pd.DataFrame, channels: pd.DataFrame, job: TrainingJob, rows: int
) -> Models | None:
    """One candidate's curves on the series; ``None`` where the run does not say its adstock."""
    found = candidates[candidates[c.CANDIDATE] == channels[c.CANDIDATE].iloc[0]]
    names = [str(name) for name in channels[c.CHANNEL]]
    first, second = ("thetas", "") if job.adstock == "geometric" else ("scales", "shapes")
    wanted = [f"{name}_{first}" for name in names]
    wanted += [f"{name}_{second}" for name in names] if second else []
    if found.empty or not set(wanted) <= set(found):
        return None
    values = found.iloc[0][wanted].to_numpy(dtype=np.float64)[None, :]
    n = len(names)
    shapes = values[:, n:] if second else np.zeros((1, n))
    figures = (
        channels[name].to_numpy(dtype=np.float64)[None, :]
        for name in (c.ALPHA, c.INFLEXION, c.COEFFICIENT)
    )
    return Models(tuple(names), job.adstock, rows, values[:, :n], shapes, *figures)


def _posterior(run: Run, names: tuple[str, ...], job: TrainingJob, rows: int) -> Models | None:
    if not (run.has(f"{_POSTERIOR}.parquet") and run.has(f"{_POSTERIOR}_draws.parquet")):
        return None
    table = run.load_table(_POSTERIOR)
    if table.empty or not table[c.CONVERGED].all():
        return None
    draws = run.load_table(f"{_POSTERIOR}_draws")
    if not set(names) <= set(draws[c.CHANNEL]):
        return None
    picked = np.unique(draws[c.DRAW])
    picked = picked[:: max(1, len(picked) // MOST_DRAWS)]
    kept = draws[draws[c.DRAW].isin(picked)]
    return Models.of_draws(kept, names, job.adstock, rows)
