"""What ``--json`` prints: stable, for programs. ``mmm schema`` prints the schema of each.

A field is never renamed or taken away within a format; new ones may come. Amounts are in the
currency and the unit of the data, shares between 0 and 1; a figure that does not exist is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from mmmlib.ground import columns as c

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.archive import Archive, Run
    from mmmlib.data import Finding
    from mmmlib.model import TrainingResult
    from mmmlib.plan import Allocation


def _none(value: Any) -> Any:
    """NaN and infinity have no JSON; there is no such figure."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


Figure = Annotated[float | None, BeforeValidator(_none)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedRun(_Answer):
    """One run of a list."""

    run: str
    status: str
    seconds: Figure
    who: str
    best: str
    nrmse_train: Figure
    decomp_rssd: Figure
    note: str


class Runs(_Answer):
    """``mmm runs --json``: newest first."""

    format: Literal[1] = 1
    root: str
    runs: list[ListedRun]

    @classmethod
    def of(cls, archive: Archive, revision: str, country: str) -> Runs:
        """The runs of an archive."""
        table = archive.table(revision, country)
        return cls(root=archive.store.root, runs=_rows(table, ListedRun))


class ChannelFigures(_Answer):
    """One paid channel over the window: what it cost and what it brought."""

    channel: str
    spend: Figure
    spend_share: Figure
    effect_share: Figure
    roas: Figure
    cpa: Figure


class Belief(_Answer):
    """What the posterior says of one paid channel, with its interval."""

    channel: str
    mean: Figure
    low: Figure
    high: Figure
    level: Figure
    known: str


class Show(_Answer):
    """``mmm show --json``: one run. ``best`` is empty and lists are where nothing was trained."""

    format: Literal[1] = 1
    run: str
    status: str
    error: str
    engine: str
    optimizer: str
    best: str
    promoted: str
    candidates: int
    errors: dict[str, Figure]
    channels: list[ChannelFigures]
    posterior: list[Belief]
    changes: list[dict[str, Any]]
    artifacts: list[str]
    place: str

    @classmethod
    def of(cls, run: Run) -> Show:
        """What ``mmm show`` prints of a run."""
        from mmmlib.archive import CHANGES, TRAINING, load_result, promotion

        run = run.seen()
        state, job = run.state(), run.job
        result = load_result(run) if run.has(TRAINING) else None
        made = promotion(run, result.best) if result else None
        errors = {} if result is None else _errors(result)
        return cls(
            run=str(run),
            status=str(state.status),
            error=state.error,
            engine=result.engine if result else job.engine,
            optimizer=result.optimizer if result else job.optimizer,
            best=result.best if result else "",
            promoted=made.candidate if made else "",
            candidates=len(result.candidates) if result else 0,
            errors=errors,
            channels=_rows(result.channel_table(), ChannelFigures) if result else [],
            posterior=_rows(_paid(result.posterior), Belief) if result else [],
            changes=run.load_json(CHANGES) if run.has(CHANGES) else [],
            artifacts=sorted(run.artifacts()),
            place=run.place,
        )


class PlannedChannel(_Answer):
    """One channel of a plan, a period."""

    channel: str
    current_spend: Figure
    planned_spend: Figure
    current_response: Figure
    planned_response: Figure
    planned_marginal: Figure
    spend_low: Figure
    spend_high: Figure
    binding: str


class Plan(_Answer):
    """``mmm allocate --json``: amounts are those of one period."""

    format: Literal[1] = 1
    run: str
    candidate: str
    scenario: str
    budget: Figure
    periods: int
    period: str
    channels: list[PlannedChannel]
    metrics: dict[str, dict[str, Figure]]
    warnings: list[str]

    @classmethod
    def of(cls, run: Run, candidate: str, plan: Allocation, period: str) -> Plan:
        """A plan that was made with a model of a run."""
        metrics = plan.metrics().set_index(c.METRIC)[[c.CURRENT, c.PLANNED]]
        return cls(
            run=str(run),
            candidate=candidate,
            scenario=plan.scenario,
            budget=plan.budget,
            periods=plan.periods,
            period=period,
            channels=_rows(plan.table, PlannedChannel),
            metrics={str(name): dict(row) for name, row in metrics.iterrows()},
            warnings=list(plan.warnings),
        )


class QueuedRun(_Answer):
    """One run that goes on or waits; ``place`` counts from 1 within its queue."""

    queue: str
    place: int
    run: str
    status: str
    who: str


class Queues(_Answer):
    """``mmm queue --json``: those that go on, then those that wait, in their order."""

    format: Literal[1] = 1
    runs: list[QueuedRun]

    @classmethod
    def of(cls, archive: Archive) -> Queues:
        """Every queue of an archive."""
        from mmmlib.launching import listed

        rows, places = [], dict[str, int]()
        for queue, run in listed(archive):
            places[queue] = places.get(queue, 0) + 1
            state = run.state()
            rows.append(
                QueuedRun(
                    queue=queue,
                    place=places[queue],
                    run=str(run),
                    status=str(state.status),
                    who=state.who,
                )
            )
        return cls(runs=rows)


class Said(_Answer):
    """One problem of a job, and where it is."""

    where: str
    message: str


class JobCheck(_Answer):
    """``mmm job check --json``: whether the job can be trained, and everything against it."""

    format: Literal[1] = 1
    ready: bool
    summary: str
    problems: list[Said]


class Judged(_Answer):
    """One check of the data, as in ``checks.json``."""

    id: str
    verdict: str
    where: str
    value: Figure
    threshold: Figure
    advice: str


class Recoverable(_Answer):
    """What error to expect of a channel; see ``docs/checks.md``."""

    channel: str
    error: Figure
    high: Figure
    factor: Figure
    known: str


class DataCheck(_Answer):
    """``mmm data check --json``; ``recoverability`` only where it was asked for."""

    format: Literal[1] = 1
    passed: bool
    findings: list[Judged]
    recoverability: list[Recoverable] = []

    @classmethod
    def of(cls, findings: Iterable[Finding], expected: pd.DataFrame | None = None) -> DataCheck:
        """All findings; one FAIL is enough to stop a run."""
        from mmmlib.data import Verdict

        judged = [
            Judged(**vars(finding) | {"verdict": str(finding.verdict)}) for finding in findings
        ]
        return cls(
            passed=all(item.verdict != Verdict.FAIL for item in judged),
            findings=judged,
            recoverability=[] if expected is None else _rows(expected, Recoverable),
        )


ANSWERS: dict[str, type[_Answer]] = {
    "runs": Runs,
    "show": Show,
    "allocate": Plan,
    "queue": Queues,
    "job-check": JobCheck,
    "data-check": DataCheck,
}
_Row = TypeVar("_Row", bound=_Answer)
_ERRORS = (c.NRMSE_TRAIN, c.NRMSE_VAL, c.NRMSE_TEST, c.DECOMP_RSSD, c.MAPE, c.RSQ_TRAIN)


def _rows(table: pd.DataFrame, row: type[_Row]) -> list[_Row]:
    """Rows of a table, with the columns that the answer has."""
    known = [name for name in row.model_fields if name in table]
    missing = {name: None for name in row.model_fields if name not in table}
    records = table[known].to_dict("records")
    return [row(**missing, **{str(key): value for key, value in r.items()}) for r in records]


def _errors(result: TrainingResult) -> dict[str, float | None]:
    """The errors of the best model that it has."""
    best = result.candidates[result.candidates[c.CANDIDATE] == result.best].iloc[0].to_dict()
    return {key: float(best[key]) for key in _ERRORS if key in best}


def _paid(posterior: pd.DataFrame) -> pd.DataFrame:
    return posterior[posterior[c.ROLE] == "paid"] if len(posterior) else posterior
