"""The one text of each formula: plain Python here, compiled by the native engine."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.engines.native import transforms
from mmmlib.job.ranges import Adstock
from mmmlib.model import adstock


@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize(("scale", "shape"), [(0.02, 1.4), (0.08, 0.3), (0.05, 7.0), (0.0, 2.0)])
def test_what_is_compiled_is_the_plain_formula(scale: float, shape: float, density: bool) -> None:
    assert transforms.weibull_weights.py_func is adstock.weibull
    plain = adstock.weibull(157, scale, shape, density)
    np.testing.assert_allclose(
        transforms.weibull_weights(157, scale, shape, density), plain, rtol=4e-15
    )


@pytest.mark.parametrize("family", ["geometric", "weibull_cdf", "weibull_pdf"])
def test_adstock_is_the_convolution_with_its_weights(family: Adstock) -> None:
    exposure = np.random.default_rng(1).gamma(2.0, size=120)
    weights = adstock.weights(family, exposure.size, 0.3, 2.0)
    summed = [
        float(exposure[t::-1][: weights.size] @ weights[: t + 1]) for t in range(exposure.size)
    ]
    np.testing.assert_allclose(adstock.adstocked(exposure, family, 0.3, 2.0), summed, rtol=1e-12)


def test_saturation_of_nothing_is_nothing() -> None:
    assert adstock.hill(0.0, 2.0, 0.0) == 0.0
    assert adstock.hill(3.0, 2.0, 3.0) == 0.5
