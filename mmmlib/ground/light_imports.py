"""Leaves out imports that cost much and that nothing here calls.

A grammar takes longer to build than everything else a run imports: ``jsonschema``, which whoever
reads a notebook imports, imports ``rfc3987_syntax`` where it is installed, to check strings of the
formats ``iri`` and ``iri-reference``. That package builds the parser of a grammar when it is
imported: more than a second of one core. No schema of a notebook or of Jupyter's events has such a
string; without the package jsonschema leaves the formats alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

IRI_GRAMMAR = "rfc3987_syntax"


def leave_out(*names: str) -> list[str]:
    """Let this process, which is ours alone, do without modules; those that are there stay.

    Returns
    -------
    list of str
        Those that cannot be imported now and could before.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # Python's "not there"
    return hidden


@contextmanager
def imported_without(*names: str) -> Iterator[None]:
    """Import in this block what brings these modules; later imports find them again."""
    hidden = leave_out(*names)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
