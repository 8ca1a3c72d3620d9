"""Budget allocation: where the money of one period goes so that the response is largest.

The optimum is global and carries its own certificates (first-order residual, gap to an upper
bound). Departures from Robyn's ``R/allocator.R: robyn_allocator``, all on purpose:

- Robyn's gradient method can stop in a local optimum of the S-shaped curves; ours cannot. Its
  ``target_efficiency`` gives nlopt a wrong gradient and stops far from any optimum.
- A budget outside the bounds, and a target that no spend can reach, are refused with what is
  possible. Robyn returns a point that misses them, silently.
- The target is a limit, not an equation: where even the highest bounds return more than the
  target, the plan stands on them. Robyn's equation would have no solution.
- A channel without effect (coefficient 0) stays in the plan, at its lower bound, as Robyn does
  with ``keep_zero_coefs = TRUE``. Its default drops the channel, spends the money elsewhere
  and so breaks the channel's lower bound without a word.
- A channel with a negative coefficient gets its lower bound, and the request is refused when
  only such channels could take the rest of the budget.
- Over a part of the window, today's spend is what was paid then; Robyn takes the exposures of a
  channel that has them, in units of money.
- What the data do not support is said: see :mod:`mmmlib.plan.evidence`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
