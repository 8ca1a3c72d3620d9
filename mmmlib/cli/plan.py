"""Commands of ``mmm plan``: calendars of money, past or ahead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmmlib.cli.options import (
    candidate_option,
    root_option,
    run_argument,
    say_model,
    says_errors,
    settable,
)

if TYPE_CHECKING:
    from mmmlib.plan import Ahead

_start = click.option("--start", default="", metavar="DATE", help="First day of the plan.")
_end = click.option("--end", default="", metavar="DATE", help="Last day of the plan.")
_by = click.option(
    "--by",
    type=click.Choice(["last_year", "flat"]),
    default="last_year",
    help="The pattern: last year's, or a flat split.",
    show_default=True,
)
_scale = click.option("--scale", default=1.0, help="Times what was spent.", show_default=True)
_total = click.option("--total", type=float, help="Scaled to this sum instead.")


@click.group()
def plan() -> None:
    """Plan ahead: money by channel and period, from a day to a day."""


@plan.command()
@run_argument
@candidate_option
@_start
@_end
@_by
@_scale
@_total
@click.option("-o", "output", required=True, metavar="FILE", help="The calendar, .xlsx or .csv.")
@root_option
@says_errors
def template(
    run: str,
    candidate: str,
    start: str,
    end: str,
    by: str,
    scale: float,
    total: float | None,
    output: str,
    root: str,
) -> None:
    """Write a calendar of a RUN's channels to fill in: last year's pattern, or a flat split."""
    from mmmlib.plan import write_calendar

    made = _ahead(run, candidate, root).calendar(start, end, by, scale, total)  # type: ignore[arg-type]
    write_calendar(made, Path(output))
    click.echo(repr(made))
    for note in made.notes:
        click.echo(f"  ! {note}")


@plan.command()
@run_argument
@click.argument("calendar", metavar="FILE")
@candidate_option
@click.option("--sheet", default="", help="Of a workbook; its first one when none is named.")
@click.option("-o", "output", default="", metavar="FILE.CSV", help="By period and channel.")
@root_option
@says_errors
def score(run: str, calendar: str, candidate: str, sheet: str, output: str, root: str) -> None:
    """Say what a calendar (xlsx, csv) brings by a RUN's model; archives nothing."""
    from mmmlib.ground import StoreError

    ahead = _ahead(run, candidate, root)
    made = ahead.score(ahead.read(calendar, sheet))
    click.echo(made.text())
    if output:
        try:
            made.table.to_csv(output, index=False)
        except OSError as error:
            raise StoreError(f"{output} cannot be written: {error.strerror}") from error


@plan.command()
@run_argument
@click.argument("calendar", metavar="FILE")
@candidate_option
@click.option("--sheet", default="", help="Of a workbook; its first one when none is named.")
@settable("Set one key of what is asked, such as total, by, channels.tv.high, groups.NAME.most.")
@click.option("-o", "output", default="", metavar="FILE", help="The calendar, .xlsx or .csv.")
@root_option
@says_errors
def optimize(
    run: str,
    calendar: str,
    candidate: str,
    sheet: str,
    parameters: tuple[tuple[str, str], ...],
    output: str,
    root: str,
) -> None:
    """Move a calendar's money to where it brings most by a RUN's model, under limits in money."""
    from mmmlib.plan import write_calendar

    ahead = _ahead(run, candidate, root)
    best = ahead.optimize(ahead.read(calendar, sheet), **dict(parameters))
    click.echo(best.text())
    if output:
        write_calendar(best.calendar, Path(output))


def _ahead(run: str, candidate: str, root: str) -> Ahead:
    from mmmlib.archive import Archive
    from mmmlib.plan import ahead_of

    found = Archive(root).trained(run)
    return ahead_of(found, say_model(found, candidate))
