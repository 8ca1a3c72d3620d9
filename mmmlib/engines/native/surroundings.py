"""What the numbers of a trial depend on beside the model and the seed; cheap to import.

Trials that are searched on other machines must come out as they would here, to the last bit.
"""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import mmmlib

if TYPE_CHECKING:
    from mmmlib.engines.native.candidates import Model

# What searches and fits, and what the model is handed over in.
PACKAGES = (
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "nevergrad",
    "pymoo",
    "moocore",
    "pandas",
    "pydantic",
)
_PROBED = 8  # candidates


def surroundings() -> dict[str, str]:
    """Versions of this process, by name; Python's, mmmlib's sources and the packages'."""
    found = {"python": platform.python_version(), "processor": platform.machine()}
    found["mmmlib"] = f"{mmmlib.__version__} (sources {_sources()})"
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def differences(here: dict[str, str], there: dict[str, str]) -> list[str]:
    """Say what differs: ``numpy 2.4.5 instead of 2.4.6``."""
    return [
        f"{name} {there.get(name, 'missing')} instead of {wanted}"
        for name, wanted in here.items()
        if there.get(name) != wanted
    ]


def arithmetic(model: Model) -> str:
    """Digest of a few fits and functions, which versions do not show.

    The C library and NumPy, which has other code for other processors, may round the last bit of
    a power or a logarithm otherwise.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    cube = rng.random((_PROBED, len(model.space.searched)))
    fits = model.evaluate(model.space.values(cube))
    numbers = rng.random(1000)
    digest = hashlib.sha256()
    for made in (
        fits.errors,
        fits.coefficients,
        fits.mape,
        numbers ** (1 / 6),  # the root of the crossover's spread
        np.exp(numbers),
        np.log(numbers),
        rng.standard_normal(1000),
        np.random.RandomState(0).standard_normal(1000),  # nevergrad's
    ):
        digest.update(np.ascontiguousarray(made).tobytes())
    return digest.hexdigest()


def _sources() -> str:
    """Digest of all of mmmlib: a checkout changes without its version."""
    package = Path(mmmlib.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
