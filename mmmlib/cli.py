"""``mmm``: a thin shell over the library. Commands import what they need when they run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from mmmlib import __version__
from mmmlib.errors import MMMError

INVALID, FAILED, CANCELLED = 2, 1, 130  # exit codes


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmm")
def main() -> None:
    """Train, browse and plan marketing mix models."""


def _says_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Our errors are messages, not tracebacks."""

    @wraps(command)
    def said(*args: Any, **kwargs: Any) -> None:
        from mmmlib.errors import JobError

        try:
            command(*args, **kwargs)
        except JobError as error:
            click.echo(str(error), err=True)
            sys.exit(INVALID)
        except MMMError as error:
            click.echo(f"{error}", err=True)
            sys.exit(FAILED)

    return said


_root = click.option("--root", default="", help="Archive to use; the default is MMM_ROOT.")
_run = click.argument("run", default="latest")


@main.command()
@click.argument("job", metavar="JOB.YAML")
@click.option(
    "-p",
    "parameters",
    type=(str, str),
    multiple=True,
    metavar="KEY VALUE",
    help="Set one key of the job, as papermill does; the value is YAML.",
)
@_says_errors
def run(job: str, parameters: tuple[tuple[str, str], ...]) -> None:
    """Train the job JOB.YAML: extract, train, report, allocate, archive.

    JOB.YAML may be `demo`, the job of the public weekly data that ship with the product.
    """
    import yaml

    from mmmlib.data import demo_job_path
    from mmmlib.job import TrainingJob, plain_values, read_text
    from mmmlib.terminal import show_run, watch

    values = plain_values(read_text(demo_job_path() if job == "demo" else job))
    values |= {key: yaml.safe_load(value) for key, value in parameters}
    training = TrainingJob.parse(values)
    try:
        show_run(watch(training))
    except KeyboardInterrupt:
        click.echo("cancelled; the run and its log are kept", err=True)
        sys.exit(CANCELLED)


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
    """Open an ARTIFACT of a RUN in the browser; its one-pager when none is named."""
    from mmmlib.archive import BEST, Archive

    found = Archive(root).run(run)
    name = artifact or f"{found.load(BEST).decode().strip()}.png"
    found.load(name)  # says which artifact is missing, before a browser shows a blank page
    url = found.url(name)
    click.echo(url)
    click.launch(url)


@main.command()
@_run
@_root
@_says_errors
def cancel(run: str, root: str) -> None:
    """Ask a running RUN to stop; its own process ends it within seconds."""
    from mmmlib.archive import Archive

    found = Archive(root).run(run)
    found.cancel()
    click.echo(f"asked run {found} to stop")


@main.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8080, help="Port to listen on.")
@_root
@_says_errors
def app(host: str, port: int, root: str) -> None:
    """Serve the dashboard with Voilà."""
    from mmmlib.ui.server import serve

    serve(host, port, root)
