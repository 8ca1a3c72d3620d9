"""``mmm``: a thin shell over the library. The module of a command is imported when it is called."""

from __future__ import annotations

import click

from mmmlib import __version__
from mmmlib.ground import names

COMMANDS = {
    "run": "progress:run",
    "launch": "launch:launch",
    "batch": "launch:batch",
    "queue": "launch:queue",
    "cancel": "launch:cancel",
    "execute": "launch:execute",
    "runs": "show:runs",
    "show": "show:show",
    "open": "show:open_",
    "download": "show:download",
    "allocate": "models:allocate",
    "refresh": "models:refresh",
    "recreate": "models:recreate",
    "reproduce": "models:reproduce",
    "export": "models:export",
    "job": "first_job:job",
    "data": "sources:data",
    "connections": "sources:connections",
    "cache": "sources:cache",
    "simulate": "sources:simulate",
    "doctor": "launch:doctor",
    "app": "launch:app",
    "lab": "launch:lab",
}


class _ImportedOnUse(click.Group):
    """A group whose commands are names until one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = names.load(f"{__name__}.{COMMANDS[name]}")
        return command


@click.group(cls=_ImportedOnUse, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmm")
def main() -> None:
    """Train, browse and plan marketing mix models."""
