"""Maximise a sum of saturation curves under one limit: globally, with a certificate.

A Hill curve with alpha > 1 is S-shaped, so the sum has local optima in which a gradient method
stops. The problem is separable, which makes the global optimum affordable: over the concave
envelopes of the curves one price (the marginal response all channels share) solves it exactly,
and branching on the few channels whose envelope lies above their curve closes the gap. The limit
is a budget, or the least response a unit of spend; both are linear in spend and envelope.

Source: Udell and Boyd (2013), Maximizing a Sum of Sigmoids, sections 3 and 4. The curve itself
is Robyn's ``R/allocator.R: fx_objective``.
"""

from mmmlib.model import Curves, Floats
from mmmlib.plan.sigmoids.envelope import Limit
from mmmlib.plan.sigmoids.local import exchange_gain
from mmmlib.plan.sigmoids.search import Optimum, best_ratio, maximise

__all__ = ["Curves", "Floats", "Limit", "Optimum", "best_ratio", "exchange_gain", "maximise"]
