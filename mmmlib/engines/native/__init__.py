"""The native engine: Robyn's model computed exactly, compiled, a thousand times faster.

Robyn 3.12.1 is the reference. Adstock, saturation, the ridge regression with glmnet's own stopping
rule, the search and the Pareto fronts give Robyn's numbers, which the golden tests check. Where
this engine departs on purpose it refuses what Robyn would compute wrongly (``inputs``), or goes on
where Robyn stops (``pareto``).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
