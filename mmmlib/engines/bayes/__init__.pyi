from .engine import (
    BayesEngine as BayesEngine,
    second_opinion as second_opinion,
)
