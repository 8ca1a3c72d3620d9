"""NSGA-II on the unit cube: proposes generations, is told their errors.

Deb et al. 2002, IEEE Trans. Evol. Comp. 6(2), as pymoo's ``NSGA2`` does it: binary tournaments by
dominance, then crowding; simulated binary crossover; polynomial mutation; survival by rank, then
crowding; no point twice. The arithmetic is pymoo's. The generation goes round here, on arrays:
pymoo keeps an object a point, which cost as much as all the models fitted at the points.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mmmlib.model import FloatArray

POPULATION = 40
# Wider steps than pymoo's 15 and 20: chosen on seeds 1001 to 1030 of both shipped sets, by the
# hypervolume of 2,000 candidates; docs/benchmarks.md shows others.
CROSSOVER_ETA, MUTATION_ETA = 5.0, 10.0
CROSSED, MUTATED = 0.5, 0.9  # share of a couple's coordinates; of the children
WORST = 1e20  # told in the place of an infinite error, with which no distance can be computed


class Nsga2:
    """One trial's search.

    Parameters
    ----------
    dimensions : int
        Coordinates of a point, each within [0, 1].
    population : int
        Points of a generation.
    seed : int
        What is proposed depends on it and on the errors told, on nothing else.

    Attributes
    ----------
    points : array, shape (population, dimensions)
        The living; empty before errors are told.
    errors : array, shape (population, n_objectives)
        Theirs.
    """

    def __init__(self, dimensions: int, population: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._population = population
        self.points: FloatArray = np.empty((0, dimensions))
        self.errors: FloatArray = np.empty((0, 0))
        self._crowding: FloatArray = np.empty(0)
        self._asked = self._rng.random((population, dimensions))

    def ask(self) -> FloatArray:
        """Propose a generation, shape (population, dimensions)."""
        if len(self.points):
            seen = {point.tobytes() for point in self.points}
            children: list[FloatArray] = []
            while len(children) < self._population:
                for child in self._children():
                    if (key := child.tobytes()) not in seen:
                        seen.add(key)
                        children.append(child)
            self._asked = np.array(children[: self._population])
        return self._asked

    def tell(self, errors: FloatArray) -> None:
        """Take the errors of the generation proposed last, shape (population, n_objectives).

        Who has an infinite error is worse than everyone else in all of them: it may not live on
        for the other errors, which mean nothing without a fit.
        """
        fit = np.isfinite(errors).all(axis=1, keepdims=True)
        errors = np.where(fit, errors, WORST)
        if len(self.points):
            errors = np.concatenate([self.errors, errors])
        points = np.concatenate([self.points, self._asked])
        living, crowding = self._survivors(errors)
        self.points, self.errors = points[living], errors[living]
        self._crowding = crowding[living]

    def _survivors(self, errors: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
        """Who lives on, and the crowding distance of all in the fronts that were looked at."""
        from moocore import pareto_rank
        from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

        ranks = pareto_rank(errors)
        crowding = np.zeros(len(errors))
        living: list[NDArray[np.int64]] = []
        room = self._population
        for rank in range(int(ranks.max()) + 1):
            front = np.flatnonzero(ranks == rank)
            crowding[front] = calc_crowding_distance(errors[front])
            if len(front) > room:
                front = self._rng.permutation(front)  # equal distances: by chance
                front = front[np.argsort(-crowding[front], kind="stable")[:room]]
            living.append(front)
            room -= len(front)
            if room == 0:
                break
        return np.concatenate(living), crowding

    def _children(self) -> FloatArray:
        from pymoo.operators.crossover.sbx import cross_sbx
        from pymoo.operators.mutation.pm import mut_pm

        couples = math.ceil(self._population / 2)
        parents = self.points[self._winners(2 * couples)].reshape(couples, 2, -1)
        dimensions = parents.shape[2]
        low, high = np.zeros(dimensions), np.ones(dimensions)
        children = cross_sbx(
            parents.transpose(1, 0, 2),
            low,
            high,
            np.full((couples, 1), CROSSOVER_ETA),
            np.full((couples, 1), CROSSED),
            np.full((couples, 1), 0.5),
            random_state=self._rng,
        ).reshape(2 * couples, dimensions)
        mutants = mut_pm(
            children,
            low,
            high,
            np.full(len(children), MUTATION_ETA),
            np.full(len(children), min(0.5, 1 / dimensions)),
            at_least_once=False,
            random_state=self._rng,
        )
        mutated = self._rng.random(len(children)) <= MUTATED
        made: FloatArray = np.where(mutated[:, None], mutants, children)
        return made

    def _winners(self, count: int) -> NDArray[np.int64]:
        """Points that win a tournament of two: who dominates, else who has more room, else any."""
        rounds = math.ceil(2 * count / self._population)
        drawn = [self._rng.permutation(self._population) for _ in range(rounds)]
        one, other = np.concatenate(drawn)[: 2 * count].reshape(count, 2).T
        first, second = self.errors[one], self.errors[other]
        ahead = (first <= second).all(axis=1) & (first < second).any(axis=1)
        behind = (second <= first).all(axis=1) & (second < first).any(axis=1)
        more, less = self._crowding[one], self._crowding[other]
        alike = ~ahead & ~behind
        by_chance = self._rng.random(count) < 0.5
        ahead |= alike & ((more > less) | ((more == less) & by_chance))
        return np.where(ahead, one, other)
