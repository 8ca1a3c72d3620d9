"""The curves of the sampler are those of the other engines."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.engines.bayes.saturation import carried_into, saturated_into
from mmmlib.model import adstock


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("inflexion", [1e-6, 1.0, 3e4])
def test_saturation_is_hills_to_eleven_digits(alpha: float, inflexion: float) -> None:
    rng = np.random.default_rng(1)
    adstocked = np.concatenate([np.exp(rng.normal(0, 4, 500)), [0.0, 1.0, 2.0, 1e-300, 1e200]])
    made = np.empty_like(adstocked)
    saturated_into(adstocked, alpha, inflexion, made)
    with np.errstate(divide="ignore", over="ignore"):
        expected = 1.0 / (1.0 + (inflexion / adstocked) ** alpha)
    np.testing.assert_allclose(made, expected, rtol=1e-11, atol=1e-250)
    assert made[500] == 0.0


def test_carryover_is_the_other_engines_own() -> None:
    exposure = np.random.default_rng(2).gamma(1.0, 50.0, 120)
    made = np.empty(90)
    carried_into(exposure, 0.37, 30, made)
    np.testing.assert_array_equal(made, np.asarray(adstock.geometric(exposure, 0.37))[30:])
