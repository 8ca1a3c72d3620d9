"""Machine code is cached, and never used for other sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

CODE = """
import sys
import mmmlib.engines.native.compiled as compiled
compiled.sources_digest = lambda: sys.argv[1]
from mmmlib.engines.native.transforms import hill
lacks = compiled.lacks_cache(hill)
assert hill(2.0, 1.0, 2.0) == 0.5
assert not {"scipy.linalg", "cffi"} & set(sys.modules)  # numba did not load what nothing calls
import cffi, scipy.linalg  # others can
print(sum(hill.stats.cache_hits.values()), sum(hill.stats.cache_misses.values()), lacks)
"""


def _hits_and_misses(digest: str, cache: Path) -> str:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", CODE, digest]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_changed_sources_are_compiled_anew(tmp_path: Path) -> None:
    assert _hits_and_misses("one", tmp_path) == "0 1 True"
    assert _hits_and_misses("one", tmp_path) == "1 0 False"
    assert _hits_and_misses("two", tmp_path) == "0 1 True"


def test_without_a_place_for_the_cache_it_still_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmmlib.engines.native import compiled

    def nowhere(function: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled, "_SourcesCache", nowhere)
    assert compiled.compiled(lambda x: x + 1)(1) == 2


def test_an_interrupt_in_compiled_code_is_an_interrupt() -> None:
    from mmmlib.engines.native.compiled import interruptible

    def interrupted() -> None:
        with interruptible():
            raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(SystemError, match="another"), interruptible():
        raise SystemError("another")


def test_an_index_that_names_a_class_that_is_gone_is_empty(tmp_path: Path) -> None:
    """A class renamed between two versions: numba's index holds the signatures with its name."""
    assert _hits_and_misses("one", tmp_path) == "0 1 True"
    (index,) = tmp_path.glob("**/*hill*.nbi")
    version = index.read_bytes().split(b"\x80", 1)[0]
    index.write_bytes(version + b"cmmmlib.engines.native.evaluate\nGone\n.")
    assert _hits_and_misses("one", tmp_path) == "0 1 True"
    assert _hits_and_misses("one", tmp_path) == "1 0 False"
