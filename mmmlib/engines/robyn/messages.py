"""What the kernel and a host of R say to each other, as plain data.

A host imports this and little else, so that R starts in half a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["double", "integer", "logical", "date", "text"]


@dataclass(frozen=True, eq=False)
class Vector:
    """Values of one kind.

    Attributes
    ----------
    name : str
    kind : str
    values : array, shape (n,)
        float64 (``double``), int32 (``integer``), bool (``logical``), days since 1970 as float64
        (``date``), str objects (``text``). Where ``missing``, they mean nothing.
    missing : array, shape (n,)
        Where R has NA.
    """

    name: str
    kind: Kind
    values: np.ndarray[Any, Any]
    missing: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Frame:
    """A table as it passes between the processes."""

    columns: tuple[Vector, ...]


@dataclass(frozen=True)
class Kept:
    """An R object that stays in its host under a name, as an argument of a call."""

    name: str


# None, a scalar, texts, a table, or an object that is there already
Argument = None | bool | int | float | str | tuple[str, ...] | Frame | Kept


@dataclass(frozen=True)
class Call:
    """Call an R function.

    Attributes
    ----------
    function : str
        Its name: one of ``mmmr``'s, or of R itself.
    arguments : tuple
        By position.
    keep : str
        Name under which the value stays in R; empty: it is returned.
    watch : bool
        Whether the candidates that R tells nevergrad are reported while the call runs.
    """

    function: str
    arguments: tuple[Argument, ...] = ()
    keep: str = ""
    watch: bool = False


@dataclass(frozen=True)
class Ready:
    """R has started and knows its functions."""

    version: str


@dataclass(frozen=True)
class Told:
    """Candidates done in the call that runs, and the least of each error so far."""

    done: int
    best: tuple[float, ...]


@dataclass(frozen=True)
class Returned:
    """The value of a call: ``None``, a list of scalars, a dict, or a table as :class:`Frame`."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """A call stopped in R (or its arguments or value could not pass between R and Python).

    Attributes
    ----------
    message, call : str
        R's message, and the call that raised it.
    traceback : tuple of str
        The calls that led there, outermost first.
    """

    message: str
    call: str = ""
    traceback: tuple[str, ...] = ()
