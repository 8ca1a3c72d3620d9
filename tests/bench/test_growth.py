"""A candidate's cost grows no faster than promised: with rows linearly, with channels squared."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench import growth


def test_the_exponent_of_a_power_is_its_power() -> None:
    sizes = np.array([3.0, 6.0, 12.0, 50.0])
    assert growth.exponent(sizes, 7 * sizes**1.5) == pytest.approx(1.5)


@pytest.mark.parametrize("adstock", growth.ADSTOCKS)
def test_random_data_of_any_size_can_be_fitted(adstock: str) -> None:
    model = growth.model(104, 3, adstock)
    cube = np.random.default_rng(2).random((50, len(model.space.searched)))
    fits = model.evaluate(model.space.values(cube))
    assert (fits.passes > 0).all()
    assert np.isfinite(model.objectives(fits)).all()


@pytest.mark.slow
def test_growth() -> None:
    """Generous: 0.3 above what is promised (Weibull: N log N, about 1.15 over these rows)."""
    _, with_rows = growth.table("rows")
    _, with_channels = growth.table("channels")
    print(f"\nexponents: rows {with_rows}, channels {with_channels}")
    assert with_rows["geometric"] < 1.3
    assert max(with_rows.values()) < 1.45
    assert max(with_channels.values()) < 2.3
