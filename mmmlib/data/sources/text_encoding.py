"""Text files that are not UTF-8, made UTF-8: spreadsheets still write others."""

from __future__ import annotations

import codecs
from pathlib import Path

from mmmlib.ground import SourceError

_BLOCK = 1 << 22  # bytes read at a time: a file need not fit into memory
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WESTERN = "cp1252"  # latin-1 as Windows and Excel write it, with € and typographic quotes


def encoding_of(path: Path) -> str:
    """The encoding of a text file: ``utf-8``, ``utf-16`` by its mark, or else ``cp1252``.

    All of the file is looked at: bytes that are valid UTF-8 to the end are UTF-8, since texts of
    other encodings practically never are.
    """
    with path.open("rb") as file:
        start = file.read(2)
        if start in _MARKS:
            return _MARKS[start]
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(_BLOCK):
                if decoder.getstate()[0] or not block.isascii():
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return WESTERN
    return "utf-8"


def as_utf8(path: Path, encoding: str, into: Path) -> None:
    """Write the same text as UTF-8.

    Raises
    ------
    SourceError
        There are bytes that are no text in this encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file, into.open("wb") as written:
            while block := file.read(_BLOCK):
                written.write(decoder.decode(block).encode("utf-8"))
            written.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeError as error:
        raise SourceError(
            f"file: {path.name} is no text in UTF-8 or {encoding}; save it as CSV in UTF-8"
        ) from error
