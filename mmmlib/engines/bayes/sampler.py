"""The compiled sampler: block Metropolis by medium, everything that is linear kept as a Gram.

The model, in units of the target's standard deviation::

    y = H(shapes) b + Z d + e,   e ~ N(0, s^2 / w),   d_flat ~ 1,   d_group ~ N(0, s^2 scale^2)

``d`` is integrated out, so that the data enter by ``v' M v`` with ``M = W - W Z A^-1 Z' W`` and
``A = Z' W Z + diag(1 / scale^2)``. For the target and each term the chain keeps the column, its
``Z' W v`` and ``L^-1 Z' W v`` (``A = L L'``), and the Gram matrix of all of them under ``M``: a
change of a coefficient costs a few products, a change of one medium's shape one pass over the rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.bayes.saturation import carried_into, saturated_into
from mmmlib.engines.native.calibrate import older_adstock
from mmmlib.engines.native.compiled import compiled
from mmmlib.engines.native.transforms import adstock_into, hill
from mmmlib.model import FloatArray

# How a coefficient is bound to its free parameter, and the prior of that.
POOLED, OWN, HALF_NORMAL, LINEAR = 0, 1, 2, 3

SCALES = 2  # the first hyperparameters, alpha and gamma, are uniform in their logarithm
JOINT_MOVES = 2  # moves of all coefficients together before each of those
COEFFICIENT_CYCLES = 3  # updates of all coefficients between two updates of the shapes
ADAPT_EVERY = 50  # sweeps of the warm-up between two looks at the steps
WEIGHTS_EVERY = 4  # sweeps between two draws of the rows' weights
FRESH = 0.05  # share of shape proposals drawn from the prior: finds other modes
COEFFICIENT_ACCEPTED, SHAPE_ACCEPTED = 0.44, 0.28


class Data(NamedTuple):
    """What a chain reads; ``n`` rows, ``k`` baseline columns, ``m`` media, ``t`` terms (media
    first, then context with a sign), ``s`` studies.

    Attributes
    ----------
    y : array, shape (n,)
        Centred target over its standard deviation.
    z : array, shape (n, k)
        Columns of the baseline.
    group : array, shape (k,)
        Group of each column whose size is learnt; -1: flat.
    group_scale : array, shape (g,)
        Half-Cauchy scale of each group's size, in units of the noise.
    media : array, shape (m, rows of the data)
    first : int
    family : int
    low, high : array, shape (m, d)
        Bounds of alpha, gamma (both above 0), then theta, or Weibull scale and shape.
    fixed : array, shape (t - m, n)
        Columns of context with a sign.
    unit : array, shape (t,)
        Contribution of the whole window at a ROAS of 1 (media), or 1 (context).
    sign, prior : array, shape (t,)
    prior_mean, prior_sd : array, shape (t,)
    pooled_mean, pooled_mean_sd : float
        Normal prior of the common mean of the logarithms.
    spread_log, spread_log_sd : float
        Normal prior of the logarithm of their spread.
    study_first, study_last : array, shape (s,)
        Rows within the window, both included.
    study_members : array, shape (s, m)
    study_immediate : array, shape (s,)
    study_scale, study_lift, study_error : array, shape (s,)
        Days of the study over days of its rows; what it found, and its standard error.
    nu : float
        Degrees of freedom of the noise; 0 for normal noise.
    """

    y: FloatArray
    z: FloatArray
    group: NDArray[np.int64]
    group_scale: FloatArray
    media: FloatArray
    first: int
    family: int
    low: FloatArray
    high: FloatArray
    fixed: FloatArray
    unit: FloatArray
    sign: FloatArray
    prior: NDArray[np.int64]
    prior_mean: FloatArray
    prior_sd: FloatArray
    pooled_mean: float
    pooled_mean_sd: float
    spread_log: float
    spread_log_sd: float
    study_first: NDArray[np.int64]
    study_last: NDArray[np.int64]
    study_members: NDArray[np.bool_]
    study_immediate: NDArray[np.bool_]
    study_scale: FloatArray
    study_lift: FloatArray
    study_error: FloatArray
    nu: float


class ChainState(NamedTuple):
    """Where a chain is; it is written in place.

    Attributes
    ----------
    shapes : array, shape (m, d)
        Positions between the bounds, 0 to 1.
    logs : array, shape (t,)
        Logarithm of ROAS or coefficient; the coefficient itself over its unit where linear.
    scalars : array, shape (3 + g,)
        Log of the noise's variance, common mean, log of the spread, log of each group's size.
    weights : array, shape (n,)
        Of the rows, 1 under normal noise.
    steps : array, shape (m,)
        Size of the shape proposals.
    log_steps : array, shape (t,)
        Size of the coefficient proposals.
    scalar_steps : array, shape (3 + g,)
    factors : array, shape (m, d + 1, d + 1)
        Cholesky factor of each medium's proposals.
    """

    shapes: FloatArray
    logs: FloatArray
    scalars: FloatArray
    weights: FloatArray
    steps: FloatArray
    log_steps: FloatArray
    scalar_steps: FloatArray
    factors: FloatArray


@compiled
def cholesky_into(a: FloatArray, lower: FloatArray) -> bool:
    """Lower Cholesky factor of ``a``, shape (k, k); whether it is positive definite."""
    k = a.shape[0]
    for i in range(k):
        for j in range(i + 1):
            total = a[i, j]
            for p in range(j):
                total -= lower[i, p] * lower[j, p]
            if i == j:
                if total <= 0.0:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    return True


@compiled
def forward(lower: FloatArray, b: FloatArray, out: FloatArray) -> None:
    """Solve ``lower @ out = b``."""
    for i in range(b.size):
        total = b[i]
        for j in range(i):
            total -= lower[i, j] * out[j]
        out[i] = total / lower[i, i]


@compiled
def shape_of(data: Data, medium: int, position: FloatArray, d: int) -> float:
    """A hyperparameter of a medium at its position between the bounds.

    Alpha and gamma are scales, so that it is their logarithm that is uniform.
    """
    low, high = data.low[medium, d], data.high[medium, d]
    if d < SCALES:
        return float(low * (high / low) ** position[d])
    return float(low + position[d] * (high - low))


@compiled
def column_into(
    data: Data, medium: int, position: FloatArray, adstocked: FloatArray, column: FloatArray
) -> float:
    """Saturated adstock of a medium in the window; the inflexion is returned."""
    last = shape_of(data, medium, position, 3) if position.size > 3 else 0.0
    decay = shape_of(data, medium, position, 2)
    if data.family == 0:
        carried_into(data.media[medium], decay, data.first, adstocked)
    else:
        adstock_into(data.media[medium], data.family, decay, last, data.first, adstocked)
    most = 0.0
    for i in range(adstocked.size):
        most = max(most, adstocked[i])
    inflexion = shape_of(data, medium, position, 1) * most
    saturated_into(adstocked, shape_of(data, medium, position, 0), inflexion, column)
    return float(inflexion)


@compiled
def studied_into(
    data: Data,
    medium: int,
    position: FloatArray,
    adstocked: FloatArray,
    column: FloatArray,
    inflexion: float,
    out: FloatArray,
) -> None:
    """What each study sees of a medium whose coefficient is 1; ``out`` has shape (s,)."""
    for s in range(out.size):
        out[s] = 0.0
        if not data.study_members[s, medium]:
            continue
        start, end = data.study_first[s], data.study_last[s] + 1
        seen = column[start:end].sum()
        if data.study_immediate[s]:
            alpha = shape_of(data, medium, position, 0)
            decay = shape_of(data, medium, position, 2)
            last = shape_of(data, medium, position, 3) if position.size > 3 else 0.0
            older = older_adstock(
                data.media[medium], adstocked[start:end], data.family, decay, last,
                data.first + start, False,
            )  # fmt: skip
            for value in older:
                seen -= hill(value, alpha, inflexion)
        out[s] = seen * data.study_scale[s]


@compiled
def coefficient(data: Data, term: int, log: float, total: float) -> float:
    """Coefficient of a term whose column sums to ``total``, from its free parameter."""
    free = log if data.prior[term] == LINEAR else data.sign[term] * math.exp(log)
    if term >= data.media.shape[0]:
        return float(free)
    return float(free * data.unit[term] / total) if total > 0.0 else 0.0


@compiled
def unit_coefficient(data: Data, term: int, total: float) -> float:
    """Coefficient at a ROAS of 1 (media), or 1."""
    if term >= data.media.shape[0]:
        return 1.0
    return float(data.unit[term] / total) if total > 0.0 else 1.0


@compiled
def factor_of_coefficients(
    data: Data, gram: FloatArray, totals: FloatArray, variance: float, factor: FloatArray
) -> bool:
    """Cholesky factor of the precision that the coefficients' proposals have, shape (t, t)."""
    terms = totals.size
    precision = np.empty((terms, terms))
    for i in range(terms):
        for j in range(terms):
            precision[i, j] = gram[i, j] / variance
        if data.prior[i] == POOLED:
            size = math.exp(data.pooled_mean)
        elif data.prior[i] == OWN:
            size = math.exp(data.prior_mean[i])
        else:
            size = data.prior_sd[i]
        wide = size * unit_coefficient(data, i, totals[i])
        precision[i, i] += 1.0 / wide**2
    return bool(cholesky_into(precision, factor))


@compiled
def log_prior(data: Data, term: int, log: float, mean: float, spread: float) -> float:
    """Log density of a free parameter, up to a constant."""
    kind = data.prior[term]
    if kind == POOLED:
        return -0.5 * ((log - mean) / spread) ** 2
    if kind == HALF_NORMAL:
        return float(log - 0.5 * (math.exp(log) / data.prior_sd[term]) ** 2)
    return float(-0.5 * ((log - data.prior_mean[term]) / data.prior_sd[term]) ** 2)


@compiled
def reflected(position: float) -> float:
    """A position folded back into 0 to 1."""
    position = abs(position) % 2.0
    return 2.0 - position if position > 1.0 else position


@compiled
def stepped(step: float, accepted: float, wanted: float, rate: float) -> float:
    """A step made larger where too much was accepted, smaller where too little."""
    return float(min(max(step * math.exp(rate * (accepted - wanted)), 1e-4), 20.0))


@compiled
def moments_factor(
    count: float, sums: FloatArray, products: FloatArray, factor: FloatArray
) -> None:
    """Put the Cholesky factor of a covariance (with a floor) into ``factor``, if there is one."""
    size = sums.size
    covariance = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            covariance[i, j] = products[i, j] / count - sums[i] * sums[j] / count**2
    for i in range(size):
        covariance[i, i] = covariance[i, i] * 1.05 + 1e-5
    made = np.zeros((size, size))
    if cholesky_into(covariance, made):
        factor[:] = made


@compiled
def run_chain(
    data: Data,
    state: ChainState,
    seed: int,
    warm: int,
    sweeps: int,
    thin: int,
    heat: float,
    out_shapes: FloatArray,
    out_logs: FloatArray,
    out_scalars: FloatArray,
    out_weights: FloatArray,
) -> None:
    """Run one chain: ``warm`` sweeps that adapt and are thrown away, then ``sweeps``.

    Parameters
    ----------
    data : Data
    state : ChainState
        Where it starts; where it ended, after.
    seed : int
        Of this chain and round.
    warm, sweeps, thin : int
        Every ``thin``-th of the sweeps is kept.
    heat : float
        Temperature at the start of the warm-up; it falls to 1 in its first half.
    out_shapes, out_logs, out_scalars : array, shapes (kept, m, d), (kept, t), (kept, 3 + g)
        Receive what is kept.
    out_weights : array, shape (n,)
        Receives the mean weight of each row.
    """
    np.random.seed(seed)
    n, k = data.z.shape
    n_media, size = state.shapes.shape
    terms, groups, studies = state.logs.size, data.group_scale.size, data.study_lift.size
    flat = 0
    members = np.zeros(groups)
    for j in range(k):
        if data.group[j] < 0:
            flat += 1
        else:
            members[data.group[j]] += 1
    # Columns: the terms, then the target.
    columns = np.zeros((terms + 1, n))
    # the same by rows, after the baseline's columns: one pass sums all products with a new column
    by_row = np.zeros((n, k + terms + 1))
    by_row[:, :k] = data.z
    sums_of = np.empty(k + terms + 1)
    products = np.zeros((terms + 1, k))
    solved = np.zeros((terms + 1, k))
    gram = np.zeros((terms + 1, terms + 1))
    totals = np.ones(terms)
    coefficients = np.zeros(terms)
    seen = np.zeros((terms, studies))
    base = np.zeros((k, k))
    a = np.zeros((k, k))
    lower = np.zeros((k, k))
    adstocked = np.empty(n)
    new_column = np.empty(n)
    new_product = np.empty(k)
    new_solved = np.empty(k)
    new_gram = np.empty(terms + 1)
    new_seen = np.empty(studies)
    new_lower = np.zeros((k, k))
    trial_solved = np.zeros((terms + 1, k))
    trial_gram = np.zeros((terms + 1, terms + 1))
    position = np.empty(size)
    normal = np.empty(size + 1)
    effects = np.zeros(studies)
    joint_factor = np.zeros((terms, terms))
    drawn, move_by, new_logs = np.zeros(terms), np.zeros(terms), np.zeros(terms)
    weights = state.weights
    logs, shapes, scalars = state.logs, state.shapes, state.scalars

    columns[terms] = data.y
    for term in range(terms):
        if term < n_media:
            inflexion = column_into(data, term, shapes[term], adstocked, columns[term])
            studied_into(data, term, shapes[term], adstocked, columns[term], inflexion, seen[term])
            totals[term] = columns[term].sum()
        else:
            columns[term] = data.fixed[term - n_media]
        coefficients[term] = coefficient(data, term, logs[term], totals[term])
    by_row[:, k:] = columns.T
    for s in range(studies):
        for i in range(n_media):
            effects[s] += coefficients[i] * seen[i, s]

    counts = np.zeros((3, max(terms, 3 + groups)))  # accepted: shapes, logs, scalars
    tried = np.zeros((3, max(terms, 3 + groups)))
    moments = 0.0
    sums = np.zeros((n_media, size + 1))
    squares = np.zeros((n_media, size + 1, size + 1))
    kept = 0
    renew = True
    out_weights[:] = 0.0
    for sweep in range(warm + sweeps):
        temperature = 1.0
        if sweep < warm // 2:
            temperature = heat ** (1.0 - sweep / (warm // 2))
        if renew:  # weights are new: everything under M is
            for i in range(k):
                for j in range(i + 1):
                    total = 0.0
                    for t in range(n):
                        total += weights[t] * data.z[t, i] * data.z[t, j]
                    base[i, j] = total
                    base[j, i] = total
            a[:] = base
            for j in range(k):
                g = data.group[j]
                a[j, j] += math.exp(-2.0 * scalars[3 + g]) if g >= 0 else 1e-9 * base[j, j] + 1e-12
            cholesky_into(a, lower)
            for i in range(terms + 1):
                for j in range(k):
                    total = 0.0
                    for t in range(n):
                        total += weights[t] * data.z[t, j] * columns[i, t]
                    products[i, j] = total
                forward(lower, products[i], solved[i])
            for i in range(terms + 1):
                for j in range(i + 1):
                    total = 0.0
                    for t in range(n):
                        total += weights[t] * columns[i, t] * columns[j, t]
                    for p in range(k):
                        total -= solved[i, p] * solved[j, p]
                    gram[i, j] = total
                    gram[j, i] = total
            renew = False

        # Shapes, each with its own coefficient.
        for medium in range(n_media):
            mean, spread = scalars[1], math.exp(scalars[2])
            variance = math.exp(scalars[0])
            fresh = np.random.random() < FRESH
            new_log = logs[medium]
            if fresh:
                for d in range(size):
                    position[d] = np.random.random()
                new_log += 0.3 * np.random.normal()
            else:
                for d in range(size + 1):
                    normal[d] = np.random.normal()
                step = state.steps[medium]
                for d in range(size + 1):
                    move = 0.0
                    for p in range(d + 1):
                        move += state.factors[medium, d, p] * normal[p]
                    move *= step
                    if d < size:
                        position[d] = reflected(shapes[medium, d] + move)
                    else:
                        new_log += move
            inflexion = column_into(data, medium, position, adstocked, new_column)
            total = new_column.sum()
            if not (total > 0.0):
                continue
            sums_of[:] = 0.0
            square = 0.0
            for t in range(n):
                value = weights[t] * new_column[t]
                square += value * new_column[t]
                if value != 0.0:
                    for j in range(sums_of.size):
                        sums_of[j] += by_row[t, j] * value
            new_product[:] = sums_of[:k]
            forward(lower, new_product, new_solved)
            for i in range(terms + 1):
                value = square if i == medium else sums_of[k + i]
                own = new_solved if i == medium else solved[i]
                for p in range(k):
                    value -= own[p] * new_solved[p]
                new_gram[i] = value
            new_coefficient = coefficient(data, medium, new_log, total)
            old_coefficient = coefficients[medium]
            # quad = b'Gb - 2 b'g + yy; only what has this medium in it changes
            old_quad = -2.0 * old_coefficient * gram[medium, terms]
            new_quad = -2.0 * new_coefficient * new_gram[terms]
            for i in range(terms):
                if i != medium:
                    old_quad += 2.0 * old_coefficient * coefficients[i] * gram[medium, i]
                    new_quad += 2.0 * new_coefficient * coefficients[i] * new_gram[i]
            old_quad += old_coefficient**2 * gram[medium, medium]
            new_quad += new_coefficient**2 * new_gram[medium]
            change = -0.5 * (new_quad - old_quad) / variance
            if studies:
                studied_into(data, medium, position, adstocked, new_column, inflexion, new_seen)
                for s in range(studies):
                    was = effects[s]
                    now = was + new_coefficient * new_seen[s] - old_coefficient * seen[medium, s]
                    error = data.study_error[s]
                    change -= 0.5 * (
                        ((now - data.study_lift[s]) / error) ** 2
                        - ((was - data.study_lift[s]) / error) ** 2
                    )
            change /= temperature
            change += log_prior(data, medium, new_log, mean, spread)
            change -= log_prior(data, medium, logs[medium], mean, spread)
            accepted = math.log(np.random.random()) < change
            if not fresh:
                counts[0, medium] += accepted
                tried[0, medium] += 1
            if accepted:
                shapes[medium] = position
                logs[medium] = new_log
                columns[medium] = new_column
                by_row[:, k + medium] = new_column
                products[medium] = new_product
                solved[medium] = new_solved
                for i in range(terms + 1):
                    gram[medium, i] = new_gram[i]
                    gram[i, medium] = new_gram[i]
                totals[medium] = total
                coefficients[medium] = new_coefficient
                for s in range(studies):
                    seen[medium, s] = new_seen[s]
            if studies:
                for s in range(studies):
                    effects[s] = 0.0
                    for i in range(n_media):
                        effects[s] += coefficients[i] * seen[i, s]

        # Coefficients one by one, then all along the directions the data leave open: with the
        # covariance they would have if they were linear (which does not depend on them).
        joint = factor_of_coefficients(data, gram, totals, math.exp(scalars[0]), joint_factor)
        for _ in range(COEFFICIENT_CYCLES):
            for _ in range(JOINT_MOVES if joint else 0):
                mean, spread = scalars[1], math.exp(scalars[2])
                variance = math.exp(scalars[0])
                for i in range(terms):
                    drawn[i] = np.random.normal()
                change, inside = 0.0, True
                for i in range(terms - 1, -1, -1):
                    value = drawn[i]
                    for j in range(i + 1, terms):
                        value -= joint_factor[j, i] * move_by[j]
                    move_by[i] = value / joint_factor[i, i]
                for i in range(terms):
                    move_by[i] *= state.scalar_steps[0]
                    now = coefficients[i] + move_by[i]
                    if data.prior[i] == LINEAR:
                        new_logs[i] = now / unit_coefficient(data, i, totals[i])
                    elif now * coefficients[i] > 0.0:
                        new_logs[i] = logs[i] + math.log(now / coefficients[i])
                        change -= new_logs[i] - logs[i]
                    else:
                        inside = False
                accepted = False
                if inside:
                    quad = 0.0
                    for i in range(terms):
                        slope = -gram[i, terms]
                        for j in range(terms):
                            slope += (coefficients[j] + 0.5 * move_by[j]) * gram[i, j]
                        quad += 2.0 * move_by[i] * slope
                    data_change = -0.5 * quad / variance
                    for s in range(studies):
                        off = effects[s] - data.study_lift[s]
                        moved = off
                        for i in range(n_media):
                            moved += move_by[i] * seen[i, s]
                        data_change -= 0.5 * (moved**2 - off**2) / data.study_error[s] ** 2
                    change += data_change / temperature
                    for i in range(terms):
                        change += log_prior(data, i, new_logs[i], mean, spread)
                        change -= log_prior(data, i, logs[i], mean, spread)
                    accepted = math.log(np.random.random()) < change
                counts[2, 0] += accepted
                tried[2, 0] += 1
                if accepted:
                    for i in range(terms):
                        logs[i] = new_logs[i]
                        coefficients[i] += move_by[i]
                    for s in range(studies):
                        for i in range(n_media):
                            effects[s] += move_by[i] * seen[i, s]
            mean, spread = scalars[1], math.exp(scalars[2])
            variance = math.exp(scalars[0])
            for term in range(terms):
                new_log = logs[term] + state.log_steps[term] * np.random.normal()
                now = coefficient(data, term, new_log, totals[term])
                delta = now - coefficients[term]
                slope = -gram[term, terms]
                for i in range(terms):
                    slope += coefficients[i] * gram[term, i]
                quad = 2.0 * delta * slope + delta**2 * gram[term, term]
                change = -0.5 * quad / variance
                for s in range(studies):
                    off = effects[s] - data.study_lift[s]
                    moved = off + delta * seen[term, s]
                    change -= 0.5 * (moved**2 - off**2) / data.study_error[s] ** 2
                change /= temperature
                change += log_prior(data, term, new_log, mean, spread)
                change -= log_prior(data, term, logs[term], mean, spread)
                accepted = math.log(np.random.random()) < change
                counts[1, term] += accepted
                tried[1, term] += 1
                if accepted:
                    logs[term] = new_log
                    coefficients[term] = now
                    for s in range(studies):
                        effects[s] += delta * seen[term, s]
            # the common mean given the rest (normal), the spread by a random walk
            count, total = 0.0, 0.0
            for term in range(terms):
                if data.prior[term] == POOLED:
                    count += 1.0
                    total += logs[term]
            precision = count / spread**2 + 1.0 / data.pooled_mean_sd**2
            centre = total / spread**2 + data.pooled_mean / data.pooled_mean_sd**2
            scalars[1] = centre / precision + np.random.normal() / math.sqrt(precision)
            new_spread_log = scalars[2] + state.scalar_steps[2] * np.random.normal()
            new_spread = math.exp(new_spread_log)
            apart = 0.0
            for term in range(terms):
                if data.prior[term] == POOLED:
                    apart += (logs[term] - scalars[1]) ** 2
            change = (
                -0.5 * apart * (1.0 / new_spread**2 - 1.0 / spread**2)
                - count * (new_spread_log - scalars[2])
                - 0.5 * ((new_spread_log - data.spread_log) / data.spread_log_sd) ** 2
                + 0.5 * ((scalars[2] - data.spread_log) / data.spread_log_sd) ** 2
            )
            accepted = math.log(np.random.random()) < change
            counts[2, 2] += accepted
            tried[2, 2] += 1
            if accepted:
                scalars[2] = new_spread_log

        # Noise, given the rest.
        quad = gram[terms, terms]
        for i in range(terms):
            quad -= 2.0 * coefficients[i] * gram[i, terms]
            for j in range(terms):
                quad += coefficients[i] * coefficients[j] * gram[i, j]
        quad = max(quad, 1e-14 * n)
        draw = np.random.gamma(0.5 * (n - flat) / temperature)
        scalars[0] = math.log(0.5 * quad / temperature / draw)

        # Size of a group of the baseline's columns.
        if groups:
            variance = math.exp(scalars[0])
            g = sweep % groups
            new_scale_log = scalars[3 + g] + state.scalar_steps[3 + g] * np.random.normal()
            if -9.0 < new_scale_log < 7.0:
                a[:] = base
                for j in range(k):
                    own = data.group[j]
                    if own < 0:
                        a[j, j] += 1e-9 * base[j, j] + 1e-12
                    elif own == g:
                        a[j, j] += math.exp(-2.0 * new_scale_log)
                    else:
                        a[j, j] += math.exp(-2.0 * scalars[3 + own])
                accepted = False
                if cholesky_into(a, new_lower):
                    for i in range(terms + 1):
                        forward(new_lower, products[i], trial_solved[i])
                    change = 0.0
                    for j in range(k):
                        change += math.log(lower[j, j]) - math.log(new_lower[j, j])
                    change -= members[g] * (new_scale_log - scalars[3 + g])
                    # the residual's own L^-1 Z'W r, before and after
                    before, after = 0.0, 0.0
                    for p in range(k):
                        old, new = solved[terms, p], trial_solved[terms, p]
                        for i in range(terms):
                            old -= coefficients[i] * solved[i, p]
                            new -= coefficients[i] * trial_solved[i, p]
                        before += old**2
                        after += new**2
                    change += 0.5 * (after - before) / variance
                    change /= temperature
                    ratio, new_ratio = (
                        math.exp(scalars[3 + g]) / data.group_scale[g],
                        math.exp(new_scale_log) / data.group_scale[g],
                    )
                    change += math.log1p(ratio**2) - math.log1p(new_ratio**2)
                    change += new_scale_log - scalars[3 + g]
                    accepted = math.log(np.random.random()) < change
                counts[2, 3 + g] += accepted
                tried[2, 3 + g] += 1
                if accepted:
                    scalars[3 + g] = new_scale_log
                    lower, new_lower = new_lower, lower
                    for i in range(terms + 1):
                        for j in range(i + 1):
                            value = gram[i, j]
                            for p in range(k):
                                value += solved[i, p] * solved[j, p]
                                value -= trial_solved[i, p] * trial_solved[j, p]
                            trial_gram[i, j] = value
                            trial_gram[j, i] = value
                    gram[:] = trial_gram
                    solved[:] = trial_solved

        # Weights of the rows: the baseline is drawn, used, and integrated out again.
        if data.nu > 0.0 and sweep % WEIGHTS_EVERY == 0:
            variance = math.exp(scalars[0])
            for p in range(k):
                value = solved[terms, p]
                for i in range(terms):
                    value -= coefficients[i] * solved[i, p]
                new_solved[p] = value + math.sqrt(variance) * np.random.normal()
            for i in range(k - 1, -1, -1):  # L' d = what was drawn
                value = new_solved[i]
                for j in range(i + 1, k):
                    value -= lower[j, i] * new_product[j]
                new_product[i] = value / lower[i, i]
            for t in range(n):
                residual = data.y[t]
                for i in range(terms):
                    residual -= coefficients[i] * columns[i, t]
                for j in range(k):
                    residual -= data.z[t, j] * new_product[j]
                rate = 0.5 * (data.nu + residual**2 / variance)
                weights[t] = np.random.gamma(0.5 * (data.nu + 1.0)) / rate
            renew = True

        if sweep < warm:
            if sweep >= warm // 4:
                moments += 1.0
                for medium in range(n_media):
                    for i in range(size + 1):
                        x = shapes[medium, i] if i < size else logs[medium]
                        sums[medium, i] += x
                        for j in range(size + 1):
                            other_x = shapes[medium, j] if j < size else logs[medium]
                            squares[medium, i, j] += x * other_x
            if (sweep + 1) % ADAPT_EVERY == 0:
                rate = 2.0 if sweep < warm // 2 else 1.0
                for medium in range(n_media):
                    if tried[0, medium]:
                        state.steps[medium] = stepped(
                            state.steps[medium], counts[0, medium] / tried[0, medium],
                            SHAPE_ACCEPTED, rate,
                        )  # fmt: skip
                    if moments > 4.0 * ADAPT_EVERY:
                        moments_factor(
                            moments, sums[medium], squares[medium], state.factors[medium]
                        )
                for term in range(terms):
                    state.log_steps[term] = stepped(
                        state.log_steps[term], counts[1, term] / tried[1, term],
                        COEFFICIENT_ACCEPTED, rate,
                    )  # fmt: skip
                for i in range(3 + groups):
                    if tried[2, i]:
                        state.scalar_steps[i] = stepped(
                            state.scalar_steps[i], counts[2, i] / tried[2, i],
                            COEFFICIENT_ACCEPTED if i else SHAPE_ACCEPTED, rate,
                        )  # fmt: skip
                counts[:] = 0.0
                tried[:] = 0.0
            if sweep == warm // 2:  # what was learnt while it was hot goes
                moments = 0.0
                sums[:] = 0.0
                squares[:] = 0.0
        else:
            out_weights += weights / sweeps
            if (sweep - warm) % thin == thin - 1 and kept < out_logs.shape[0]:
                out_shapes[kept] = shapes
                out_logs[kept] = logs
                out_scalars[kept] = scalars
                kept += 1
