"""Launch, queue and execute runs, follow batches, serve the dashboard, and `mmm doctor`."""

from __future__ import annotations

import json
import sys
import time

import click
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from mmmlib.archive import PROGRESS, Archive, Run, Status
from mmmlib.cli.answers import Queues
from mmmlib.cli.options import (
    CANCELLED,
    FAILED,
    job_argument,
    json_option,
    read_job,
    root_option,
    run_argument,
    says_errors,
    settable,
)
from mmmlib.cli.tables import coloured, console, table
from mmmlib.ground import EXECUTORS
from mmmlib.launching import Batch, Row, listed, seconds_waited, settled
from mmmlib.run import duration, progress_line

_executor = click.option(
    "--executor",
    default="",
    type=click.Choice(["", *EXECUTORS]),
    metavar="|".join(EXECUTORS),
    help="What executes the runs; the default is the first of MMM_EXECUTORS.",
)


@click.command()
@job_argument
@settable("Set one key of the job, such as iterations or allocator.low.")
@_executor
@says_errors
def launch(job: str, parameters: tuple[tuple[str, str], ...], executor: str) -> None:
    """Queue the job JOB.YAML and return at once; an executor trains it when it is its turn."""
    from mmmlib.launching import submit

    run = submit(read_job(job, parameters), executor)
    click.echo(f"{run} is {run.state().status} in {run.place}")
    click.echo("see `mmm queue`, `mmm show`; `mmm cancel` stops it")


@click.command()
@click.option("--settle", is_flag=True, help="First end what is dead and start what is next.")
@json_option
@root_option
@says_errors
def queue(settle: bool, as_json: bool, root: str) -> None:
    """Show the runs that go on and those that wait, in their order.

    A server looks after the queue by itself; --settle does what it does, once.
    """
    if settle:
        settled(root)
    if as_json:
        click.echo(Queues.of(Archive(root)).model_dump_json(indent=2))
    else:
        show_queue(Archive(root))


@click.command()
@run_argument
@root_option
@says_errors
def cancel(run: str, root: str) -> None:
    """Ask a RUN to stop, or take it out of the queue; its process ends it within seconds."""
    from mmmlib.launching import cancel as stop

    found = Archive(root).run(run)
    stop(found)
    click.echo(f"asked run {found} to stop")


@click.command()
@click.argument("run")
@click.option("--tethered", is_flag=True, help="End the run when standard input ends.")
@root_option
@says_errors
def execute(run: str, tethered: bool, root: str) -> None:
    """Execute a queued RUN here; executors call this, in a container or a detached process."""
    from mmmlib.launching import execute_launched as execute_run

    sys.exit(execute_run(root, run, tethered))


@click.command()
@click.argument("jobs", default="", metavar="JOBS")
@settable("Set one key in every job, such as iterations or allocator.low.")
@_executor
@click.option("--retries", default=1, show_default=True, help="More attempts for a failed run.")
@click.option("--resume", default="", metavar="BATCH", help="Go on with this batch instead.")
@root_option
@says_errors
def batch(
    jobs: str,
    parameters: tuple[tuple[str, str], ...],
    executor: str,
    retries: int,
    resume: str,
    root: str,
) -> None:
    """Train many jobs: JOBS is a folder of job files, one job, or a matrix.

    Ctrl-C leaves the runs at work; --resume follows them again. A run that fails never stops the
    others. The exit code is 1 where a job did not succeed in the end.
    """
    from mmmlib.launching import open_batch, start_batch

    if bool(jobs) == bool(resume):
        raise click.UsageError("name JOBS, or a batch with --resume")
    if resume and parameters:
        raise click.UsageError("-p sets keys of a new batch; a batch goes on with its own jobs")
    if resume:
        found = open_batch(root, resume)
    else:
        found = start_batch(jobs, root, executor, retries, **dict(parameters))
    try:
        succeeded = watch_batch(found)
    except KeyboardInterrupt:
        click.echo(f"the runs go on; follow them with mmm batch --resume {found.id}", err=True)
        sys.exit(CANCELLED)
    sys.exit(0 if succeeded else FAILED)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@root_option
@says_errors
def doctor(as_json: bool, root: str) -> None:
    """Say what works on this machine, what does not, and the remedy."""
    if not show_doctor(root, as_json):
        sys.exit(FAILED)


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8080, help="Port to listen on.")
@click.option("--base-url", default="", help="Path to serve it under; default MMM_BASE_URL.")
@click.option("--token", default="", help="Password of the page; MMM_TOKEN keeps it from ps.")
@root_option
@says_errors
def app(host: str, port: int, base_url: str, token: str, root: str) -> None:
    """Serve the dashboard with Voilà."""
    from mmmlib.ui import serve

    serve(host, port, root, base_url, token)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("folder", default="lab")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@root_option
@says_errors
def lab(folder: str, options: tuple[str, ...], root: str) -> None:
    """Open JupyterLab in a folder of your own: notebooks, docs and sample data, as copies.

    OPTIONS go to Jupyter, such as --no-browser or --port 8889.
    """
    from mmmlib.ui import open_lab

    open_lab(folder, root, options)


POLL_SECONDS = 1.0


def show_queue(archive: Archive) -> None:
    """One line a run: those that go on, then those that wait, in their order."""
    out = console()
    found = listed(archive)
    if not found:
        out.print(f"nothing goes on or waits under {archive.store.root}")
        return
    shown = table("queue", "run", "status", "for", "who", "what")
    for queue, run in found:
        state = run.state()
        shown.add_row(
            queue,
            str(run),
            coloured(state.status),
            duration(seconds_waited(run)),
            escape(state.who),
            escape(_doing(run, state.status)),
        )
    out.print(shown)


def watch_batch(batch: Batch) -> bool:
    """Follow a batch to its end; say whether every job succeeded."""
    out = console()
    out.print(f"batch [bold]{batch.id}[/bold]: {len(batch.rows)} jobs on {batch.executor}")
    if out.is_terminal:
        with Live(_rows(batch.rows), console=out, refresh_per_second=2) as live:
            while True:
                live.update(_rows(batch.step()))
                if batch.ended:
                    break
                time.sleep(POLL_SECONDS)
    else:
        said: dict[str, tuple[str, int]] = {}
        while True:
            for row in batch.step():
                if said.get(row.name) != (now_ := (row.status, len(row.runs))):
                    said[row.name] = now_
                    out.print(escape(_line(row)))
            if batch.ended:
                break
            time.sleep(POLL_SECONDS)
    counts = batch.finish()["counts"]
    if not out.is_terminal:
        out.print(_rows(batch.rows))
    out.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return batch.succeeded


def show_doctor(root: str, as_json: bool) -> bool:
    """Print what the doctor finds; say whether nothing fails."""
    from mmmlib.doctor import Health, examine

    findings = examine(root)
    if as_json:
        print(json.dumps([finding.plain() for finding in findings], indent=2))
    else:
        out = console()
        shown = table("", "what", "found")
        for finding in findings:
            shown.add_row(coloured(finding.verdict), finding.name, escape(finding.found))
        out.print(shown)
        for finding in findings:
            if finding.remedy:
                out.print(f"  - {escape(f'{finding.name}: {finding.remedy}')}")
    return all(finding.verdict is not Health.FAIL for finding in findings)


def _doing(run: Run, status: Status) -> str:
    if status is Status.RUNNING and run.has(PROGRESS):
        return progress_line(run.load_json(PROGRESS))
    launch = run.launch
    if launch and launch.attended:
        return "waits in a terminal"
    return "is being started" if launch and launch.handed_over else "waits"


def _rows(rows: list[Row]) -> Table:
    shown = table("job", "status", "tries", "took", "best model", "run", "note")
    for row in rows:
        shown.add_row(
            escape(row.name),
            coloured(row.status),
            str(len(row.runs)),
            duration(row.seconds) if row.seconds else "",
            row.best,
            row.runs[-1] if row.runs else "",
            escape(row.error.split("\n")[0][:60]),
        )
    return shown


def _line(row: Row) -> str:
    run = f" {row.runs[-1]}" if row.runs else ""
    note = f": {row.error}" if row.error and row.status != Status.SUCCEEDED else ""
    return f"{row.name}: {row.status}{run}{note}"
