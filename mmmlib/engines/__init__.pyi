from . import (
    native as native,
)
from .bayes.engine import (
    second_opinion as second_opinion,
)
from .bayes.recoverability import (
    WORLDS as WORLDS,
    recoverability as recoverability,
)
from .engine import (
    CandidatesDone as CandidatesDone,
    Engine as Engine,
    Event as Event,
    Events as Events,
    LogLine as LogLine,
    PartDone as PartDone,
    RefreshingEngine as RefreshingEngine,
    StepStarted as StepStarted,
    ignore as ignore,
    open_engine as open_engine,
    proposed_engine as proposed_engine,
)
