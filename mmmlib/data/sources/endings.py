"""How the names of files end that are read, and how their bytes begin; one list for all doors."""

from __future__ import annotations

from typing import Final

TEXTS: Final = (".csv", ".tsv", ".txt")
WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET: Final = ".parquet"
FILES: Final = (*TEXTS, PARQUET, *WORKBOOKS)
_ZIP: Final = b"PK\x03\x04"
BEGINNINGS: Final = {
    PARQUET: b"PAR1",
    ".xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".ods"), _ZIP),
}


def is_what_it_says(ending: str, head: bytes) -> bool:
    """Whether the first bytes of a file are those of its ending; a text has none of the others'.

    Examples
    --------
    >>> is_what_it_says(".csv", b"week,revenue"), is_what_it_says(".csv", b"PAR1")
    (True, False)
    """
    if wanted := BEGINNINGS.get(ending):
        return head.startswith(wanted)
    return not head.startswith(tuple(BEGINNINGS.values()))
