"""One exception tree. Each message is for the person who must act: what, where, what to do.

::

    MMMError
    ├── JobError          the job contradicts itself or the data; all problems at once
    ├── SourceError       the data could not be read
    │   └── SnowflakeError   … from Snowflake; its kind says what failed
    ├── DataError         the data were read, but no model can be trained on them
    ├── EngineError       training failed
    ├── AllocationError   no budget satisfies what was asked
    ├── StoreError        an artifact could not be written or read
    ├── LaunchError       a run could not be handed to its executor
    ├── RunError          a run is missing, already ended or not in the state asked for
    └── NotebookError     a notebook stopped; the message is that of what stopped it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class MMMError(Exception):
    """Root of all errors a person can act upon."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the message; ``%xmode verbose`` and ``%tb`` show the way to it."""
        from IPython import get_ipython

        shell = get_ipython()
        if shell and shell.InteractiveTB.mode == "Verbose":
            trace = shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
            return list(map(str, trace))
        return [str(self), "", "(%xmode verbose, then %tb: where in the code this was raised)"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where it is (``channels[2].spend``) and what to do about it."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class _ProblemsError(MMMError):
    """An error that lists everything that is wrong, not only the first thing."""

    title = "problems"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.title}: {self.problems[0]}"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        return f"{self.title} ({len(self.problems)} problems):\n{lines}"


class JobError(_ProblemsError):
    """The job is not valid."""

    title = "the job is not valid"


class DataError(_ProblemsError):
    """The data cannot be modelled as they are."""

    title = "the data cannot be used"


class SourceError(MMMError):
    """The source could not be read."""


class SnowflakeError(SourceError):
    """Snowflake refused, or was not reached.

    Attributes
    ----------
    kind : str
        What failed: ``name``, ``profile``, ``network``, ``login``, ``role``, ``warehouse``,
        ``database``, ``table``, ``column``, ``permission``, ``sql``, ``timeout``, ``cancelled``
        or ``service``.
    again : bool
        Whether the same may succeed when it is tried again.
    """

    def __init__(self, kind: str, message: str, again: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.again = again

    def __reduce__(self) -> tuple[type[SnowflakeError], tuple[str, str, bool]]:
        return type(self), (self.kind, str(self), self.again)


class EngineError(MMMError):
    """Training failed."""


class AllocationError(_ProblemsError):
    """No allocation satisfies the request."""

    title = "no allocation possible"


class StoreError(MMMError):
    """An artifact could not be written or read."""


class RunError(MMMError):
    """A run is missing, has ended, or is in another state than the call needs."""


class LaunchError(MMMError):
    """An executor is not there, or refused a run."""


class NotebookError(MMMError):
    """A notebook stopped before its end."""
