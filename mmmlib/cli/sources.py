"""Commands about where data come from: connections, previews, what is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pandas as pd
from rich.console import Console
from rich.markup import escape

from mmmlib.cli.answers import DataCheck
from mmmlib.cli.options import FAILED, job_argument, json_option, says_errors, settable
from mmmlib.cli.tables import console, table
from mmmlib.cli.verdicts import show_expected, show_findings
from mmmlib.data import Dataset, Verdict, check, dataset_of, guess_job, open_source
from mmmlib.ground import SnowflakeError, StoreError
from mmmlib.job import JOBS, TrainingJob
from mmmlib.run import duration


@click.group()
def connections() -> None:
    """List and test connections to Snowflake."""


@connections.command(name="list")
@says_errors
def list_connections() -> None:
    """List the connections of connections.toml and of the environment; no secrets are shown."""
    show_connections()


@connections.command(name="test")
@click.argument("name", default="")
@click.option("--table", default="", metavar="DATABASE.SCHEMA.TABLE", help="May it be read?")
@click.option("--column", multiple=True, help="Does the table have it? As often as one likes.")
@says_errors
def test_connection(name: str, table: str, column: tuple[str, ...]) -> None:
    """Test the connection NAME (or the default), and say which step failed and what to do."""
    if not show_connection_test(name, table, column):
        sys.exit(FAILED)


@click.group()
def data() -> None:
    """Look at data before a model is trained on them."""


@data.command(name="check")
@click.argument("file", metavar="FILE_OR_JOB")
@click.option("--picture", default="", metavar="FILE.PNG", help="Draw the checks, too.")
@click.option("--recoverability", is_flag=True, help="Say what error to expect of each channel.")
@json_option
@says_errors
def check_data(file: str, picture: str, recoverability: bool, as_json: bool) -> None:
    """Run the data checks on FILE_OR_JOB: PASS, REVIEW or FAIL, and what to do.

    A job.yaml (or `demo`) says which column is what; for a CSV or Parquet file it is guessed, as
    by `mmm job init`. The exit code is 1 where a check says FAIL. With --recoverability worlds are
    simulated on the data's own spend and fitted again, which takes some seconds.
    """
    if not show_data_checks(file, picture, as_json, recoverability):
        sys.exit(FAILED)


@data.command()
@job_argument
@click.option("--picture", default="", metavar="FILE.PNG", help="Draw spend by channel, too.")
@says_errors
def preview(job: str, picture: str) -> None:
    """Show what the source of JOB.YAML holds: rows, dates, types, spend by channel, first rows."""
    show_preview(job, picture)


@click.group()
def cache() -> None:
    """List and clear what was read from Snowflake and is kept for a while."""


@cache.command(name="list")
@says_errors
def list_cache() -> None:
    """List what is kept, and how old it is."""
    show_cache()


@cache.command(name="clear")
@says_errors
def clear_cache() -> None:
    """Remove everything that is kept: the next run reads Snowflake anew."""
    from mmmlib.data import clear_cache as clear

    count = clear()
    click.echo(f"removed {count} extraction{'' if count == 1 else 's'}")


@click.command()
@click.argument("settings", metavar="SETTINGS.YAML")
@click.argument("into", metavar="DATA")
@settable("Set one setting, such as seed or channels.tv.roas.")
@says_errors
def simulate(settings: str, into: str, parameters: tuple[tuple[str, str], ...]) -> None:
    """Simulate a data set whose truth is known, and write it to DATA (CSV or Parquet).

    SETTINGS.YAML may be `daily`, what made the daily data that ship with the product. The truth
    is written beside DATA, and so is a job that trains on it.
    """
    from mmmlib.data import example_path
    from mmmlib.simulate import Simulation, write_simulation

    shipped = example_path("daily").with_suffix(".yaml")
    chosen = shipped if settings == "daily" else Path(settings)
    click.echo(write_simulation(Simulation.load(chosen, parameters), Path(into)))


SHOWN_ROWS, SHOWN_COLUMNS = 8, 8


def show_connections() -> None:
    """Every connection that is known here: where it leads, as whom, how it logs in."""
    from mmmlib.data import known_connections

    out = console()
    found = known_connections()
    if not found:
        out.print("no connections; docs/snowflake.md says how to write one")
        return
    for profile in found:
        try:
            how = f"by {profile.checked().method.title}"
        except SnowflakeError as error:
            how = str(error).partition("): ")[2] or str(error)
        where = {key: str(profile.values.get(key, "")) for key in _PLACES}
        as_whom = f"{where['user'] or 'no user'} on {where['account'] or 'no account'}"
        rest = [f"{key} {where[key]}" for key in ("role", "warehouse") if where[key]]
        out.print(f"[bold]{escape(profile.name)}[/bold]", escape(", ".join([as_whom, *rest])))
        out.print(escape(f"    {how}; from {profile.origin}{_ignored(profile.ignored)}"))


_PLACES = ("account", "user", "role", "warehouse")


def _ignored(keys: tuple[str, ...]) -> str:
    return f" (without {', '.join(keys)}, which nothing here reads)" if keys else ""


def show_connection_test(name: str, table_: str, columns: tuple[str, ...]) -> bool:
    """Each step of a test; whether all went well."""
    from mmmlib.data import try_connection

    out = console()
    steps = try_connection(name, table_, columns)
    for step in steps:
        mark = "[red]failed[/]" if step.kind else "[green]ok[/]"
        kind = f" ({step.kind})" if step.kind else ""
        out.print(f"{mark} {step.title}{kind} in {duration(step.seconds)}  {escape(step.message)}")
    return not steps[-1].kind


def show_preview(file: str, picture: str = "") -> None:
    """What a job's source holds.

    Parameters
    ----------
    picture
        Path of a PNG to draw; empty draws none.
    """
    out = console()
    job = TrainingJob.load(file)
    seen = open_source(job.source).preview(job)
    dates = f", {job.date} from {seen.first} to {seen.last}" if seen.first else ""
    out.print(escape(f"{seen.rows:,} rows of {len(seen.types)} columns{dates}: {seen.query}"))
    spends = table("channel", ">spend")
    for name, spend in sorted(seen.spend.items(), key=lambda each: -each[1]):
        spends.add_row(escape(name), f"{spend:,.0f}")
    if seen.spend:
        out.print(spends)
    for channel in job.channels:
        if channel.name not in seen.spend:
            out.print(escape(f"  - {channel.name}: no number {channel.spend!r} in the data"))
    types = table("column", "type")
    for name, type_ in seen.types.items():
        types.add_row(escape(name), escape(type_))
    out.print(types)
    _show_head(seen.head.iloc[:SHOWN_ROWS, :SHOWN_COLUMNS].astype(str))
    if picture:
        from mmmlib.report import preview_figure, style

        try:
            Path(picture).write_bytes(style.png(preview_figure(seen)))
        except OSError as error:
            raise StoreError(f"{picture} cannot be written: {error.strerror}") from error
        out.print(f"picture: {escape(picture)}")


def _show_head(head: pd.DataFrame) -> None:
    first = table(*map(str, head.columns))
    for values in head.itertuples(index=False):
        first.add_row(*map(escape, values))
    console().print(first)


def show_cache() -> None:
    """What is kept, the newest first."""
    from mmmlib.data import cached
    from mmmlib.ground import settings

    out = console()
    hours = settings().mmm_cache_hours
    out.print(f"kept for {hours:g} h (MMM_CACHE_HOURS) in {escape(str(settings().mmm_cache))}")
    for kept in cached():
        age = duration(kept.age.total_seconds()) + (" old" if kept.fresh else " old, too old")
        out.print(escape(f"{kept.rows:,} rows, {age}, {kept.place}: {kept.query}"))


def show_data_checks(
    file: str, picture: str = "", as_json: bool = False, recoverability: bool = False
) -> bool:
    """Check the data of a job, or of a file whose job is guessed; say whether nothing fails.

    Parameters
    ----------
    file
        Path of a job (``.yaml``), ``demo``, or a data file.
    picture
        Path of a PNG to draw; empty draws none.
    as_json
        Print the findings for programs; all else goes to standard error.
    recoverability
        Say what error to expect of each channel, too.
    """
    out = Console(stderr=True, highlight=False) if as_json else console()
    job = _job_for(out, file)
    dataset = dataset_of(job)
    findings = check(dataset, job)
    expected = _expected(dataset, job) if recoverability else None
    if as_json:
        click.echo(DataCheck.of(findings, expected).model_dump_json(indent=2))
    else:
        show_findings(out, findings)
        if expected is not None:
            show_expected(out, expected)
    if picture:
        from mmmlib.report import figures, style

        try:
            Path(picture).write_bytes(style.png(figures.checks(dataset, job)))
        except OSError as error:
            raise StoreError(f"{picture} cannot be written: {error.strerror}") from error
        out.print(f"pictures: {escape(picture)}")
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def _expected(dataset: Dataset, job: TrainingJob) -> pd.DataFrame:
    from mmmlib.engines import recoverability

    return recoverability(dataset, job)


def _job_for(out: Console, file: str) -> TrainingJob:
    if file in JOBS or Path(file).suffix.lower() in (".yaml", ".yml"):
        return TrainingJob.load(file)
    guess = guess_job(file)
    job = guess.job
    out.print(
        escape(
            f"guessed job: {job.target} from {', '.join(item.name for item in job.channels)}; "
            f"`mmm job init {file}` writes it, for you to correct"
        )
    )
    for doubt in guess.doubts:
        out.print(f"  - {escape(doubt)}")
    return job
