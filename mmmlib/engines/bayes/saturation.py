"""The sampler's Hill curve over a whole column, in loops that the compiler makes vectors of.

A logarithm and an exponential a row were most of a chain's time (on 2,000 rows 26 microseconds a
column, 13 here): calls into the C library cannot be made vectors of. Here both are polynomials on
the bits of the numbers, with a relative error below 1e-11: the draws are those of the formula.
"""

from __future__ import annotations

import math

import numpy as np

from mmmlib.engines.native.compiled import compiled
from mmmlib.model import FloatArray

_LN2, _ROOT2 = math.log(2.0), math.sqrt(2.0)
_FRACTION, _ONE = 0x000FFFFFFFFFFFFF, 0x3FF0000000000000  # bits of a double: fraction, and 1.0
_INTEGER, _OFFSET = 0x4330000000000000, 4503599627370496.0 + 1023.0  # 2^52: an integer's double
_ROUND = 6755399441055744.0  # 1.5 * 2^52: added, a double's last bits are the nearest integer
_FAR = 700.0  # beyond it the exponential has no double


@compiled
def saturated_into(
    adstocked: FloatArray, alpha: float, inflexion: float, column: FloatArray
) -> None:
    """``1 / (1 + (inflexion / adstocked) ** alpha)`` of each row, 0 where nothing is adstocked."""
    bits = adstocked.view(np.int64)
    exponents, fractions = np.empty(bits.size, np.int64), np.empty(bits.size, np.int64)
    for i in range(bits.size):
        exponents[i] = (bits[i] >> 52) | _INTEGER
        fractions[i] = (bits[i] & _FRACTION) | _ONE
    powers, rests = exponents.view(np.float64), fractions.view(np.float64)
    at = 0.5 * _LN2 - (math.log(inflexion) if inflexion > 0.0 else 0.0)
    for i in range(bits.size):
        x = -alpha * ((powers[i] - _OFFSET) * _LN2 + at + _log_of(rests[i]))
        rounded = min(max(x, -_FAR), _FAR) / _LN2 + _ROUND
        powers[i] = rounded
        rests[i] = _exp(min(max(x, -_FAR), _FAR) - (rounded - _ROUND) * _LN2)
    for i in range(bits.size):
        fractions[i] += exponents[i] << 52  # times two to that power
    for i in range(bits.size):
        column[i] = 1.0 / (1.0 + rests[i]) if adstocked[i] > 0.0 else 0.0


@compiled
def carried_into(exposure: FloatArray, theta: float, first: int, adstocked: FloatArray) -> None:
    """Geometric adstock of the rows from ``first`` on; see :func:`mmmlib.model.adstock.geometric`.

    In place, without a copy (4 of 12 microseconds on 2,000 rows).
    """
    carried = 0.0
    for row in range(first):
        carried = exposure[row] + theta * carried
    for row in range(adstocked.size):
        carried = exposure[first + row] + theta * carried
        adstocked[row] = carried


@compiled
def _log_of(fraction: float) -> float:
    """Logarithm of a number from 1 to 2, less that of the root of 2: the series of artanh."""
    s = (fraction - _ROOT2) / (fraction + _ROOT2)
    q = s * s
    high = 1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15)))
    return 2.0 * s * (1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * high))))


@compiled
def _exp(x: float) -> float:
    """Exponential of a number between plus and minus half the logarithm of 2: its series."""
    high = 1 / 5040 + x * (1 / 40320 + x * (1 / 362880 + x * (1 / 3628800 + x * (1 / 39916800))))
    middle = 1 / 24 + x * (1 / 120 + x * (1 / 720 + x * high))
    return 1.0 + x * (1.0 + x * (1 / 2 + x * (1 / 6 + x * middle)))
