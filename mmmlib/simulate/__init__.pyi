from .parse import (
    Simulation as Simulation,
)
from .training import (
    write_simulation as write_simulation,
)
from .truth import (
    SPEND_COLUMN as SPEND_COLUMN,
    Truth as Truth,
    truth_of as truth_of,
)
