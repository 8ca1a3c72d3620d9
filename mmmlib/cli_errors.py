"""How commands end: exit codes, and our errors as messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from mmmlib.errors import MMMError
from mmmlib.secrets import scrub

INVALID, FAILED, CANCELLED = 2, 1, 130  # exit codes


def says_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Our errors are messages, not tracebacks; no secret is in them."""

    @wraps(command)
    def said(*args: Any, **kwargs: Any) -> None:
        from mmmlib.errors import JobError

        try:
            command(*args, **kwargs)
        except JobError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(INVALID)
        except MMMError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(FAILED)

    return said
