"""Runs in a terminal: list them, show one, open and download its artifacts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from mmmlib.archive import (
    CHANGES,
    CHECKS,
    TRAINING,
    TRUTH_PICTURE,
    Archive,
    Run,
    load_result,
    promotion,
    save_zip,
    summarize,
)
from mmmlib.cli import answers
from mmmlib.cli.options import (
    artifact_argument,
    json_option,
    one_pager,
    root_option,
    run_argument,
    says_errors,
)
from mmmlib.cli.tables import coloured, console, number, table
from mmmlib.cli.verdicts import show_findings
from mmmlib.data import findings_of
from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.run import duration


@click.command()
@click.option("--revision", default="", help="Only this revision.")
@click.option("--country", default="", help="Only this country.")
@json_option
@root_option
@says_errors
def runs(revision: str, country: str, as_json: bool, root: str) -> None:
    """List runs, newest first."""
    if as_json:
        click.echo(answers.Runs.of(Archive(root), revision, country).model_dump_json(indent=2))
    else:
        show_runs(Archive(root), revision, country)


@click.command()
@run_argument
@json_option
@root_option
@says_errors
def show(run: str, as_json: bool, root: str) -> None:
    """Show one RUN: its end, errors, channels, changed data and artifacts."""
    found = Archive(root).run(run)
    if as_json:
        click.echo(answers.Show.of(found).model_dump_json(indent=2))
    else:
        show_run(found)


@click.command(name="open")
@run_argument
@artifact_argument
@root_option
@says_errors
def open_(run: str, artifact: str, root: str) -> None:
    """Open an ARTIFACT of a RUN in the browser; its model's one-pager when none is named."""
    found = Archive(root).run(run) if artifact else Archive(root).trained(run)
    name = artifact or one_pager(found)
    found.load(name)  # says which artifact is missing, before a browser shows a blank page
    url = found.url(name)
    if url.startswith("data:"):  # no browser opens such an address when it is handed over
        url = _beside(name, found.load(name))
    click.echo(url)
    click.launch(url)


def _beside(name: str, data: bytes) -> str:
    """A copy on this machine, for what has no address of its own."""
    copy = Path(tempfile.mkdtemp(prefix="mmm-"), name)
    copy.write_bytes(data)
    return copy.as_uri()


@click.command()
@run_argument
@click.option("-o", "output", default="", metavar="FILE.ZIP", help="Where the zip file goes.")
@root_option
@says_errors
def download(run: str, output: str, root: str) -> None:
    """Pack a whole RUN into one zip file."""
    found = Archive(root).run(run)
    click.echo(save_zip(found, Path(output or f"{str(found).replace('/', '_')}.zip")))


def show_runs(archive: Archive, revision: str, country: str) -> None:
    """One line a run, newest first."""
    out = console()
    found = archive.table(revision, country)
    if found.empty:
        out.print(f"no runs under {archive.store.root}; start one with `mmm run demo`")
        return
    shown = table("run", "status", "took", "who", "best model", ">nrmse", ">rssd", "note")
    for run, status, seconds, who, best, nrmse, rssd, note in found.itertuples(index=False):
        shown.add_row(
            run,
            coloured(status),
            duration(seconds) if seconds == seconds else "",
            escape(who),
            best,
            number(nrmse, 4),
            number(rssd, 4),
            escape(note[:60]),
        )
    out.print(shown)


def show_run(run: Run) -> None:
    """All that a person asks first about a run."""
    out, run = console(), run.seen()
    state = run.state()
    said = state.error.removeprefix(f"{state.status} ")  # "cancelled by …" names the state itself
    out.print(f"\nrun {run}: {coloured(state.status)} {escape(said)}")
    result = load_result(run) if run.has(TRAINING) else None
    if result:
        _show_model(out, result)
        _show_posterior(out, result)
        if made := promotion(run, result.best):
            why = escape(f"{made.who}: {made.text}")
            out.print(f"[bold]{made.candidate}[/bold] stands for it, promoted by {why}")
    if run.has(CHECKS):
        out.print()
        show_findings(out, findings_of(run.load_json(CHECKS)), passed=False)
    if run.has(CHANGES):
        out.print("\nChanged in the data:")
        for change in run.load_json(CHANGES):
            what = f"{change['what']} ({change['count']}) in {change['where']}: {change['why']}"
            out.print(f"  - {escape(what)}")
    artifacts = run.artifacts()
    best = result.best if result else summarize(run)[0]
    out.print(f"\nRun folder: {run.place} ({len(artifacts)} artifacts)")
    for name in artifacts:
        if name == TRUTH_PICTURE:
            out.print(f"The truth:  {run.place}/{name}  (mmm open {run} {name})")
        elif name == f"{best}.png":
            out.print(f"One-pager:  {run.place}/{name}  (mmm open {run})")
        elif name.startswith("robyn_") and name.endswith(".png"):
            out.print(f"Robyn's:    {run.place}/{name}  (mmm open {run} {name})")
        elif name.endswith(".png"):
            out.print(f"Winner:     {run.place}/{name}  (mmm open {run} {name})")
    serve = "make app" if Path("Makefile").is_file() else "mmm app"
    out.print(f"Dashboard:  {serve}, then http://127.0.0.1:8080\n")


def _show_posterior(out: Console, result: TrainingResult) -> None:
    """How sure the effect of each channel is, whichever engine made the model."""
    posterior = result.posterior[result.posterior[c.ROLE] == "paid"]
    if posterior.empty:
        return
    what = "The posterior" if result.engine.startswith("bayes") else "Second opinion, a posterior"
    out.print(f"\n{what}: {escape(posterior[c.VERDICT].iloc[0])}")
    efficiency, level = posterior[c.EFFICIENCY].iloc[0].upper(), posterior[c.LEVEL].iloc[0]
    shown = table("channel", f">{efficiency}", f">{level:.0%} interval", "how well it is known")
    for _, row in posterior.iterrows():
        shown.add_row(
            escape(row[c.CHANNEL]),
            number(row[c.MEAN], 2),
            f"{number(row[c.LOW], 2)} to {number(row[c.HIGH], 2)}",
            row[c.KNOWN],
        )
    out.print(shown)


def _engine(result: TrainingResult) -> str:
    """What trained it, and which optimizer searched where one did."""
    searched = f", optimizer {result.optimizer}" if result.optimizer else ""
    return escape(f"{result.engine}{searched}")


def _show_model(out: Console, result: TrainingResult) -> None:
    out.print(
        f"best model [bold]{result.best}[/bold] of {len(result.candidates):,} "
        f"candidates ({escape(result.rule)}); engine {_engine(result)}"
    )
    out.print(result.errors_said())

    channels = result.channel_table()
    efficiency = c.ROAS if channels[c.ROAS].notna().any() else c.CPA
    shown = table(
        "channel",
        ">spend",
        ">spend share",
        ">effect share",
        f">{efficiency.upper()}",
        ">spend a period",
        ">response",
        ">marginal",
    )
    for _, row in channels.iterrows():
        shown.add_row(
            escape(row[c.CHANNEL]),
            f"{row[c.SPEND]:,.0f}",
            f"{row[c.SPEND_SHARE]:.1%}",
            f"{row[c.EFFECT_SHARE]:.1%}",
            number(row[efficiency], 2),
            f"{row[c.CURRENT_SPEND]:,.0f}",
            f"{row[c.CURRENT_RESPONSE]:,.0f}",
            number(row[c.CURRENT_MARGINAL], 2),
        )
    out.print(shown)
