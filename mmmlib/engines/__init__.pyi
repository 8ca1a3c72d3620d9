from . import (
    native as native,
)
from .engine import (
    NSGA2 as NSGA2,
    OWN_OPTIMIZERS as OWN_OPTIMIZERS,
    CandidatesDone as CandidatesDone,
    Engine as Engine,
    Event as Event,
    Events as Events,
    LogLine as LogLine,
    RefreshingEngine as RefreshingEngine,
    StepStarted as StepStarted,
    ignore as ignore,
    open_engine as open_engine,
    optimizer_of as optimizer_of,
    proposed_engine as proposed_engine,
)
