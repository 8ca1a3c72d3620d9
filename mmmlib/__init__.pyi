from .job.parse import Job as Job
from .plan import Ahead as Ahead
from .ui.lab.run import Archive as Archive, Run as Run
from .ui.lab.verbs import (
    check as check,
    guess as guess,
    launch as launch,
    open as open,
    runs as runs,
    show as show,
    train as train,
)

__version__: str
