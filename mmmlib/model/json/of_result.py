"""An exported model of one candidate of a training result."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from mmmlib.ground import RunError, columns as c
from mmmlib.job import Range, TrainingJob
from mmmlib.model.json.model import ERRORS, PENALTY, ExportedModel, Search, Variable
from mmmlib.model.result import TrainingResult


def model_of(
    result: TrainingResult,
    job: TrainingJob,
    candidate: str = "",
    ranges: dict[str, Range] | None = None,
) -> ExportedModel:
    """Take one candidate out of a result, under the names of the job.

    Parameters
    ----------
    result : TrainingResult
    job : TrainingJob
        The job without the variables that the data dropped.
    candidate : str
        One whose decomposition is kept: on a front, or the best model (the default).
    ranges : dict, optional
        Bounds that were searched, where they are not those of the job (a refresh).

    Raises
    ------
    RunError
        There is no such candidate, or its decomposition is not kept.
    """
    candidate = candidate or result.best
    row, totals = _candidate(result, candidate)
    dates = pd.Series(result.model_input[c.DATE])
    fitted = result.decomposition_over_time
    inside = fitted.loc[fitted[c.CANDIDATE] == fitted[c.CANDIDATE].iloc[0], c.DATE].unique()
    first = int((dates < inside.min()).sum())
    rows = len(inside)
    target = result.model_input[c.TARGET].iloc[first : first + rows]
    asked = dict(job.ranges())
    if job.ts_validation:
        asked[c.TRAIN_SIZE] = job.train_size
    searched = asked | {c.LAMBDA: job.lambda_range}
    if job.penalty_factors:
        searched |= {variable.name + PENALTY: (0.0, 1.0) for variable in variables_of(job)}
    searched |= ranges or {}
    if not job.ts_validation:
        searched[c.TRAIN_SIZE] = (1.0, 1.0)
    step = (dates.iloc[1] - dates.iloc[0]).days if len(dates) > 1 else 7
    return ExportedModel(
        candidate=candidate,
        date=job.date,
        target=job.target,
        target_type=job.target_type,
        interval_days=step,
        country=holiday_country(job),
        variables=variables_of(job),
        window=(_day(inside.min()), _day(inside.max())),
        first=first,
        rows=rows,
        total_rows=len(dates),
        adstock=job.adstock,
        values=_values(result, job, row),
        asked=asked,
        ranges=searched,
        errors={name: float(row[name]) for name in ERRORS},
        summary=_summary(result, totals, job),
        search=_search(result, job, candidate),
        calibration=job.calibration,
        spend_total=float(totals[c.SPEND].sum()),
        target_total=float(target.sum()),
        raw_data=None,
        version=result.engine,
    )


def variables_of(job: TrainingJob) -> tuple[Variable, ...]:
    """The design of a job, in its order."""
    found = [Variable(name, "prophet") for name in job.prophet]
    found += [
        Variable(item.name, "context", item.sign, item.column or item.name, factor=item.factor)
        for item in job.context
    ]
    found += [
        Variable(item.name, "paid", item.sign, item.exposure or item.spend, item.spend)
        for item in job.channels
    ]
    found += [
        Variable(item.name, "organic", item.sign, item.column or item.name) for item in job.organic
    ]
    return tuple(found)


def _candidate(result: TrainingResult, candidate: str) -> tuple[pd.Series[Any], pd.DataFrame]:
    rows = result.candidates[result.candidates[c.CANDIDATE] == candidate]
    totals = result.decomposition[result.decomposition[c.CANDIDATE] == candidate]
    if rows.empty:
        raise RunError(f"there is no candidate {candidate!r}; see candidates.parquet")
    if totals.empty:
        kept = ", ".join(result.decomposition[c.CANDIDATE].unique()[:8])
        raise RunError(
            f"candidate {candidate} is on no kept front, so its decomposition is not archived; "
            f"name another one, such as {kept}"
        )
    return rows.iloc[0], totals


def _values(result: TrainingResult, job: TrainingJob, row: pd.Series[Any]) -> dict[str, float]:
    """Hyperparameters under their names; lambda as glmnet takes it."""
    names = [*job.ranges(), c.TRAIN_SIZE, c.LAMBDA]
    if job.penalty_factors:
        totals = result.decomposition
        variables = totals.loc[totals[c.CANDIDATE] == row[c.CANDIDATE], c.VARIABLE]
        names += [f"{name}{PENALTY}" for name in variables if name != c.INTERCEPT]
    if missing := [name for name in names if name not in row.index]:
        raise RunError(f"candidates.parquet has no column {', '.join(missing)}")
    return {name: float(row[name]) for name in names}


def _summary(result: TrainingResult, totals: pd.DataFrame, job: TrainingJob) -> pd.DataFrame:
    """Decomposition with ROAS (CPA), and the interval of the candidate's cluster."""
    efficiency = c.ROAS if job.target_type == "revenue" else c.CPA
    kept = [c.VARIABLE, c.COEFFICIENT, c.CONTRIBUTION_SHARE, c.CONTRIBUTION, c.SPEND, efficiency]
    table = totals[kept].rename(columns={efficiency: "performance"}).reset_index(drop=True)
    cluster = _cluster(result, totals[c.CANDIDATE].iloc[0])
    intervals = result.cluster_intervals
    own = intervals[intervals[c.CLUSTER] == cluster].set_index(c.CHANNEL)
    for name, column in (("boot_mean", c.MEAN), ("ci_low", c.LOW), ("ci_up", c.HIGH)):
        table[name] = table[c.VARIABLE].map(own[column].to_dict())
    return table


def _cluster(result: TrainingResult, candidate: str) -> int:
    """Number of the candidate's cluster; 0 where there is none."""
    if c.CLUSTER not in result.candidates:
        return 0
    return int(result.candidates.set_index(c.CANDIDATE)[c.CLUSTER].get(candidate, 0))


def _search(result: TrainingResult, job: TrainingJob, candidate: str) -> Search:
    verdicts = result.convergence.drop_duplicates(c.OBJECTIVE)
    fronts = result.candidates[c.PARETO_FRONT]
    cluster = _cluster(result, candidate)
    sizes = result.clusters.set_index(c.CLUSTER)[c.SIZE].to_dict()
    facts = {
        "cluster": cluster,
        "of_cluster": int(sizes.get(cluster, 0)),
        "seconds": sum(result.seconds.values()),
        "candidates": len(result.candidates),
        "convergence": verdicts[c.VERDICT].astype(str).tolist(),
        "clusters": len(result.winners()),
        "calibration_constraint": job.calibration_constraint,
        "pareto_fronts": int(fronts.max()) if len(fronts) else 0,
    }
    return Search(
        job.ts_validation,
        job.intercept,
        job.intercept_sign,
        job.penalty_factors,
        job.optimizer,
        job.seed,
        job.iterations,
        job.trials,
        job.workers,
        job.rssd_zero_penalty,
        job.refresh_of,
        job.prophet_options.given(),
        facts,
    )


def holiday_country(job: TrainingJob) -> str:
    """Code of the country whose holidays a job uses, in capitals."""
    from mmmlib.data import is_file, iso_code

    return iso_code(job.country if not job.holidays or is_file(job.holidays) else job.holidays)


def _day(moment: Any) -> dt.date:
    return pd.Timestamp(moment).date()
