"""A stream of bytes becomes the lines a terminal would show."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mmmlib.engines.robyn.console import LONGEST, Lines


def _lines(*chunks: bytes) -> list[str]:
    lines = Lines()
    return [line for chunk in chunks for line in lines.feed(chunk)] + lines.end()


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"on", b"e\nt", b"wo"], ["one", "two"]),
        ([b"windows\r\nlines\r\n"], ["windows", "lines"]),
        ([b"\r 10%\r 50%\r100%\ndone\n"], ["100%", "done"]),
        ([b"\r 10%", b"\r 50%", b"\r100%", b"\n"], ["100%"]),
        (["é€".encode()[:1], "é€".encode()[1:4], "é€".encode()[4:]], ["é€"]),
        ([b"\xff\xfe broken\n"], ["\ufffd\ufffd broken"]),
        ([b"  kept  \n\n"], ["  kept", ""]),
        ([], []),
    ],
)
def test_lines(chunks: list[bytes], shown: list[str]) -> None:
    assert _lines(*chunks) == shown


def test_an_endless_line_is_cut() -> None:
    lines = Lines()
    for _ in range(100):
        assert lines.feed(b"x" * LONGEST) == []
    (line,) = lines.end()
    assert len(line) == LONGEST


@given(st.lists(st.text(alphabet="ab \r\nä", max_size=20)), st.integers(1, 7))
def test_the_cut_of_the_chunks_does_not_matter(texts: list[str], size: int) -> None:
    data = "".join(texts).encode()
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert _lines(*chunks) == _lines(data)


def test_a_bar_says_its_percent() -> None:
    lines = Lines()
    assert lines.feed(b">>> Calculating response curves\n") == [">>> Calculating response curves"]
    assert lines.percent() is None
    lines.feed(b"\r  |      |   0%\r  |==    |  45%")
    assert lines.percent() == 45
    lines.feed(b"\r  |======| 100%\n")
    assert lines.percent() is None
