"""Run chains beside each other until they agree, or for as long as it is worth."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.bayes.design import Design
from mmmlib.engines.bayes.diagnostics import LEAST_ESS, MOST_R_HAT, ess, r_hat
from mmmlib.engines.bayes.sampler import LINEAR, ChainState, Data, run_chain
from mmmlib.engines.native.compiled import interruptible
from mmmlib.ground import usable_cores
from mmmlib.model import FloatArray

KEPT = 250  # draws kept of each chain
HEAT = 30.0
FIRST_STEP, FIRST_LOG_STEP = 0.7, 0.3
WORK = 1e6  # rows x media x columns, from which on the first round is shorter
FEWEST = 2_000  # sweeps of the first round, unless fewer were asked for
MOST_ROUNDS = 3  # each twice as long as the one before
_SEEDS = 2**31 - 1


@dataclass(frozen=True)
class Draws:
    """What the chains kept; ``c`` chains of ``d`` draws.

    Attributes
    ----------
    shapes : array, shape (c, d, m, h)
        Positions of the hyperparameters between their bounds.
    logs : array, shape (c, d, t)
    scalars : array, shape (c, d, 3 + g)
    weights : array, shape (n,)
        Mean weight of each row.
    sweeps : int
        Of each chain, those of the warm-up too.
    """

    shapes: FloatArray
    logs: FloatArray
    scalars: FloatArray
    weights: FloatArray
    sweeps: int

    def parameters(self) -> FloatArray:
        """Everything whose convergence is judged: shape (c, d, t + 3 + g)."""
        return np.concatenate([self.logs, self.scalars], axis=2)

    def worst(self) -> tuple[float, float]:
        """Largest R-hat and smallest effective sample size of the terms and of the noise."""
        judged = np.concatenate([self.logs, self.scalars[:, :, :1]], axis=2)
        each = [judged[:, :, i] for i in range(judged.shape[2])]
        return max(map(r_hat, each)), min(map(ess, each))

    @property
    def converged(self) -> bool:
        """Whether the chains agree, with enough independent draws."""
        most, least = self.worst()
        return most <= MOST_R_HAT and least >= LEAST_ESS


def sample(
    design: Design,
    seed: int,
    chains: int,
    sweeps: int,
    told: Callable[[int, float], None] = lambda done, noise: None,
) -> Draws:
    """Draw from the posterior. Equal designs, seeds and sweeps give equal bits.

    Parameters
    ----------
    design : Design
    seed : int
    chains : int
    sweeps : int
        Of the first round of each chain, half of them warm-up. Where the chains do not agree
        another round goes on from where they are, twice as long, up to three rounds. On large
        data the first round is shorter: many rows say much, and chains agree sooner.
    told : callable
        Told after each round: sweeps of each chain so far, noise over the target's range.
    """
    return sample_of(design.arrays, seed, chains, sweeps, told)


def sample_of(
    data: Data,
    seed: int,
    chains: int,
    sweeps: int,
    told: Callable[[int, float], None] = lambda done, noise: None,
) -> Draws:
    """Draw from the posterior of what the sampler reads; see :func:`sample`."""
    states = [_start(data, np.random.default_rng([seed, chain])) for chain in range(chains)]
    reach = float(np.ptp(data.y))
    rounds, length, run = 0, _first_round(data, sweeps), 0
    while True:
        seeds = np.random.SeedSequence([seed, 7919, rounds]).generate_state(chains)
        warm = length // 2 if rounds == 0 else length // 4
        heat = HEAT if rounds == 0 else 1.0
        kept = _round(data, states, seeds, warm, length - warm, heat)
        run += length
        shapes, logs, scalars, weights = (np.stack(parts) for parts in kept)
        made = Draws(shapes, logs, scalars, weights.mean(axis=0), run)
        told(run, float(np.exp(0.5 * made.scalars[:, :, 0]).mean()) / reach)
        rounds += 1
        if rounds == MOST_ROUNDS or made.converged:
            return made
        length *= 2


def _first_round(data: Data, sweeps: int) -> int:
    """Sweeps of the first round: what was asked for, or as many as large data allow."""
    work = data.y.size * data.media.shape[0] * (data.z.shape[1] + data.prior.size)
    return min(sweeps, max(FEWEST, int(sweeps * WORK / work)))


def _round(
    data: Data, states: list[ChainState], seeds: NDArray[Any], warm: int, sweeps: int, heat: float
) -> tuple[tuple[FloatArray, ...], ...]:
    """What each chain keeps: shapes, logs, scalars, weights."""
    kept = min(KEPT, sweeps)
    groups = data.group_scale.size
    made = [
        (
            np.empty((kept, *state.shapes.shape)),
            np.empty((kept, state.logs.size)),
            np.empty((kept, 3 + groups)),
            np.empty(data.y.size),
        )
        for state in states
    ]

    def one(chain: int) -> None:
        seed = int(seeds[chain]) % _SEEDS
        run_chain(data, states[chain], seed, warm, sweeps, sweeps // kept, heat, *made[chain])

    with interruptible():
        if (workers := min(len(states), usable_cores())) == 1:
            for chain in range(len(states)):
                one(chain)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(one, range(len(states))))
    return tuple(zip(*made, strict=True))


def _start(data: Data, rng: np.random.Generator) -> ChainState:
    """A chain's start: shapes from their priors, coefficients near the middle of theirs."""
    media, size = data.low.shape
    terms, groups = data.prior.size, data.group_scale.size
    logs = np.where(data.prior == 0, data.pooled_mean, data.prior_mean)
    logs = logs + 0.5 * rng.standard_normal(terms) * np.where(data.prior == LINEAR, 0.2, 1.0)
    logs[media:] = -2.0
    factors = np.tile(np.diag([0.3] * size + [0.4]), (media, 1, 1))
    # what is fixed does not move
    factors[:, range(size), range(size)] *= data.high > data.low
    log_steps = np.full(terms, FIRST_LOG_STEP)
    log_steps[data.prior == LINEAR] = 0.3 * data.prior_sd[data.prior == LINEAR]
    return ChainState(
        shapes=rng.random((media, size)),
        logs=logs,
        scalars=np.concatenate([[-1.0, data.pooled_mean, -0.7], np.zeros(groups)]),
        weights=np.ones(data.y.size),
        steps=np.full(media, FIRST_STEP),
        log_steps=log_steps,
        scalar_steps=np.full(3 + groups, 0.5),
        factors=factors,
    )
