"""What a plan is made from, read from a run's archive once and planned with many times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.archive import BEST, DATASET, Run, load_in_full
from mmmlib.ground import RunError, columns as c, period_name
from mmmlib.job import Allocator, TrainingJob, changed
from mmmlib.plan.allocate import allocate
from mmmlib.plan.allocation import Allocation, TargetType
from mmmlib.plan.history import spend_history

if TYPE_CHECKING:
    import pandas as pd


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
    """

    candidate: str
    channels: pd.DataFrame
    history: pd.DataFrame | None
    modelled: pd.DataFrame | None
    periods: int
    job: TrainingJob

    @property
    def target_type(self) -> TargetType:
        """``revenue`` or ``conversion``."""
        return self.job.target_type

    @property
    def period(self) -> str:
        """Name of one period: ``day``, ``week``, ``month``, or ``period`` without a history."""
        return "period" if self.history is None else period_name(self.history[c.DATE])

    def plan(self, settings: Allocator | None = None) -> Allocation:
        """Plan with the job's settings or others; milliseconds, nothing is read or written."""
        asked = self.job.allocator if settings is None else settings
        if not asked.today:
            today = "exposure" if self.job.engine == "robyn" else "paid"
            asked = asked.model_copy(update={"today": today})
        return allocate(
            self.channels, asked, self.periods, self.target_type, self.history, self.modelled
        )

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
    return Basis(candidate, channels, history, modelled, len(window), job)
