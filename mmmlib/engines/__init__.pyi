from . import (
    bayes as bayes,
    native as native,
)
from .engine import (
    CandidatesDone as CandidatesDone,
    Engine as Engine,
    Event as Event,
    Events as Events,
    LogLine as LogLine,
    RefreshingEngine as RefreshingEngine,
    StepStarted as StepStarted,
    ignore as ignore,
    open_engine as open_engine,
    proposed_engine as proposed_engine,
)
