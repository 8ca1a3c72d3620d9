"""`mmm schema`: what programs may rely on in the JSON that commands print."""

from __future__ import annotations

import json

import click

from mmmlib.cli.answers import ANSWERS
from mmmlib.cli.options import says_errors


@click.command()
@click.argument("command", type=click.Choice(sorted(ANSWERS)))
@says_errors
def schema(command: str) -> None:
    """Print the JSON schema of what a command prints with --json."""
    click.echo(json.dumps(ANSWERS[command].model_json_schema(), indent=2))
