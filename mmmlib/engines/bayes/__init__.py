"""A posterior over Robyn's curves: how sure the answer is, beside the answer.

Adstock and saturation are those of the other engines. What differs is the question: not which
candidate fits best, but which are probable, given the data, the job's ranges and its priors. See
``docs/bayes.md`` for the model in words and what was measured.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
