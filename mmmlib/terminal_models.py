"""What `mmm` does with archived models: recreate, reproduce, refresh, export."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from mmmlib import columns as c
from mmmlib.archive import REFRESH_CHANGES, Archive, Run
from mmmlib.archived import load_input, load_model, trained_job
from mmmlib.errors import JobError, Problem, RunError, StoreError
from mmmlib.exported import ExportedModel, file_name, read_model, write_model
from mmmlib.job import TrainingJob, plain_values
from mmmlib.preflight import dataset_of
from mmmlib.recreate import Recreation, job_of, recreate, recreate_on
from mmmlib.refresh import changes_of, chosen_model, continued_job
from mmmlib.refresh.continued_job import ITERATIONS, TRIALS
from mmmlib.reproduce import compare_runs, copy_dataset, reproducible_job
from mmmlib.terminal import console, show_run, watch

WORST = 8  # figures shown of those that differ most


def show_recreation(
    archive: Archive, what: str, candidate: str, data: str, holidays: str, tolerance: float
) -> bool:
    """Fit a model again and show it beside what was exported; say whether it is the same.

    Parameters
    ----------
    archive : Archive
    what : str
        A run, or a JSON file.
    candidate : str
        Of a run; empty is its best model.
    data, holidays : str
        Data file and holidays (ISO code or file) of a JSON file.
    tolerance : float
        Relative difference up to which the model counts as the same.
    """
    out = console()
    if what.endswith(".json"):
        made = _of_file(what, candidate, data, holidays)
    else:
        made = _of_run(archive.run(what), candidate, data)
    table = made.table.sort_values(c.DIFFERENCE, ascending=False, kind="stable").head(WORST)
    rows = ([*row[:2], *(f"{n:.12g}" for n in row[2:4]), f"{row[4]:.1e}"] for row in _rows(table))
    out.print(f"model {made.candidate}: {len(made.table)} figures compared; the furthest apart:")
    out.print(_table([*table.columns[:-1], "relative difference"], rows))
    for note in made.notes:
        out.print(f"  - {escape(note)}")
    same = made.same(tolerance)
    verdict = "[green]recreated[/green]" if same else "[red]differs[/red]"
    out.print(f"{verdict}: largest difference {made.largest:.1e}, tolerance {tolerance:g}")
    return same


def _of_run(run: Run, candidate: str, data: str) -> Recreation:
    if data:
        raise RunError("--data is for a JSON file; a run has its own data")
    model, job = load_model(run, candidate), trained_job(run)
    parent = chosen_model(run.store, job.refresh_of).parent(job) if job.refresh_of else None
    return recreate(model, job, load_input(run), parent)


def _of_file(path: str, candidate: str, data: str, holidays: str) -> Recreation:
    try:
        model = read_model(Path(path).read_bytes(), Path(path).name)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    if candidate and candidate != model.candidate:
        raise RunError(f"{path} holds {model.candidate}, not {candidate}")
    with tempfile.TemporaryDirectory() as folder:
        job = job_of(model, data or _raw_data(model, path, folder), holidays)
        return recreate_on(model, job, dataset_of(job))


def _raw_data(model: ExportedModel, path: str, folder: str) -> str:
    if model.raw_data is None:
        raise RunError(f"{path} has no raw data in it; name them with --data FILE")
    file = str(Path(folder, "raw_data.csv"))
    model.raw_data.to_csv(file, index=False)
    return file


def export_model(run: Run, candidate: str, output: str, with_data: bool) -> str:
    """Write a model of a run to a JSON file that Robyn reads too; return its path."""
    model = load_model(run, candidate)
    data = run.load_table("dataset") if with_data else None
    path = output or file_name(model.candidate)
    try:
        Path(path).write_bytes(write_model(model, data))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return path


def show_reproduction(run: Run) -> bool:
    """Train a run again as a new one, and show what differs; say whether nothing does."""
    out = console()
    job = reproducible_job(run)
    new = watch(job, lambda claimed: copy_dataset(run, claimed))
    found = compare_runs(run, new)
    rows = ([*row[:3], f"{row[3]:.1e}" if row[3] else "", row[4]] for row in _rows(found.tables))
    out.print(f"\nrun {run} against its reproduction {new}:")
    out.print(_table(["table", "rows", "cells that differ", "largest", ""], rows))
    out.print(f"best model: {found.best[0]}, now {found.best[1]}")
    if len(found.surroundings):
        out.print("what else differs:")
        out.print(_table(["", "before", "now"], _rows(found.surroundings)))
    verdict = "[green]reproduced[/green]" if found.same else "[red]differs[/red]"
    how = f"within {found.tolerance:g}" if found.tolerance else "to the last bit"
    out.print(f"{verdict} ({how})")
    return found.same


def refresh_run(
    run: Run, candidate: str, file: str, steps: int, parameters: Sequence[tuple[str, str]]
) -> Run:
    """Continue a model of a run on newer data, as a new run; show what has changed.

    Parameters
    ----------
    run : Run
    candidate : str
        Empty is the best model.
    file : str
        Newer data; empty reads the job's own source again.
    steps : int
        Rows by which the window moves; 0 is all that are new.
    parameters : sequence of pairs
        Keys of the job to be set, values as YAML.

    Raises
    ------
    JobError
        A key was to be set that a refresh sets itself, or the job is not valid then.
    RunError, DataError
        See :func:`mmmlib.refresh.chosen_model` and :func:`mmmlib.refresh.continued_job`.
    """
    out = console()
    values: dict[str, Any] = {"iterations": ITERATIONS, "trials": TRIALS, "root": run.store.root}
    for key, value in parameters:
        values |= plain_values(f"{key}: {value}")
    if moved := {"window", "refresh_of"} & set(values):
        raise JobError(
            Problem(key, "is what a refresh sets itself; --steps says how far") for key in moved
        )
    chosen = chosen_model(run.store, f"{run}/{candidate}" if candidate else str(run))
    job = trained_job(run)
    if file:
        values["file"] = file
    if job.engine != "native" and "engine" not in values:
        values["engine"] = "native"
        out.print(f"engine native continues the model of engine {job.engine}")
    # where the window moves to is known once the data are read
    base = TrainingJob.parse(job.to_values() | values | {"window": [], "refresh_of": ""})
    continued, notes = continued_job(chosen, base, dataset_of(base), steps)
    for note in notes:
        out.print(f"  - {escape(note)}")
    before, after = (" … ".join(map(str, each)) for each in (chosen.model.window, continued.window))
    out.print(
        f"refresh of model {chosen.model.candidate} of run {run}: the window moves from {before} "
        f"to {after}"
    )
    new = watch(continued)
    show_run(new)
    show_changes(new)
    return new


def show_changes(run: Run) -> None:
    """Show what a refresh has changed: data, errors, shares and ROAS."""
    out = console()
    table = changes_of(run)
    shown = table[table[c.PART].isin(["data", "error", "share", c.ROAS, c.CPA])]
    rows = (
        [row[0], row[1], *(_figure(number) for number in row[2:5]), row[5]] for row in _rows(shown)
    )
    out.print("What the refresh has changed:")
    out.print(_table([c.PART, "", "before", "now", "change", ""], rows))
    out.print(f"All of it, coefficients too: {run.place}/{REFRESH_CHANGES}")


def _figure(number: float) -> str:
    if number != number:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _rows(table: Any) -> Iterable[list[Any]]:
    return (list(row) for row in table.itertuples(index=False))


def _table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    return table
