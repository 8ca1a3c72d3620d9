"""Commands about where data come from: connections, previews, what is kept."""

from __future__ import annotations

import sys

import click

from mmmlib.cli_options import FAILED, says_errors


@click.group()
def connections() -> None:
    """List and test connections to Snowflake."""


@connections.command(name="list")
@says_errors
def list_connections() -> None:
    """List the connections of connections.toml and of the environment; no secrets are shown."""
    from mmmlib.terminal_sources import show_connections

    show_connections()


@connections.command(name="test")
@click.argument("name", default="")
@click.option("--table", default="", metavar="DATABASE.SCHEMA.TABLE", help="May it be read?")
@click.option("--column", multiple=True, help="Does the table have it? As often as one likes.")
@says_errors
def test_connection(name: str, table: str, column: tuple[str, ...]) -> None:
    """Test the connection NAME (or the default), and say which step failed and what to do."""
    from mmmlib.terminal_sources import show_connection_test

    if not show_connection_test(name, table, column):
        sys.exit(FAILED)


@click.command()
@click.argument("job", metavar="JOB.YAML")
@click.option("--picture", default="", metavar="FILE.PNG", help="Draw spend by channel, too.")
@says_errors
def preview(job: str, picture: str) -> None:
    """Show what the source of JOB.YAML holds: rows, dates, types, spend by channel, first rows."""
    from mmmlib.terminal_sources import show_preview

    show_preview(job, picture)


@click.group()
def cache() -> None:
    """List and clear what was read from Snowflake and is kept for a while."""


@cache.command(name="list")
@says_errors
def list_cache() -> None:
    """List what is kept, and how old it is."""
    from mmmlib.terminal_sources import show_cache

    show_cache()


@cache.command(name="clear")
@says_errors
def clear_cache() -> None:
    """Remove everything that is kept: the next run reads Snowflake anew."""
    from mmmlib.sources.snowflake.cache import clear

    count = clear()
    click.echo(f"removed {count} extraction{'' if count == 1 else 's'}")
