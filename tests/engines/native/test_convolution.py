"""The Fourier transform adds up what the direct sum adds up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.convolution import (
    FOURIER_ROWS,
    Spectra,
    convolve_into,
    sum_lags_into,
    transform,
    transform_back,
)
from mmmlib.engines.native.transforms import adstock_into, weibull_weights
from tests.bench import growth
from tests.conftest import REPOSITORY

Floats = npt.NDArray[np.float64]


def _both(exposure: Floats, weights: Floats, first: int = 0) -> tuple[Floats, Floats]:
    """Sums through a transform, where its terms are many enough, and direct ones."""
    fourier, direct = np.empty((2, exposure.size - first))
    convolve_into(exposure, Spectra.of(exposure[None], fewest=1), 0, weights, first, fourier)
    sum_lags_into(exposure, weights, first, direct)
    return fourier, direct


def _flights(seed: int, rows: int, share: float) -> Floats:
    """Spend of very different size in this share of the rows, none in the first tenth."""
    rng = np.random.default_rng(seed)
    spend: Floats = rng.lognormal(8.0, 2.0, rows) * (rng.random(rows) < share)
    spend[: rows // 10] = 0.0
    return spend


def _assert_same(fourier: Floats, direct: Floats) -> None:
    np.testing.assert_allclose(fourier, direct, rtol=0, atol=1e-11 * direct.max(initial=0.0))
    np.testing.assert_allclose(fourier, direct, rtol=1e-10, atol=0)
    assert ((fourier == 0) == (direct == 0)).all()
    assert (fourier >= 0).all()


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(100, 3000),
    st.sampled_from([0.003, 0.05, 0.5, 1.0]),
    st.floats(0, 1),
    st.floats(0, 20),
    st.booleans(),
    st.floats(0, 0.9),
)
def test_each_row_is_that_of_the_direct_sum(
    seed: int, rows: int, share: float, scale: float, shape: float, density: bool, before: float
) -> None:
    exposure, first = _flights(seed, rows, share), int(rows * before)
    _assert_same(*_both(exposure, weibull_weights(rows, scale, shape, density), first))


@pytest.mark.parametrize("rows", [350, 512, 513, 1096, 2000, 3000])
@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize(
    ("scale", "shape"), [(0.001, 0.01), (0.05, 0.3), (0.3, 1.0), (0.5, 10.0), (1.0, 2.0), (1.0, 20)]
)
def test_extreme_kernels(rows: int, density: bool, scale: float, shape: float) -> None:
    weights = weibull_weights(rows, scale, shape, density)
    for share in (0.01, 1.0):
        _assert_same(*_both(_flights(rows, rows, share), weights))


def test_long_kernels_are_transformed() -> None:
    """Else the other tests would compare direct sums with direct sums."""
    exposure = np.random.default_rng(1).gamma(2.0, 1000.0, FOURIER_ROWS)
    fourier, direct = _both(exposure, weibull_weights(FOURIER_ROWS, 0.3, 1.0, False))
    assert (fourier != direct).any()
    _assert_same(fourier, direct)


def test_one_vast_sum_long_ago_does_not_drown_the_window() -> None:
    exposure = np.ones(1000)
    exposure[300] = 1e15
    weights = np.exp(-np.arange(1000) / 4.0)
    _assert_same(*_both(exposure, weights, 0))
    _assert_same(*_both(exposure, weights, 700))


def test_nothing_spent_is_nothing() -> None:
    fourier, _ = _both(np.zeros(1000), np.ones(1000))
    assert not fourier.any()


def test_the_imaginary_part_is_the_rows_after() -> None:
    one, other = np.random.default_rng(1).normal(size=(2, 64))
    spectra = Spectra.of(one[None], fewest=1)
    values = np.array([other, np.zeros(64)])
    transform(values, spectra.roots)
    product = (values[0] + 1j * values[1]) * (
        spectra.exposures[0][0] + 1j * spectra.exposures[0][1]
    )
    values = np.array([product.real, product.imag])
    transform_back(values, spectra.roots)
    np.testing.assert_allclose(values.ravel()[:-1], np.convolve(one, other), atol=1e-13)


def test_weeks_are_summed_directly() -> None:
    """The golden data are: Robyn's numbers hold to the last bit that they held before."""
    exposure = np.random.default_rng(1).gamma(2.0, 1000.0, FOURIER_ROWS - 1)
    spectra = Spectra.of(exposure[None])
    assert not spectra.roots.size
    without, given_spectra = np.empty((2, exposure.size))
    adstock_into(exposure, 1, 0.3, 1.0, 0, without)
    adstock_into(exposure, 1, 0.3, 1.0, 0, given_spectra, spectra, 0)
    np.testing.assert_array_equal(without, given_spectra)
    page = (REPOSITORY / "docs" / "native-engine.md").read_text()
    assert f"from {FOURIER_ROWS} rows on" in " ".join(page.split())


@pytest.mark.parametrize("adstock", ["weibull_cdf", "weibull_pdf"])
def test_an_evaluation_is_that_of_direct_sums(adstock: str) -> None:
    fourier, direct = (growth.model(700, 4, adstock) for _ in range(2))
    vars(direct)["_fixed"] = direct._fixed._replace(
        spectra=Spectra.of(direct.data.media, fewest=701)
    )
    cube = np.random.default_rng(2).random((40, len(fourier.space.searched)))
    values = fourier.space.values(cube)
    found, expected = fourier.evaluate(values), direct.evaluate(values)
    assert (found.errors != expected.errors).any()
    np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-9)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-9)
    np.testing.assert_array_equal(found.passes, expected.passes)
    again = Model(fourier.data, fourier.job).evaluate(values)
    np.testing.assert_array_equal(again.errors, found.errors)
