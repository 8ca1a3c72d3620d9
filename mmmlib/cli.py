"""``mmm``: a thin shell over the library. Commands import what they need when they run."""

from __future__ import annotations

import sys

import click

from mmmlib import __version__, cli_launch, cli_models
from mmmlib.cli_options import FAILED, cancelled, one_pager, read_job, say_model
from mmmlib.cli_options import candidate as _candidate
from mmmlib.cli_options import root as _root
from mmmlib.cli_options import run as _run
from mmmlib.cli_options import says_errors as _says_errors
from mmmlib.cli_options import settable as _set
from mmmlib.cli_sources import cache, connections, preview


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmm")
def main() -> None:
    """Train, browse and plan marketing mix models."""


@main.command()
@click.argument("job", metavar="JOB.YAML")
@_set("Set one key of the job, as papermill does; the value is YAML.")
@click.option("--now", is_flag=True, help="Do not wait for runs that were queued before.")
@click.option(
    "--trials-on",
    default=None,
    type=click.Choice(["local", "dask"]),
    help="Where the trials are searched: here, or on the Dask cluster MMM_DASK; the default is "
    "MMM_TRIALS_ON. The numbers are the same.",
)
@_says_errors
def run(
    job: str, parameters: tuple[tuple[str, str], ...], now: bool, trials_on: str | None
) -> None:
    """Train the job JOB.YAML: extract, train, report, allocate, archive.

    JOB.YAML may be `demo`, the job of the public weekly data that ship with the product, or
    `daily`, that of simulated days whose truth is known. One run goes on at a time on a machine;
    this one waits in the queue for its turn.
    """
    from mmmlib.kernels import settings_of_kernels
    from mmmlib.preflight import check_trials
    from mmmlib.terminal import show_run, watch

    training = read_job(job, parameters)
    check_trials(training, trials_on or "")
    chosen = {"MMM_TRIALS_ON": trials_on} if trials_on else {}
    try:
        with settings_of_kernels(**chosen):
            show_run(watch(training, at_once=now))
    except KeyboardInterrupt:
        cancelled()


@main.command()
@click.option("--revision", default="", help="Only this revision.")
@click.option("--country", default="", help="Only this country.")
@_root
@_says_errors
def runs(revision: str, country: str, root: str) -> None:
    """List runs, newest first."""
    from mmmlib.archive import Archive
    from mmmlib.terminal import show_runs

    show_runs(Archive(root), revision, country)


@main.command()
@_run
@_root
@_says_errors
def show(run: str, root: str) -> None:
    """Show one RUN: its end, errors, channels, changed data and artifacts."""
    from mmmlib.archive import Archive
    from mmmlib.terminal import show_run

    show_run(Archive(root).run(run))


@main.command(name="open")
@_run
@click.argument("artifact", default="")
@_root
@_says_errors
def open_(run: str, artifact: str, root: str) -> None:
    """Open an ARTIFACT of a RUN in the browser; its model's one-pager when none is named."""
    from mmmlib.archive import Archive

    found = Archive(root).run(run)
    name = artifact or one_pager(found)
    found.load(name)  # says which artifact is missing, before a browser shows a blank page
    url = found.url(name)
    if url.startswith("data:"):  # no browser opens such an address when it is handed over
        url = _beside(name, found.load(name))
    click.echo(url)
    click.launch(url)


def _beside(name: str, data: bytes) -> str:
    """A copy on this machine, for what has no address of its own."""
    import tempfile
    from pathlib import Path

    copy = Path(tempfile.mkdtemp(prefix="mmm-"), name)
    copy.write_bytes(data)
    return copy.as_uri()


@main.command()
@_run
@click.option("-o", "output", default="", metavar="FILE.ZIP", help="Where the zip file goes.")
@_root
@_says_errors
def download(run: str, output: str, root: str) -> None:
    """Pack a whole RUN into one zip file."""
    from pathlib import Path

    from mmmlib.archive import Archive
    from mmmlib.run_zip import save_zip

    found = Archive(root).run(run)
    click.echo(save_zip(found, Path(output or f"{str(found).replace('/', '_')}.zip")))


@main.command()
@_run
@_candidate
@_set("Set one key of the allocator, such as total_budget or channels.tv.high.")
@click.option("-o", "output", default="", metavar="FILE", help="Write the plan, .csv or .xlsx.")
@_root
@_says_errors
def allocate(
    run: str, candidate: str, parameters: tuple[tuple[str, str], ...], output: str, root: str
) -> None:
    """Plan the budget with a RUN's model, by its job's settings or others; archives nothing."""
    from pathlib import Path

    from mmmlib.allocate import basis_of
    from mmmlib.allocate.history import period_name
    from mmmlib.allocate.sheet import as_text, write
    from mmmlib.archive import Archive

    found = Archive(root).run(run)
    basis = basis_of(found, say_model(found, candidate))
    plan = basis.plan(basis.settings_with(parameters))
    click.echo(as_text(plan, period_name(basis.history)))
    if output:
        write(plan, Path(output))


@main.command()
@_run
@_root
@_says_errors
def cancel(run: str, root: str) -> None:
    """Ask a RUN to stop, or take it out of the queue; its process ends it within seconds."""
    from mmmlib.archive import Archive
    from mmmlib.launch.queue import cancel as stop

    found = Archive(root).run(run)
    stop(found)
    click.echo(f"asked run {found} to stop")


@main.command()
@click.argument("settings", metavar="SETTINGS.YAML")
@click.argument("into", metavar="DATA")
@_set("Set one setting, such as seed or channels.tv.roas; the value is YAML.")
@_says_errors
def simulate(settings: str, into: str, parameters: tuple[tuple[str, str], ...]) -> None:
    """Simulate a data set whose truth is known, and write it to DATA (CSV or Parquet).

    SETTINGS.YAML may be `daily`, what made the daily data that ship with the product. The truth
    is written beside DATA, and so is a job that trains on it.
    """
    from pathlib import Path

    from mmmlib.data import example_path
    from mmmlib.simulate.settings import Simulation
    from mmmlib.simulate.training import write

    shipped = example_path("daily").with_suffix(".yaml")
    chosen = shipped if settings == "daily" else Path(settings)
    click.echo(write(Simulation.load(chosen, parameters), Path(into)))


@main.group()
def data() -> None:
    """Look at data before a model is trained on them."""


data.add_command(preview)
main.add_command(connections)
main.add_command(cache)


@data.command(name="check")
@click.argument("file", metavar="FILE_OR_JOB")
@click.option("--picture", default="", metavar="FILE.PNG", help="Draw the checks, too.")
@_says_errors
def check_data(file: str, picture: str) -> None:
    """Run the data checks on FILE_OR_JOB: PASS, REVIEW or FAIL, and what to do.

    A job.yaml (or `demo`) says which column is what; for a CSV or Parquet file it is guessed, as
    by `mmm job init`. The exit code is 1 where a check says FAIL.
    """
    from mmmlib.terminal import show_data_checks

    if not show_data_checks(file, picture):
        sys.exit(FAILED)


@main.group()
def job() -> None:
    """Write and check jobs."""


@job.command()
@click.argument("file", metavar="FILE")
@click.option("-o", "output", default="job.yaml", help="Where the job goes.", show_default=True)
@click.option("--country", default="", help="Label of the country; becomes part of run's paths.")
@click.option("--date", default="", help="Column of the dates, where it is not found.")
@click.option("--target", default="", help="Column to be explained, where it is not found.")
@click.option("--force", is_flag=True, help="Overwrite a job that exists.")
@_says_errors
def init(file: str, output: str, country: str, date: str, target: str, force: bool) -> None:
    """Write a first job by looking at the data in FILE (CSV, Parquet or example:weekly)."""
    from mmmlib.job_template import init_job

    chosen = {"country": country, "date": date, "target": target}
    click.echo(init_job(file, output, chosen, force=force))


@job.command()
@click.argument("job", metavar="JOB.YAML")
@_says_errors
def check(job: str) -> None:
    """Say everything that is wrong with JOB.YAML, by itself and against its data."""
    from mmmlib.data import job_path
    from mmmlib.job_check import check_job

    checked = check_job(job_path(job))
    click.echo(f"{checked.summary()}\nready: mmm run {job}")


@job.command()
@_says_errors
def schema() -> None:
    """Print the JSON schema of job.yaml, for editors."""
    import json

    from mmmlib.job_schema import job_schema

    click.echo(json.dumps(job_schema(), indent=2))


@main.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8080, help="Port to listen on.")
@click.option("--base-url", default="", help="Path to serve it under; default MMM_BASE_URL.")
@click.option("--token", default="", help="Password of the page; MMM_TOKEN keeps it from ps.")
@_root
@_says_errors
def app(host: str, port: int, base_url: str, token: str, root: str) -> None:
    """Serve the dashboard with Voilà."""
    from mmmlib.ui.server import serve

    serve(host, port, root, base_url, token)


for _command in (*cli_models.COMMANDS, *cli_launch.COMMANDS):
    main.add_command(_command)
