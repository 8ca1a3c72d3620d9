"""A posterior over Robyn's curves: how sure the answer is, beside the answer.

Adstock and saturation are those of the other engines. What differs is the question: not which
candidate fits best, but which are probable, given the data, the job's ranges and its priors. See
``docs/bayes.md`` for the model in words and what was measured.
"""
