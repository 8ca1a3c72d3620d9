"""Compile to machine code, cached on disk.

Numba's own cache notices a change of the file that defines a function, not of the functions it
calls from other files: an upgrade could run stale machine code and return other numbers. So the
key of every entry also holds a digest of all sources that are compiled.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from mmmlib.ground import imported_without
from mmmlib.model import adstock, splits

# Before its first function numba looks for BLAS and for C declarations: 25 MB of imports that no
# function here calls. One that multiplied matrices would not compile, and say so.
with imported_without("scipy.linalg", "cffi"):
    import numba.core.typing.cffi_utils
    import numba.np.arraymath

Function = TypeVar("Function", bound=Callable[..., Any])


@functools.cache
def sources_digest() -> str:
    """Digest of all sources that are compiled: this package and the formulas it takes."""
    digest, here = hashlib.sha256(), Path(__file__).parent
    formulas = (Path(inspect.getfile(module)) for module in (adstock, splits))
    samplers = (here.parent / "bayes" / name for name in ("sampler.py", "saturation.py"))
    for path in [*sorted(here.glob("*.py")), *samplers, *formulas]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _Index(IndexDataCacheFile):  # type: ignore[misc]
    """Numba's index of a function's entries; one that names a class that is gone holds nothing."""

    def _load_index(self) -> dict[Any, Any]:
        # numba unpickles the signatures in it before it asks whether the sources have changed
        try:
            return dict(super()._load_index())
        except (AttributeError, ImportError):
            return {}


class _SourcesCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache, asked with the digest of all sources."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _Index(self._cache_path, self._impl.filename_base, stamp)

    def _index_key(self, *args: Any) -> tuple[Any, ...]:
        return (*super()._index_key(*args), sources_digest())

    def holds_any(self) -> bool:
        """Whether something of these very sources was compiled and is kept."""
        return any(key[-1] == sources_digest() for key in self._cache_file._load_index())


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Pass on what a signal handler raised (``KeyboardInterrupt``) while compiled code ran.

    The interpreter finds the exception beside a result and makes it a ``SystemError``, in every
    frame of compiled code anew.
    """
    try:
        yield
    except SystemError as error:
        cause: BaseException = error
        while isinstance(cause, SystemError) and cause.__cause__ is not None:
            cause = cause.__cause__
        raise cause from None


def compiled(function: Function) -> Function:
    """Compile on first call: IEEE arithmetic (no fastmath), without the GIL, cached.

    Division by zero gives what NumPy gives. Where no directory can hold the cache, every
    interpreter compiles anew (about ten seconds).
    """
    dispatcher = numba.njit(nogil=True, error_model="numpy")(function)
    # "no locator available": neither the package's directory nor the home is writable
    with contextlib.suppress(RuntimeError):
        dispatcher._cache = _SourcesCache(function)
    return dispatcher  # type: ignore[no-any-return]


def lacks_cache(function: Callable[..., Any]) -> bool:
    """Whether a compiled function could be kept for later interpreters, and is not yet."""
    cache = function._cache  # type: ignore[attr-defined]
    return isinstance(cache, _SourcesCache) and not cache.holds_any()
