"""Did the search converge? Each objective over the course of the trials, and a verdict in words.

Source: Robyn ``R/convergence.R: robyn_converge`` with its defaults: all trials pooled, their
course cut in 20; an objective converged when the last cut's standard deviation is below the mean
of the first three cuts', and its median below the first median by more than twice that mean.

One departure: where a search is too short for standard deviations in these cuts Robyn's verdict
is missing; here the verdict says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c

CUTS = 20
FIRST_CUTS = 3  # whose standard deviations make the limits
MEDIAN_REACH = 2  # standard deviations by which the median must fall

OBJECTIVES = {c.NRMSE: "NRMSE", c.DECOMP_RSSD: "DECOMP.RSSD", c.MAPE: "MAPE"}


def convergence(candidates: pd.DataFrame) -> pd.DataFrame:
    """Judge each objective that the search minimised.

    Parameters
    ----------
    candidates : DataFrame
        ``TrainingResult.candidates``, in the order tried. MAPE counts where it is not 0
        throughout.

    Returns
    -------
    DataFrame
        The columns of ``TrainingResult.convergence``: one row an objective and cut that holds
        candidates. Errors that are not finite or not positive count nowhere, as in Robyn.
    """
    series = {name: _course(candidates, name) for name in OBJECTIVES if name in candidates}
    series = {name: course for name, course in series.items() if len(course)}
    longest = max((int(course[c.ITERATION].max()) for course in series.values()), default=0)
    tables = [_of_objective(name, course, longest) for name, course in series.items()]
    return pd.concat(tables, ignore_index=True)


def verdicts(table: pd.DataFrame) -> list[str]:
    """The verdict on each objective."""
    return table.drop_duplicates(c.OBJECTIVE)[c.VERDICT].tolist()


def _course(candidates: pd.DataFrame, objective: str) -> pd.DataFrame:
    """The objective's usable values, numbered within each trial from 1."""
    values = candidates[objective].to_numpy(dtype=np.float64)
    used = candidates[[c.TRIAL, objective]][np.isfinite(values) & (values > 0)]
    course: pd.DataFrame = used.assign(**{c.ITERATION: used.groupby(c.TRIAL).cumcount() + 1})
    return course


def _of_objective(objective: str, course: pd.DataFrame, longest: int) -> pd.DataFrame:
    # right-closed intervals of equal width, as R's cut() makes them; in whole numbers
    cuts = (course[c.ITERATION] * CUTS + longest - 1) // longest
    grouped = course[objective].groupby(cuts.rename(c.CUT))
    table = grouped.agg(["size", "median", "std"]).reset_index()
    table.columns = pd.Index([c.CUT, c.COUNT, c.MEDIAN, c.SD])
    table.insert(0, c.OBJECTIVE, objective)
    table.insert(2, c.ITERATION, np.round(table[c.CUT] * longest / CUTS).astype(np.int64))
    sd_limit = table[c.SD].iloc[:FIRST_CUTS].mean(skipna=False)
    median_limit = abs(table[c.MEDIAN].iloc[0] - MEDIAN_REACH * sd_limit)
    median, sd = table[[c.MEDIAN, c.SD]].iloc[-1]
    judged = len(table) > FIRST_CUTS and not np.isnan([sd, sd_limit]).any()
    steady, lower = bool(sd < sd_limit), bool(abs(median) < median_limit)
    return table.assign(
        **{
            c.SD_LIMIT: sd_limit,
            c.MEDIAN_LIMIT: median_limit,
            c.CONVERGED: judged and steady and lower,
            c.VERDICT: _verdict(OBJECTIVES[objective], table, median_limit, sd_limit)
            if judged
            else f"{OBJECTIVES[objective]}: the search is too short to say whether it converged",
        }
    )


def _verdict(name: str, table: pd.DataFrame, median_limit: float, sd_limit: float) -> str:
    median, sd = table[[c.MEDIAN, c.SD]].iloc[-1]
    steady, lower = sd < sd_limit, abs(median) < median_limit
    spread = f"its spread at the end, {sd:.3g}, is {_side(steady)} the {sd_limit:.3g} of the start"
    level = f"its median, {median:.3g}, is {_side(lower)} the {median_limit:.3g} asked for"
    if steady and lower:
        return f"{name} converged: {spread}, and {level}"
    reasons = [text for text, good in ((spread, steady), (level, lower)) if not good]
    return f"{name} did not converge: {', and '.join(reasons)}; more iterations may help"


def _side(below: bool) -> str:
    return "below" if below else "not below"
