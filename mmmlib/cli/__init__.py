"""``mmm``: a thin shell over the library. The module of a command is imported when it is called."""

from __future__ import annotations

import difflib

import click

from mmmlib import __version__
from mmmlib.ground import names

# By what one wants to do, in the order of the help.
GROUPS = {
    "A first model": {
        "job": "first_job:job",
        "data": "sources:data",
        "run": "progress:run",
        "show": "show:show",
        "open": "show:open_",
        "app": "launch:app",
        "lab": "launch:lab",
    },
    "What to do with it": {
        "allocate": "models:allocate",
        "plan": "plan:plan",
        "refresh": "models:refresh",
        "export": "models:export",
        "recreate": "models:recreate",
        "reproduce": "models:reproduce",
        "download": "show:download",
    },
    "Many runs": {
        "runs": "show:runs",
        "launch": "launch:launch",
        "batch": "launch:batch",
        "queue": "launch:queue",
        "cancel": "launch:cancel",
        "execute": "launch:execute",
    },
    "Data and this machine": {
        "connections": "sources:connections",
        "cache": "sources:cache",
        "simulate": "sources:simulate",
        "doctor": "launch:doctor",
        "schema": "schema:schema",
    },
}
COMMANDS = {name: where for group in GROUPS.values() for name, where in group.items()}


class _ImportedOnUse(click.Group):
    """A group whose commands are names until one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, group in GROUPS.items():
            commands = [(name, self.get_command(ctx, name)) for name in group]
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name, command.get_short_help_str(200))
                        for name, command in commands
                        if command
                    ]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = names.load(f"{__name__}.{COMMANDS[name]}")
        return command


@click.group(cls=_ImportedOnUse, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmm")
def main() -> None:
    """Train, browse and plan marketing mix models."""
