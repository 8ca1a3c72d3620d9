"""What a run found: its tables, its model's response and plans. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.archive import (
    ANNOTATIONS,
    CHANGES,
    DATASET,
    HOLIDAYS,
    Run as ArchivedRun,
    asked_model,
    load_result,
    response_of,
)
from mmmlib.data import Dataset, load_dataset, read_annotations
from mmmlib.ground import ReadableTable, RunError, columns as c

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.model import Response, TrainingResult
    from mmmlib.plan import Ahead, Allocation


@dataclass(frozen=True)
class TrainedRun(ArchivedRun):
    """A run of the archive, and what it found; a person holds a :class:`mmmlib.Run`."""

    @cached_property
    def result(self) -> TrainingResult:
        """Every table of the training, of the best model by its rule; ``RunError`` before it."""
        return load_result(self)

    @property
    def channels(self) -> pd.DataFrame:
        """Spend, shares, ROAS (or CPA) and where each channel stands, of the run's model."""
        import pandas as pd

        from mmmlib.ui.run.findings import read_findings

        found = read_findings(self)
        table = pd.DataFrame(found.channels).dropna(axis="columns", how="all")
        return ReadableTable(table.rename(columns={"efficiency": found.efficiency.lower()}))

    @property
    def intervals(self) -> pd.DataFrame:
        """How sure ROAS (or CPA) is, by channel: the posterior's mean and interval, and a word.

        Empty where the posterior was turned off or has not converged.

        Examples
        --------
        >>> import mmmlib
        >>> list(mmmlib.open("latest").intervals.columns)
        ['channel', 'roas', 'low', 'high', 'known']
        """
        from mmmlib.report import posterior

        rows = posterior(self.result)
        name = str(rows[c.EFFICIENCY].iloc[0]) if len(rows) else c.ROAS
        shown = rows[[c.CHANNEL, c.MEAN, c.LOW, c.HIGH, c.KNOWN]].rename(columns={c.MEAN: name})
        return ReadableTable(shown)

    @property
    def dataset(self) -> Dataset:
        """The data that the run was trained on."""
        table, holidays = self.load_table(Path(DATASET).stem), self.load(HOLIDAYS)
        return load_dataset(self.job, table, holidays, self.load_json(CHANGES))

    @property
    def annotations(self) -> pd.DataFrame:
        """Dates with a label that are drawn on the charts."""
        return read_annotations(self.load(ANNOTATIONS) if self.has(ANNOTATIONS) else b"")

    def model(self, candidate: str = "") -> TrainingResult:
        """The result with another model in the place of the best one.

        Raises
        ------
        RunError
            The model is not stored in full: it is neither the best one nor a cluster's winner.
        """
        name, why = asked_model(self, candidate)
        try:
            return self.result if name == self.result.best else self.result.with_best(name, why)
        except ValueError as error:
            raise RunError(f"run {self}: model {error}") from None

    def response(self, channel: str, candidate: str = "") -> Response:
        """The response function of a paid or organic channel.

        Examples
        --------
        >>> import mmmlib
        >>> tv = mmmlib.open("latest").response("tv")
        >>> bool(tv.marginal(20_000) > 0)
        True
        """
        return response_of(self, channel, asked_model(self, candidate)[0])

    def plan(self, candidate: str = "", **settings: Any) -> Allocation:
        """Where the money of one period goes, by the job's settings or others; archives nothing.

        Parameters
        ----------
        candidate : str
            The model to plan with.
        **settings
            Keys of the allocator, those within others with dots: the words of
            ``mmm allocate -p``.

        Raises
        ------
        JobError
            With everything that is wrong with the settings.

        Examples
        --------
        >>> import mmmlib
        >>> plan = mmmlib.open("latest").plan(total_budget=9e6, **{"channels.tv.high": 1.2})
        >>> round(plan.budget * plan.periods)
        9000000
        """
        from mmmlib.plan import basis_of

        basis = basis_of(self, asked_model(self, candidate)[0])
        return basis.plan(basis.settings_with(settings.items()))

    def ahead(self, candidate: str = "") -> Ahead:
        """Plans as calendars, past or ahead: make, read and score them; archives nothing.

        Parameters
        ----------
        candidate : str
            The model to plan with.

        Raises
        ------
        RunError
            The run lacks the series that its model saw.

        Examples
        --------
        >>> import mmmlib
        >>> ahead = mmmlib.open("latest").ahead()
        >>> quarter = ahead.calendar(*ahead.next_periods(13), total=2e6)
        >>> ahead.score(quarter)
        Score of 2,000,000.00, ...: brings ..., ROAS ...
        response in these periods ..., of it carried in ...; carried out after them ...
        """
        from mmmlib.plan import ahead_of

        return ahead_of(self, asked_model(self, candidate)[0])
