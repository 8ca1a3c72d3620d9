"""The truth of simulated data: what each channel really brought in, stored beside the data.

``daily.csv`` has its truth in the folder ``daily.truth``: one Parquet file a table, and the
settings that made both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmmlib.data import EXAMPLE_PREFIX, example_path
from mmmlib.ground import SourceError, columns as c, read_table
from mmmlib.job import TrainingJob
from mmmlib.simulate.parse import Simulation

TABLES = ("contributions", "baseline", "channels", "response_curves")
SETTINGS = "settings.yaml"
COUNTRY = "country"
EXPECTED = "expected"
NOISE = "noise"
SPEND_COLUMN = "spend_column"


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated data set. All tables have a plain RangeIndex.

    Attributes
    ----------
    contributions : DataFrame
        One row a country, date and channel: ``country, date, channel, spend, contribution``.
    baseline : DataFrame
        One row a country and date: ``country, date``, one column a component that is no
        channel (``intercept``, ``trend``, ...), ``expected`` (all components and channels),
        ``noise`` and ``target`` (their sum).
    channels : DataFrame
        One row a country and channel: ``country, channel, spend_column, adstock``, the
        hyperparameters (NaN where the family has none), ``spend, contribution, roas`` (sums over
        all dates), and what the response function needs and where it stands, as in
        ``TrainingResult.channels``.
    response_curves : DataFrame
        ``country, channel, spend, response, marginal_response`` a period, the definition of
        ``TrainingResult.response_curves``.
    settings : Simulation
        What made the data.
    """

    contributions: pd.DataFrame
    baseline: pd.DataFrame
    channels: pd.DataFrame
    response_curves: pd.DataFrame
    settings: Simulation

    @property
    def days(self) -> int:
        """Days of a period."""
        return 1 if self.settings.interval == "day" else 7

    def roas(self) -> pd.DataFrame:
        """True ROAS by channel over all countries: ``channel, spend, contribution, roas``."""
        sums = self.channels.groupby(c.CHANNEL, sort=False)[[c.SPEND, c.CONTRIBUTION]].sum()
        return sums.assign(**{c.ROAS: sums[c.CONTRIBUTION] / sums[c.SPEND]}).reset_index()

    def of_country(self, label: str) -> Truth | None:
        """The truth of one country, upper or lower case; ``None`` where it has none."""
        names = {str(name).casefold(): name for name in self.channels[COUNTRY].unique()}
        name = names.get(label.casefold())
        if name is None:
            return None
        tables = {table: getattr(self, table) for table in TABLES}
        own = {
            table: rows[rows[COUNTRY] == name].reset_index(drop=True)
            for table, rows in tables.items()
        }
        return Truth(**own, settings=self.settings)

    def save(self, folder: Path) -> None:
        """Write the tables and the settings into a folder, made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            getattr(self, table).to_parquet(
                folder / f"{table}.parquet", index=False, compression="zstd"
            )
        (folder / SETTINGS).write_text(self.settings.to_yaml(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Truth:
        """Read what :meth:`save` wrote.

        Raises
        ------
        SourceError
            A file is missing or cannot be read.
        """
        try:
            tables = {table: read_table(folder / f"{table}.parquet") for table in TABLES}
        except (OSError, ValueError) as error:
            raise SourceError(f"truth: {folder} cannot be read: {error}") from error
        return cls(**tables, settings=Simulation.load(folder / SETTINGS))


def truth_folder(data: Path) -> Path:
    """Where the truth of a data file lies: beside it, ``daily.csv`` → ``daily.truth``."""
    return data.with_suffix(".truth")


def truth_of(job: TrainingJob) -> Truth | None:
    """The truth of the country a job trains; ``None`` where the data are not simulated.

    Raises
    ------
    SourceError
        There is a truth, but it cannot be read.
    """
    if not job.file:
        return None
    example = job.file.startswith(EXAMPLE_PREFIX)
    data = example_path(job.file) if example else Path(job.file).expanduser()
    if not data.name or not (folder := truth_folder(data)).is_dir():
        return None
    truth = Truth.load(folder)
    countries = truth.channels[COUNTRY].unique()
    return truth.of_country(str(countries[0]) if len(countries) == 1 else job.country)
