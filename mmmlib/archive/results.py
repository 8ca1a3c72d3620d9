"""A training result in the archive: saved table by table, loaded again, summed up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.archive.run import BEST, CHANGES, HOLIDAYS, Run
from mmmlib.archive.stores import together
from mmmlib.data import DROPPED
from mmmlib.ground import DataError, Problem, StoreError, columns as c, from_sheet
from mmmlib.job import Range, TrainingJob
from mmmlib.model import (
    ADDED_TABLES,
    DAY,
    TABLES,
    ExportedModel,
    Response,
    TrainingResult,
    file_name,
    holiday_country,
    model_of,
    read_model,
    study_rows,
    variables_of,
    write_model,
)

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.model import ModelInput, Parent

TRAINING = "training.json"  # what is no table: best model, rule, engine, seconds


def save_result(run: Run, result: TrainingResult, parent: Parent | None = None) -> None:
    """Write every table, the engine's own files, the best model's id, and how it was found.

    ``parent`` is the model that a refresh continued.
    """
    run.save_tables(result.tables())
    for name, data in result.files.items():
        run.save(name, data)
    run.save(BEST, f"{result.best}\n".encode())
    run.save_json(
        TRAINING,
        {
            "best": result.best,
            "rule": result.rule,
            "engine": result.engine,
            "optimizer": result.optimizer,
            "seconds": dict(result.seconds),
            "summary": _summary(result),
            "parent": {"run": parent.run, "candidate": parent.candidate} if parent else None,
        },
    )


def save_models(
    run: Run, result: TrainingResult, job: TrainingJob, ranges: dict[str, Range] | None = None
) -> None:
    """Write the best model and the clusters' winners in Robyn's JSON format, without data.

    ``job`` is what was trained (:func:`trained_job`), ``ranges`` the bounds that were searched
    where they are not its own.
    """
    for candidate in dict.fromkeys([result.best, *result.winners().values()]):
        model = model_of(result, job, candidate, ranges)
        run.save(file_name(candidate), write_model(model))


def export_model(run: Run, candidate: str, output: str = "", with_data: bool = False) -> str:
    """Write a model of a run to a JSON file that Robyn reads too; return its path."""
    model = load_model(run, candidate)
    data = run.load_table("dataset") if with_data else None
    holidays = None
    if with_data and run.has(HOLIDAYS):
        holidays = from_sheet(run.load(HOLIDAYS), parse_dates=[c.DATE])
    path = output or file_name(model.candidate)
    try:
        Path(path).write_bytes(write_model(model, data, holidays))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return path


def trained_job(run: Run) -> TrainingJob:
    """The run's job without the variables that its data dropped."""
    changes = run.load_json(CHANGES) if run.has(CHANGES) else []
    return run.job.without({item["where"] for item in changes if item["what"] == DROPPED})


def load_model(run: Run, candidate: str = "") -> ExportedModel:
    """A model of the run under the names of its job: from its JSON, or else from the tables.

    Parameters
    ----------
    run : Run
        Of either engine.
    candidate : str
        Any candidate on a kept front; empty is the best model.

    Raises
    ------
    RunError
        The run has not trained, or there is no such candidate.
    DataError
        The JSON is damaged, or belongs to another run.
    """
    candidate = candidate or run.load(BEST).decode().strip()
    job, name = trained_job(run), file_name(candidate)
    if not run.has(name):
        return model_of(load_result(run), job, candidate)
    model = read_model(run.load(name), name).in_words_of(job)
    wanted = {*job.prophet, *(item.name for item in (*job.context, *job.media))}
    if differing := sorted(wanted ^ {variable.name for variable in model.variables}):
        why = f"it and the job of run {run} differ in {', '.join(differing)}"
        raise DataError([Problem(name, f"is the model of another run: {why}")])
    columns = {variable.name: variable for variable in variables_of(job)}
    model = replace(
        model,  # Robyn saw the job's names; the job knows the columns of the data behind them
        date=job.date,
        target=job.target,
        country=holiday_country(job),
        variables=tuple(columns[variable.name] for variable in model.variables),
    )
    return _with_spend(model, run, job)


def _with_spend(model: ExportedModel, run: Run, job: TrainingJob) -> ExportedModel:
    """Robyn's files do not say what was spent in the window; the run's dataset does."""
    frame = run.load_table("dataset").iloc[model.first : model.first + model.rows]
    spent = {item.name: float(frame[item.spend].sum()) for item in job.channels}
    summary = model.summary
    return replace(model, summary=summary.assign(**{c.SPEND: summary[c.VARIABLE].map(spent)}))


def load_input(run: Run) -> ModelInput:
    """What the run's models were fitted on, from its archived tables."""
    import pandas as pd

    from mmmlib.model import ModelInput

    job, frame = trained_job(run), run.load_table("dataset")
    spends = pd.DataFrame({item.name: frame[item.spend] for item in job.channels})
    return ModelInput.of_table(run.load_table("model_input"), spends, job)


def load_result(run: Run) -> TrainingResult:
    """Read a result back; ``RunError`` when the run has not trained."""
    facts = run.load_json(TRAINING)
    read = together(run.store, lambda name: _table(run, name), TABLES)
    tables: dict[str, Any] = dict(zip(TABLES, read, strict=True))
    return TrainingResult(
        **tables,
        best=facts["best"],
        rule=facts["rule"],
        engine=facts["engine"],
        seconds=facts["seconds"],
        optimizer=facts.get("optimizer", ""),
    )


def summarize(run: Run) -> tuple[str, dict[str, Any]]:
    """Best model and headline numbers for the manifest; empty where nothing was trained."""
    if not run.has(TRAINING):
        return (run.load(BEST).decode().strip() if run.has(BEST) else ""), {}
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


def lifts_of(run: Run, candidate: str = "") -> pd.DataFrame:
    """What lift studies measured beside what a model says of the same channels and dates.

    Parameters
    ----------
    run : Run
    candidate : str
        Any candidate on a kept front; empty is the best model.

    Returns
    -------
    DataFrame
        One row a study of the job: ``channels`` (joined by +), ``start, end, scope``, ``measured``
        and ``modelled`` in units of the target over the study's days as Robyn counts them, and
        ``difference`` (of the modelled from the measured, as a share of that). The mean of its
        absolute values is the candidate's MAPE.

    Raises
    ------
    RunError
        The run has not trained, or has no such candidate.
    """
    import pandas as pd

    model, data = load_model(run, candidate), load_input(run)
    rows = []
    for study in trained_job(run).calibration:
        first, last = study_rows(data, study)
        covered = (data.dates[last] - data.dates[first]) / DAY
        credited = sum(
            Response.of(model, data, name).credited(first, last, study.scope == "immediate")
            for name in study.channels
        )
        modelled = credited * (study.end - study.start).days / float(covered)
        rows.append(
            {
                "channels": " + ".join(study.channels),
                "start": study.start.isoformat(),
                "end": study.end.isoformat(),
                "scope": study.scope,
                "measured": study.lift,
                "modelled": modelled,
                "difference": (modelled - study.lift) / abs(study.lift),
            }
        )
    columns = ["channels", "start", "end", "scope", "measured", "modelled", "difference"]
    return pd.DataFrame(rows, columns=columns)


def response_of(run: Run, channel: str, candidate: str = "") -> Response:
    """The response function of a channel of an archived model, of either engine.

    Parameters
    ----------
    run : Run
    channel : str
        A paid or organic channel of the job.
    candidate : str
        Any candidate on a kept front; empty is the best model.

    Raises
    ------
    RunError
        The run has not trained, or has no such candidate.
    DataError
        There is no such channel.
    """
    return Response.of(load_model(run, candidate), load_input(run), channel)
