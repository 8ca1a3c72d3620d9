"""Leaves out a grammar that takes longer to build than everything else a run imports.

``jsonschema``, which whoever reads a notebook imports, imports ``rfc3987_syntax`` where it is
installed, to check strings of the formats ``iri`` and ``iri-reference``. That package builds the
parser of a grammar when it is imported: more than a second of one core. No schema of a notebook
or of Jupyter's events has such a string; without the package jsonschema leaves the formats alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GRAMMAR = "rfc3987_syntax"


def leave_out_iri_grammar() -> None:
    """Let this process, which is ours alone, do without it."""
    sys.modules.setdefault(_GRAMMAR, None)  # type: ignore[arg-type]  # Python's "not there"


@contextmanager
def without_iri_grammar() -> Iterator[None]:
    """Import in this block what brings ``jsonschema``; later imports find the package again."""
    if _GRAMMAR in sys.modules:
        yield
        return
    leave_out_iri_grammar()
    try:
        yield
    finally:
        del sys.modules[_GRAMMAR]
