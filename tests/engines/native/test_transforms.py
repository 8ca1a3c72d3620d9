"""Properties of adstock, saturation, ridge and the split."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from mmmlib.engines.native.candidates import saturation
from mmmlib.engines.native.evaluate import decomposition_distance
from mmmlib.engines.native.ridge import fit_ridge
from mmmlib.engines.native.space import Space, significant
from mmmlib.engines.native.transforms import (
    adstock_into,
    geometric_adstock,
    hill,
    saturate_into,
    weibull_weights,
)
from mmmlib.model.adstock import FAMILIES
from mmmlib.model.splits import split_sizes
from tests.engines.native import golden

Floats = npt.NDArray[np.float64]

series = arrays(np.float64, st.integers(2, 60), elements=st.floats(0, 1e6))
settings.register_profile("compiled", deadline=None, max_examples=50)
settings.load_profile("compiled")


def _adstock(exposure: Floats, family: int, decay: float, shape: float, first: int) -> Floats:
    adstocked = np.empty(exposure.size - first)
    adstock_into(exposure, family, decay, shape, first, adstocked)
    return adstocked


@given(series, st.floats(0, 0.99))
def test_geometric_is_the_weighted_sum_of_the_past(exposure: Floats, theta: float) -> None:
    weights = theta ** np.arange(exposure.size)
    expected = np.convolve(exposure, weights)[: exposure.size]
    np.testing.assert_allclose(geometric_adstock(exposure, theta), expected, rtol=1e-9, atol=1e-6)


@given(series, st.sampled_from(sorted(FAMILIES.values())), st.floats(0, 0.9), st.floats(0, 10))
def test_adstock_is_linear_causal_and_never_negative(
    exposure: Floats, family: int, decay: float, shape: float
) -> None:
    whole = _adstock(exposure, family, decay, shape, 0)
    assert (whole >= 0).all()
    np.testing.assert_allclose(
        _adstock(2 * exposure, family, decay, shape, 0), 2 * whole, rtol=1e-12, atol=1e-300
    )
    later = exposure.copy()
    later[-1] += 1.0
    np.testing.assert_array_equal(_adstock(later, family, decay, shape, 0)[:-1], whole[:-1])
    np.testing.assert_array_equal(_adstock(exposure, family, decay, shape, 1), whole[1:])


@given(st.integers(2, 400), st.floats(0, 1), st.floats(0, 20), st.booleans())
def test_weibull_weights_lose_only_zeros(n: int, scale: float, shape: float, density: bool) -> None:
    weights = weibull_weights(n, scale, shape, density)
    expected = _weights_as_robyn_writes_them(n, scale, shape, density)
    padded = np.zeros(n)
    padded[: weights.size] = weights
    np.testing.assert_allclose(padded, expected, rtol=1e-9, atol=1e-12)
    assert not padded[weights.size :].any()
    if density:
        assert weights.max() == 1
    else:
        assert weights[0] == 1
        assert (np.diff(weights) <= 0).all()


def _weights_as_robyn_writes_them(n: int, scale: float, shape: float, density: bool) -> Floats:
    """Robyn ``R/transformation.R: adstock_weibull`` with NumPy's own quantile."""
    one = np.eye(1, n)[0]
    if shape == 0 or scale == 0:
        return one
    days = np.arange(1, n + 1)
    rounded = np.round(np.quantile(days, scale))
    with np.errstate(over="ignore", under="ignore"):
        power = (days / rounded) ** shape
        if not density:
            return np.cumprod(np.append(1.0, np.exp(-power[:-1])))
        pdf = shape / rounded * (days / rounded) ** (shape - 1) * np.exp(-power)
    return one if np.ptp(pdf) == 0 else (pdf - pdf.min()) / np.ptp(pdf)


@given(series, st.floats(0.1, 9.9), st.floats(1e-3, 1e7))
def test_hill_rises_from_0_towards_1(exposure: Floats, alpha: float, inflexion: float) -> None:
    ordered = np.sort(exposure)
    saturated = np.empty_like(ordered)
    saturate_into(ordered, alpha, inflexion, saturated)
    assert ((saturated >= 0) & (saturated <= 1)).all()
    assert (np.diff(saturated) >= -1e-15).all()
    each = [hill(value, alpha, inflexion) for value in ordered]
    np.testing.assert_array_equal(saturated, each)
    broadcast = saturation(ordered, np.array(alpha), np.array(inflexion))
    np.testing.assert_allclose(broadcast, saturated, rtol=1e-12, atol=1e-300)
    assert hill(inflexion, alpha, inflexion) == pytest.approx(0.5)


def test_no_exposure_has_no_response() -> None:
    assert hill(0.0, 0.5, 0.0) == 0
    nothing = np.zeros(3)
    assert (saturation(nothing, np.array(2.0), np.array(0.0)) == 0).all()


@given(st.integers(20, 500), st.floats(0.1, 0.98))
def test_splits_are_robyns_and_fill_the_window(rows: int, train_size: float) -> None:
    n_train, n_val = split_sizes(rows, train_size)
    assert n_train == math.floor(np.quantile(np.arange(1, rows + 1), train_size) + 1e-12)
    assert n_val == math.floor((1 - train_size) / 2 * rows)
    assert 0 < n_train <= n_train + n_val <= rows
    assert split_sizes(rows, 1.0) == (rows, 0)


def test_zero_penalty_counts_channels_without_effect() -> None:
    totals, shares = np.array([3.0, 1.0, 0.0]), np.array([0.5, 0.25, 0.25])
    plain = decomposition_distance(totals, shares, False)
    assert plain == pytest.approx(math.sqrt(0.25**2 + 0.25**2))
    assert decomposition_distance(totals, shares, True) == pytest.approx(plain * 4 / 3)
    assert decomposition_distance(np.zeros(3), shares, True) == math.inf


def _problem(seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, 4)) * [1, 10, 100, 0.1] + [5, 0, -3, 2]
    y = x @ [2.0, -0.3, 0.05, 4.0] + rng.normal(size=80)
    return x, y, np.full(4, -np.inf), np.full(4, np.inf)


@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_is_near_the_closed_form(intercept: bool) -> None:
    """Near, not equal: the descent stops at glmnet's threshold."""
    x, y, low, high = _problem(1)
    strength = 0.3
    fit, passes = fit_ridge(x, y, strength, low, high, np.ones(4), intercept)
    scale = x.std(axis=0)
    centred, target = (x - x.mean(axis=0), y - y.mean()) if intercept else (x, y)
    size = target.std() if intercept else np.sqrt((y**2).mean())
    scaled = centred / scale
    products = scaled.T @ scaled / len(y) + strength / size * np.eye(4)
    exact = np.linalg.solve(products, scaled.T @ target / len(y)) / scale
    np.testing.assert_allclose(fit[1:], exact, rtol=5e-2)
    assert 1 < passes < 1000
    assert (fit[0] == 0) is not intercept


def test_ridge_keeps_limits_and_leaves_constants_out() -> None:
    x, y, low, high = _problem(2)
    x[:, 1] = 7.0
    low[2], high[0] = 0.1, 1.0
    fit, _ = fit_ridge(x, y, 0.1, low, high, np.ones(4), True)
    assert fit[2] == 0
    assert fit[1] == pytest.approx(1.0, rel=1e-12)  # the true 2.0 is out of bounds
    assert fit[3] == pytest.approx(0.1, rel=1e-12)  # as is 0.05


def test_penalty_factors_are_scaled_to_the_number_of_columns() -> None:
    x, y, low, high = _problem(3)
    plain, _ = fit_ridge(x, y, 0.5, low, high, np.ones(4), True)
    scaled, _ = fit_ridge(x, y, 0.5, low, high, np.full(4, 0.01), True)
    np.testing.assert_allclose(plain, scaled, rtol=1e-12)
    heavier, _ = fit_ridge(x, y, 0.5, low, high, np.array([1.0, 1, 1, 9]), True)
    assert abs(heavier[4]) < abs(plain[4])


def test_no_fit_is_said() -> None:
    x, _, low, high = _problem(4)
    assert fit_ridge(x, np.full(80, 3.0), 0.5, low, high, np.ones(4), True)[1] == -1
    assert fit_ridge(x, x[:, 0].copy(), 0.5, low, high, np.zeros(4), True)[1] == -1


def test_the_search_vector_has_robyns_order() -> None:
    variables = golden.model().data.variables
    usual = Space.of(golden.job(ts_validation=True), variables)
    assert usual.searched[-2:] == ("train_size", "lambda_hp")
    given_lambda = Space.of(golden.job(ts_validation=True, lambda_range=[0, 0.2]), variables)
    assert given_lambda.searched[-2:] == ("lambda_hp", "train_size")
    penalised = Space.of(golden.job(penalty_factors=True), variables)
    assert penalised.searched[-11:] == tuple(f"{name}_penalty" for name in variables)
    assert "train_size" not in penalised.searched
    assert list(usual.searched[:-2]) == sorted(usual.searched[:-2])
    middle = usual.values(np.full((1, len(usual.searched)), 0.5))[0]
    np.testing.assert_allclose(middle, [(low + high) / 2 for low, high in usual.bounds.values()])


def test_ten_significant_digits() -> None:
    points = np.array([[0.123456789012345, 1.0, 0.0, 1.23456789055e-5]])
    assert significant(points).tolist() == [[0.1234567890, 1.0, 0.0, 1.234567891e-05]]
