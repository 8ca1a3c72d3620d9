"""A training result in the archive: saved table by table, loaded again, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmlib import columns as c
from mmmlib.archive import BEST, Run
from mmmlib.result import ADDED_TABLES, TABLES, TrainingResult

if TYPE_CHECKING:
    import pandas as pd

TRAINING = "training.json"  # what is no table: best model, rule, engine, seconds


def save_result(run: Run, result: TrainingResult) -> None:
    """Write every table, the best model's id, and how it was found."""
    run.save_tables(result.tables())
    run.save(BEST, f"{result.best}\n".encode())
    run.save_json(
        TRAINING,
        {
            "best": result.best,
            "rule": result.rule,
            "engine": result.engine,
            "seconds": dict(result.seconds),
            "summary": _summary(result),
        },
    )


def load_result(run: Run) -> TrainingResult:
    """Read a result back; ``RunError`` when the run has not trained."""
    facts = run.load_json(TRAINING)
    return TrainingResult(
        **{name: _table(run, name) for name in TABLES},
        best=facts["best"],
        rule=facts["rule"],
        engine=facts["engine"],
        seconds=facts["seconds"],
    )


def summarize(run: Run) -> tuple[str, dict[str, Any]]:
    """Best model and headline numbers for the manifest; empty where nothing was trained."""
    if not run.has(TRAINING):
        return "", {}
    facts = run.load_json(TRAINING)
    return facts["best"], facts["summary"]


def _table(run: Run, name: str) -> pd.DataFrame:
    """A table of the run; empty where the run is older than the table."""
    if name in ADDED_TABLES and not run.has(f"{name}.parquet"):
        import pandas as pd

        return pd.DataFrame(columns=list(ADDED_TABLES[name]))
    return run.load_table(name)


def _summary(result: TrainingResult) -> dict[str, Any]:
    """Numbers one compares runs by. ROAS and CPA may be undefined; JSON says null then."""
    errors = result.errors()
    totals = result.channel_table().set_index(c.CHANNEL)
    keys = (c.NRMSE_TRAIN, c.NRMSE_VAL, c.NRMSE_TEST, c.RSQ_TRAIN, c.DECOMP_RSSD, c.ERROR_SCORE)
    return {
        "candidates": len(result.candidates),
        **{key: _plain(errors[key]) for key in keys},
        c.SPEND: _plain(totals[c.SPEND].sum()),
        c.ROAS: {str(name): _plain(value) for name, value in totals[c.ROAS].items()},
    }


def _plain(value: Any) -> float | None:
    number = float(value)
    return number if number == number and abs(number) != float("inf") else None
