"""`mmm job`: write a first job that explains itself, and check jobs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click

from mmmlib.cli.answers import JobCheck, Said
from mmmlib.cli.options import INVALID, job_argument, json_option, says_errors
from mmmlib.data import Guess
from mmmlib.ground import JobError, Problem, names, yaml_text
from mmmlib.job import HYPERPARAMETERS, Kind, TrainingJob, default_range
from mmmlib.run import first_guess

SCHEMA_FILE = "job.schema.json"
_GROUPS = ("channels", "organic", "context")
_LONGEST = 160  # of a comment; names of columns may be 300 characters


@click.group()
def job() -> None:
    """Write and check jobs."""


@job.command()
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("-o", "output", default="job.yaml", help="Where the job goes.", show_default=True)
@click.option("--country", default="", help="Label or value of the country; * adds all up.")
@click.option("--date", default="", help="Column of the dates, where it is not found.")
@click.option("--target", default="", help="Column to be explained, where it is not found.")
@click.option("--spend", default="", help="Columns of spend, by commas, where names do not say.")
@click.option("--first-date", default="", help="Date of the first row, where rows are numbered.")
@click.option(
    "--no-row", type=click.Choice(["", "zero", "fill"]), default="", help="Missing dates."
)
@click.option("--connection", default="", help="Snowflake connection; empty takes the default.")
@click.option("--table", default="", help="Snowflake table, or the sheet of a workbook.")
@click.option("--sql", default="", help="One SELECT of Snowflake, instead of a table.")
@click.option("--force", is_flag=True, help="Overwrite a job that exists.")
@says_errors
def init(files: tuple[str, ...], output: str, force: bool, **chosen: str) -> None:
    """Write a first job by looking at the data in FILE (CSV, Parquet, workbook, example:weekly).

    Further files are joined to the first by date. Without a file, --table or --sql are read from
    Snowflake by --connection.
    """
    click.echo(init_job(files, output, chosen, force=force))


@job.command()
@job_argument
@json_option
@says_errors
def check(job: str, as_json: bool) -> None:
    """Say everything that is wrong with JOB.YAML, by itself and against its data."""
    from mmmlib.run import check_job

    try:
        summary = check_job(TrainingJob.load(job)).summary()
    except JobError as error:
        if not as_json:
            raise
        problems = [Said(**vars(problem)) for problem in error.problems]
        click.echo(JobCheck(ready=False, summary="", problems=problems).model_dump_json(indent=2))
        sys.exit(INVALID)
    if as_json:
        click.echo(JobCheck(ready=True, summary=summary, problems=[]).model_dump_json(indent=2))
    else:
        click.echo(f"{summary}\nready: mmm run {job}")


@job.command()
@says_errors
def schema() -> None:
    """Print the JSON schema of job.yaml, for editors."""
    import json

    from mmmlib.job import job_schema

    click.echo(json.dumps(job_schema(), indent=2))


def init_job(
    files: str | Sequence[str], output: str, chosen: Mapping[str, str], *, force: bool = False
) -> str:
    """Guess a job from a file, write it, and say what is doubtful and what to do next.

    Parameters
    ----------
    files : str or sequence of str
        The data; the job names them as typed here. None: a table or SQL of Snowflake.
    output : str
        The job to write. Where ``job.schema.json`` lies beside it, its first line names that.
    chosen : mapping
        What the person knows: see :func:`mmmlib.data.guess.guess_job`.
    force : bool
        Overwrite a job that exists.

    Raises
    ------
    SourceError, DataError
        No job can be guessed from the file.
    JobError
        The job exists already or cannot be written.
    """
    path = Path(output)
    if path.exists() and not force:  # said before a look at large data, not after
        raise _exists(path)
    guess = first_guess([files] if isinstance(files, str) else files, chosen)
    write_job(job_text(guess, _schema_beside(path)), path, force=force)
    channels = ", ".join(channel["name"] for channel in guess.values["channels"][:12])
    lines = [f"wrote {output}: {guess.values['target']} explained by {channels}"]
    if guess.doubts:
        lines += ["not sure about:", *(f"  - {_printable(doubt)}" for doubt in guess.doubts)]
    typed = shlex.quote(output)
    return "\n".join([*lines, f"next: mmm job check {typed}", f"then: mmm run {typed}"])


def job_text(guess: Guess, schema: str = "") -> str:
    """Return the commented ``job.yaml`` of a guess.

    Keys that have a value come with it and its reason; all other keys follow as comments with
    their defaults, recommended ranges likewise.

    Parameters
    ----------
    guess : Guess
    schema : str
        Path of the JSON schema relative to the job; named in the first line, where editors with
        the YAML language server look for it. Empty: no such line.

    Raises
    ------
    JobError
        The text does not read back as the guessed job (a fault of this module).
    """
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [
        "# Proposed by `mmm job init` from a look at the data; it is yours to correct.",
        "# docs/job.md explains every key; a key after # has the default that is shown.",
        "",
    ]
    for key, field in TrainingJob.model_fields.items():
        lines.append(_comment(f"{field.description}{_choices(key)}"))
        lines += _key(key, field.get_default(call_default_factory=True), guess)
        lines.append("")
    lines += _left_out(guess)
    text = "\n".join(lines) + "\n"
    if TrainingJob.from_yaml(text) != guess.job:
        raise JobError([Problem("", "the written job does not read back as the guessed one")])
    return text


def write_job(text: str, path: Path, *, force: bool = False) -> None:
    """Write a job to a new file.

    Raises
    ------
    JobError
        The file exists (and ``force`` is false), or cannot be written.
    """
    try:
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise JobError([Problem(str(path), f"cannot be written: {error.strerror}")]) from None


def _exists(path: Path) -> JobError:
    why = "exists already; name another with -o, or overwrite it with --force"
    return JobError([Problem(str(path), why)])


def _schema_beside(path: Path) -> str:
    return SCHEMA_FILE if (path.parent / SCHEMA_FILE).is_file() else ""


def _key(key: str, default: Any, guess: Guess) -> Iterator[str]:
    """The lines of one key: its reason and value, or its default as a comment."""
    value = guess.values.get(key)
    if key in _GROUPS and value:
        yield f"{key}:"
        for item in value:
            yield from _item(key, item, guess)
    elif key in guess.values and value:
        if (reason := _reason(key, value, guess)) is not None:
            yield _comment(reason)
        yield f"{key}: {_plain(value)}"
    elif key in ("engine", "source"):
        yield f"{key}: {_plain(value or default)}"
    else:
        yield f"# {key}: {_plain(_as_yaml(default))}"


def _item(group: str, item: Mapping[str, Any], guess: Guess) -> Iterator[str]:
    """One variable: the reasons of its columns, its keys, its recommended ranges."""
    own = None if group == "channels" else item["column"] or item["name"]
    for column in (item.get("spend"), item.get("exposure"), own):
        if column is not None:
            yield _comment(f"{column!r} {guess.reasons[column]}", "  ")
    kept = {key: value for key, value in item.items() if value not in (None, False)}
    start = "  - "
    for key, value in kept.items():
        yield f"{start}{key}: {_plain(value)}"
        start = "    "
    if group != "context":
        kind = cast("Kind", item.get("kind", "organic"))
        ranges = {
            name: list(default_range(name, "geometric", kind))
            for name in HYPERPARAMETERS["geometric"]
        }
        yield f"    # ranges: {_plain(ranges)}"


def _reason(key: str, value: Any, guess: Guess) -> str | None:
    if key in ("date", "target", "country_column") and value in guess.reasons:
        return f"{value!r} {guess.reasons[value]}"
    return guess.reasons.get("engine") if key == "engine" else None


def _left_out(guess: Guess) -> Iterator[str]:
    """Columns without a role, at most thirty of them."""
    left = [name for name, role in guess.roles.items() if role == "left out"]
    if left:
        yield "# Columns that are left out:"
    for name in left[:30]:
        yield _comment(f"{name!r} {guess.reasons[name]}", "#   ").replace("#   # ", "#   ", 1)
    if len(left) > 30:
        yield f"#   and {len(left) - 30} more"


def _choices(key: str) -> str:
    known = {"engine": names.ENGINES, "source": names.SOURCES}.get(key, {})
    return f"; one of: {', '.join(known)}" if len(known) > 1 else ""


def _plain(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml_text(value, default_flow_style=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _as_yaml(default: Any) -> Any:
    if hasattr(default, "model_dump"):
        return default.model_dump(mode="json")
    return list(default) if isinstance(default, tuple) else default


def _comment(text: str, indent: str = "") -> str:
    """Text as a comment of one line, whatever characters a column's name holds."""
    return f"{indent}# {_printable(text)}"


def _printable(text: str) -> str:
    """Text on one line, not too long."""
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"
