"""The commands of ``mmm`` that launch, queue and execute runs, and ``mmm doctor``."""

from __future__ import annotations

import sys

import click

from mmmlib.cli_options import CANCELLED, FAILED, read_job, says_errors, settable
from mmmlib.cli_options import root as root_option
from mmmlib.names import EXECUTORS

_executor = click.option(
    "--executor",
    default="",
    type=click.Choice(["", *EXECUTORS]),
    metavar="|".join(EXECUTORS),
    help="What executes the runs; the default is the first of MMM_EXECUTORS.",
)


@click.command()
@click.argument("job", metavar="JOB.YAML")
@settable("Set one key of the job, as papermill does; the value is YAML.")
@_executor
@says_errors
def launch(job: str, parameters: tuple[tuple[str, str], ...], executor: str) -> None:
    """Queue the job JOB.YAML and return at once; an executor trains it when it is its turn."""
    from mmmlib.launch.queue import submit

    run = submit(read_job(job, parameters), executor)
    click.echo(f"{run} is {run.state().status} in {run.place}")
    click.echo("see `mmm queue`, `mmm show`; `mmm cancel` stops it")


@click.command()
@root_option
@says_errors
def queue(root: str) -> None:
    """Show the runs that go on and those that wait, in their order."""
    from mmmlib.archive import Archive
    from mmmlib.terminal_launch import show_queue

    show_queue(Archive(root))


@click.command()
@click.argument("run")
@click.option("--tethered", is_flag=True, help="End the run when standard input ends.")
@root_option
@says_errors
def execute(run: str, tethered: bool, root: str) -> None:
    """Execute a queued RUN here; executors call this, in a container or a detached process."""
    from mmmlib.launch.execute import execute as execute_run

    sys.exit(execute_run(root, run, tethered))


@click.command()
@click.argument("jobs", default="", metavar="JOBS")
@_executor
@click.option("--retries", default=1, show_default=True, help="More attempts for a failed run.")
@click.option("--resume", default="", metavar="BATCH", help="Go on with this batch instead.")
@root_option
@says_errors
def batch(jobs: str, executor: str, retries: int, resume: str, root: str) -> None:
    """Train many jobs: JOBS is a folder of job files, one job, or a matrix.

    Ctrl-C leaves the runs at work; --resume follows them again. A run that fails never stops the
    others. The exit code is 1 where a job did not succeed in the end.
    """
    from mmmlib.launch.batch import open_batch, start_batch
    from mmmlib.terminal_launch import watch_batch

    if bool(jobs) == bool(resume):
        raise click.UsageError("name JOBS, or a batch with --resume")
    found = open_batch(root, resume) if resume else start_batch(jobs, root, executor, retries)
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
    from mmmlib.terminal_launch import show_doctor

    if not show_doctor(root, as_json):
        sys.exit(FAILED)


COMMANDS = (launch, queue, execute, batch, doctor)
