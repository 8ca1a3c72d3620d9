"""Sources in a terminal: connections and their tests, previews, the cache."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.markup import escape

from mmmlib.data import job_path
from mmmlib.errors import SnowflakeError, StoreError
from mmmlib.job import TrainingJob
from mmmlib.progress import duration
from mmmlib.sources import open_source
from mmmlib.terminal import _table as table
from mmmlib.terminal import console

SHOWN_ROWS, SHOWN_COLUMNS = 8, 8


def show_connections() -> None:
    """Every connection that is known here: where it leads, as whom, how it logs in."""
    from mmmlib.sources.snowflake.connections import connections

    out = console()
    found = connections()
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
    from mmmlib.sources.snowflake.look import try_connection

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
    job = TrainingJob.load(job_path(file))
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
        from mmmlib.report import style
        from mmmlib.report.preview import figure

        try:
            Path(picture).write_bytes(style.png(figure(seen)))
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
    from mmmlib.settings import settings
    from mmmlib.sources.snowflake.cache import listed

    out = console()
    hours = settings().mmm_cache_hours
    out.print(f"kept for {hours:g} h (MMM_CACHE_HOURS) in {escape(str(settings().mmm_cache))}")
    for kept in listed():
        age = duration(kept.age.total_seconds()) + (" old" if kept.fresh else " old, too old")
        out.print(escape(f"{kept.rows:,} rows, {age}, {kept.place}: {kept.query}"))
