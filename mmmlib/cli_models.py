"""Commands of ``mmm`` on archived models."""

from __future__ import annotations

import sys

import click

from mmmlib.cli_options import (
    FAILED,
    cancelled,
    candidate,
    root,
    run,
    say_model,
    says_errors,
    settable,
)

_named = click.argument("candidate", default="")


@click.command()
@click.argument("run", default="latest", metavar="RUN_OR_MODEL.JSON")
@_named
@click.option("--data", default="", metavar="FILE", help="Data of a JSON file without its own.")
@click.option("--holidays", default="", help="Holidays of a JSON file: ISO code or CSV file.")
@click.option("--tolerance", default=1e-6, help="Relative.", show_default=True)
@root
@says_errors
def recreate(
    run: str, candidate: str, data: str, holidays: str, tolerance: float, root: str
) -> None:
    """Fit an exported model again and compare it with what was exported.

    A CANDIDATE of a RUN (`best`, `promoted` or its id; the promoted model, or else the best, when
    none is named), or a model in Robyn's JSON format, whoever exported it. The exit code is 1
    where a figure differs by more than the tolerance.
    """
    from mmmlib.archive import Archive
    from mmmlib.terminal_models import show_recreation

    archive = Archive(root)
    if not run.endswith(".json"):
        candidate = say_model(archive.run(run), candidate)
    if not show_recreation(archive, run, candidate, data, holidays, tolerance):
        sys.exit(FAILED)


@click.command()
@run
@_named
@click.option("-o", "output", default="", metavar="FILE.JSON", help="Where it goes.")
@click.option("--data", is_flag=True, help="With the dataset in it, as Robyn has it.")
@root
@says_errors
def export(run: str, candidate: str, output: str, data: bool, root: str) -> None:
    """Write a model of a RUN as JSON that Robyn reads.

    CANDIDATE is `best`, `promoted` or an id; without it the promoted model, or else the best.
    """
    from mmmlib.archive import Archive
    from mmmlib.terminal_models import export_model

    found = Archive(root).run(run)
    click.echo(export_model(found, say_model(found, candidate), output, data))


@click.command()
@run
@root
@says_errors
def reproduce(run: str, root: str) -> None:
    """Train a whole RUN again from its receipt, as a new run, and say what differs.

    The exit code is 1 where the tables differ: native runs to the last bit, Robyn's by more
    than 1e-6.
    """
    from mmmlib.archive import Archive
    from mmmlib.terminal_models import show_reproduction

    try:
        if not show_reproduction(Archive(root).run(run)):
            sys.exit(FAILED)
    except KeyboardInterrupt:
        cancelled()


@click.command()
@run
@candidate
@click.option("--file", default="", help="Newer data; the job's own source when none is named.")
@click.option(
    "--steps",
    default=0,
    type=click.IntRange(min=0),
    help="Rows the window moves by; 0 is all that are new.",
)
@settable("Set one key of the job, such as iterations; the value is YAML.")
@root
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
    from mmmlib.archive import BEST, Archive
    from mmmlib.terminal_models import refresh_run

    found = Archive(root).run(run)
    if found.has(BEST):  # else what follows says why there is no model
        candidate = say_model(found, candidate)
    try:
        refresh_run(found, candidate, file, steps, parameters)
    except KeyboardInterrupt:
        cancelled()


COMMANDS = (recreate, export, reproduce, refresh)
