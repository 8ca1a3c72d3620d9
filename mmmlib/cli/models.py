"""Commands of ``mmm`` on archived models."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from mmmlib.archive import BEST, REFRESH_CHANGES, Archive, Run, export_model
from mmmlib.cli.answers import Plan
from mmmlib.cli.options import (
    FAILED,
    cancelled,
    candidate_option,
    json_option,
    root_option,
    run_argument,
    say_model,
    says_errors,
    settable,
)
from mmmlib.cli.progress import watch
from mmmlib.cli.show import show_run
from mmmlib.cli.tables import console, table
from mmmlib.data import dataset_of
from mmmlib.ground import RunError, StoreError, columns as c, figure
from mmmlib.model import ExportedModel, read_model
from mmmlib.run import (
    Recreation,
    changes_of,
    compare_runs,
    copy_dataset,
    job_of,
    recreate_on,
    recreate_run,
    refreshed_job,
    reproducible_job,
)

_named = click.argument("candidate", default="")


@click.command()
@run_argument
@candidate_option
@settable("Set one key of the allocator, such as total_budget or channels.tv.high.")
@click.option("-o", "output", default="", metavar="FILE", help="Write the plan, .csv or .xlsx.")
@json_option
@root_option
@says_errors
def allocate(
    run: str,
    candidate: str,
    parameters: tuple[tuple[str, str], ...],
    output: str,
    as_json: bool,
    root: str,
) -> None:
    """Plan the budget with a RUN's model, by its job's settings or others; archives nothing."""
    from mmmlib.plan import basis_of, plan_text, write_plan

    found = Archive(root).trained(run)
    chosen = say_model(found, candidate)
    basis = basis_of(found, chosen)
    plan = basis.plan(basis.settings_with(parameters))
    if as_json:
        click.echo(Plan.of(found, chosen, plan, basis.period).model_dump_json(indent=2))
    else:
        click.echo(plan_text(plan, basis.period))
    if output:
        write_plan(plan, Path(output))


@click.command()
@click.argument("run", default="latest", metavar="RUN_OR_MODEL.JSON")
@_named
@click.option("--data", default="", metavar="FILE", help="Data of a JSON file without its own.")
@click.option("--holidays", default="", help="Holidays of a JSON file: ISO code or CSV file.")
@click.option("--tolerance", default=1e-6, help="Relative.", show_default=True)
@root_option
@says_errors
def recreate(
    run: str, candidate: str, data: str, holidays: str, tolerance: float, root: str
) -> None:
    """Fit an exported model again and compare it with what was exported.

    A CANDIDATE of a RUN (`best`, `promoted` or its id; the promoted model, or else the best, when
    none is named), or a model in Robyn's JSON format, whoever exported it. The exit code is 1
    where a figure differs by more than the tolerance.
    """
    archive = Archive(root)
    if not run.endswith(".json"):
        candidate = say_model(archive.trained(run), candidate)
    if not show_recreation(archive, run, candidate, data, holidays, tolerance):
        sys.exit(FAILED)


@click.command()
@run_argument
@_named
@click.option("-o", "output", default="", metavar="FILE.JSON", help="Where it goes.")
@click.option("--data", is_flag=True, help="With the dataset in it, as Robyn has it.")
@root_option
@says_errors
def export(run: str, candidate: str, output: str, data: bool, root: str) -> None:
    """Write a model of a RUN as JSON that Robyn reads.

    CANDIDATE is `best`, `promoted` or an id; without it the promoted model, or else the best.
    """
    found = Archive(root).trained(run)
    click.echo(export_model(found, say_model(found, candidate), output, data))


@click.command()
@run_argument
@root_option
@says_errors
def reproduce(run: str, root: str) -> None:
    """Train a whole RUN again from its receipt, as a new run, and say what differs.

    The exit code is 1 where the tables differ: native runs to the last bit, Robyn's by more
    than 1e-6.
    """
    try:
        if not show_reproduction(Archive(root).trained(run)):
            sys.exit(FAILED)
    except KeyboardInterrupt:
        cancelled()


@click.command()
@run_argument
@candidate_option
@click.option("--file", default="", help="Newer data; the job's own source when none is named.")
@click.option(
    "--steps",
    default=0,
    type=click.IntRange(min=0),
    help="Rows the window moves by; 0 is all that are new.",
)
@settable("Set one key of the job, such as iterations or allocator.low.")
@root_option
@says_errors
def refresh(
    run: str,
    candidate: str,
    file: str,
    steps: int,
    parameters: tuple[tuple[str, str], ...],
    root: str,
) -> None:
    """Continue a model of a RUN on newer data, as a new run, and say what has changed."""
    found = Archive(root).trained(run)
    if found.has(BEST):  # else what follows says why there is no model
        candidate = say_model(found, candidate)
    try:
        refresh_run(found, candidate, file, steps, parameters)
    except KeyboardInterrupt:
        cancelled()


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
        if data:
            raise RunError("--data is for a JSON file; a run has its own data")
        made = recreate_run(archive.trained(what), candidate)
    figures = made.table.sort_values(c.DIFFERENCE, ascending=False, kind="stable").head(WORST)
    rows = ([*row[:2], *(f"{n:.12g}" for n in row[2:4]), f"{row[4]:.1e}"] for row in _rows(figures))
    out.print(f"model {made.candidate}: {len(made.table)} figures compared; the furthest apart:")
    out.print(table(*figures.columns[:-1], "relative difference", rows=rows))
    for note in made.notes:
        out.print(f"  - {escape(note)}")
    same = made.same(tolerance)
    verdict = "[green]recreated[/green]" if same else "[red]differs[/red]"
    out.print(f"{verdict}: largest difference {made.largest:.1e}, tolerance {tolerance:g}")
    return same


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


def show_reproduction(run: Run) -> bool:
    """Train a run again as a new one, and show what differs; say whether nothing does."""
    out = console()
    job = reproducible_job(run)
    new = watch(job, lambda claimed: copy_dataset(run, claimed))
    found = compare_runs(run, new)
    rows = ([*row[:3], f"{row[3]:.1e}" if row[3] else "", row[4]] for row in _rows(found.tables))
    out.print(f"\nrun {run} against its reproduction {new}:")
    out.print(table("table", "rows", "cells that differ", "largest", "", rows=rows))
    out.print(f"best model: {found.best[0]}, now {found.best[1]}")
    if len(found.surroundings):
        out.print("what else differs:")
        out.print(table("", "before", "now", rows=_rows(found.surroundings)))
    verdict = "[green]reproduced[/green]" if found.same else "[red]differs[/red]"
    how = f"within {found.tolerance:g}" if found.tolerance else "to the last bit"
    out.print(f"{verdict} ({how})")
    return found.same


def refresh_run(
    run: Run, candidate: str, file: str, steps: int, parameters: Sequence[tuple[str, str]]
) -> Run:
    """Continue a model of a run on newer data, as a new run; show what has changed.

    Parameters and errors are those of :func:`mmmlib.run.refreshed_job`.
    """
    job, notes = refreshed_job(run, candidate, file, steps, parameters)
    for note in notes:
        console().print(f"  - {escape(note)}")
    new = watch(job)
    show_run(new)
    show_changes(new)
    return new


def show_changes(run: Run) -> None:
    """Show what a refresh has changed: data, errors, shares and ROAS."""
    out = console()
    changes = changes_of(run)
    shown = changes[changes[c.PART].isin(["data", "error", "share", c.ROAS, c.CPA])]
    rows = (
        [row[0], row[1], *(figure(number) for number in row[2:5]), row[5]] for row in _rows(shown)
    )
    out.print("What the refresh has changed:")
    out.print(table(c.PART, "", "before", "now", "change", "", rows=rows))
    out.print(f"All of it, coefficients too: {run.place}/{REFRESH_CHANGES}")


def _rows(frame: Any) -> Iterable[list[Any]]:
    return (list(row) for row in frame.itertuples(index=False))
