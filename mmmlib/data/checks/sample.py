"""What the checks look at: the variables of the model, as the dataset holds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.dataset import Dataset
from mmmlib.ground import DAYS, constant
from mmmlib.job import Channel, TrainingJob

FloatArray = NDArray[np.float64]
YEAR = 365.25  # days


@dataclass(frozen=True)
class Sample:
    """A dataset with the job's eyes.

    A variable whose column the dataset dropped (its ledger says so) is not looked at.
    """

    dataset: Dataset
    job: TrainingJob

    @property
    def frame(self) -> pd.DataFrame:
        """All rows."""
        return self.dataset.frame

    @cached_property
    def dates(self) -> pd.Series:
        """Dates of all rows."""
        return self.frame[self.job.date]

    @property
    def days(self) -> int:
        """Days of a row."""
        return DAYS[self.dataset.interval]

    @cached_property
    def window(self) -> slice:
        """Rows that are fitted; the window's ends move to the closest date, as in the engines."""
        if not self.job.window:
            return slice(0, len(self.dates))
        days = self.dates.to_numpy().astype("datetime64[D]")  # nanoseconds end in 2262
        first, last = (int(np.abs(days - np.datetime64(day)).argmin()) for day in self.job.window)
        return slice(first, last + 1)

    @property
    def rows(self) -> int:
        """Number of fitted rows."""
        return len(self.dates.iloc[self.window])

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """Paid channels that the dataset has."""
        held = set(self.frame.columns)
        return tuple(
            item
            for item in self.job.channels
            if item.spend in held and (item.exposure is None or item.exposure in held)
        )

    def values(self, column: str) -> FloatArray:
        """A column's fitted rows; shape (rows,)."""
        return self.frame[column].to_numpy(dtype=np.float64)[self.window]

    @property
    def target(self) -> FloatArray:
        """The target's fitted rows."""
        return self.values(self.job.target)

    def day(self, row: int) -> str:
        """Date of a fitted row."""
        return f"{self.dates.iloc[self.window.start + row].date()}"

    @cached_property
    def organic(self) -> dict[str, str]:
        """Organic variable → its column."""
        pairs = {item.name: item.column or item.name for item in self.job.organic}
        return {name: column for name, column in pairs.items() if column in self.frame}

    @cached_property
    def context(self) -> dict[str, str]:
        """Context variable that is a number → its column."""
        pairs = {i.name: i.column or i.name for i in self.job.context if not i.factor}
        return {name: column for name, column in pairs.items() if column in self.frame}

    @cached_property
    def spends(self) -> dict[str, FloatArray]:
        """Paid channel → its spend in the fitted rows."""
        return {item.name: self.values(item.spend) for item in self.channels}

    @cached_property
    def variables(self) -> dict[str, FloatArray]:
        """What the model's coefficients belong to: exposure (or spend), organic, context."""
        columns = {item.name: item.exposure or item.spend for item in self.channels}
        columns = {**columns, **self.organic, **self.context}
        return {name: self.values(column) for name, column in columns.items()}

    @cached_property
    def varying(self) -> dict[str, FloatArray]:
        """The variables that are not constant, each centred and of unit length."""
        scaled = {}
        for name, values in self.variables.items():
            if not constant(values):
                # A scale near 1 first: sums of squares of values near 1e200 would overflow.
                deviations = values / np.abs(values).max()
                deviations = deviations - deviations.mean()
                length = float(np.sqrt((deviations**2).sum()))
                if length > 0:
                    scaled[name] = deviations / length
        return scaled


@dataclass(frozen=True)
class Measured:
    """One value at one place, and what to do when it is bad."""

    where: str
    value: float
    advice: str


def robust_z(values: FloatArray) -> FloatArray:
    """Distance from the median in robust standard deviations.

    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers: 0.6745 of the distance over
    the median absolute deviation; where more than half of the values are equal that is 0, and
    the mean absolute deviation takes its place. Zero everywhere for constant values.
    """
    if not len(values):
        return values
    largest = float(np.abs(values).max())
    if largest == 0:
        return np.zeros_like(values)
    distance = values / largest - np.median(values / largest)
    absolute = np.abs(distance)
    scale = float(np.median(absolute)) / 0.6745 or 1.253314 * float(absolute.mean())
    # A deviation in the last digits of the numbers is no deviation.
    return distance / scale if scale > 1e-12 else np.zeros_like(values)
