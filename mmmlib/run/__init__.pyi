from .check import (
    check_job as check_job,
)
from .fitted import (
    channels_of as channels_of,
    compile_apart as compile_apart,
    continued as continued,
    fitted_model as fitted_model,
    values_of as values_of,
)
from .guessed import (
    first_guess as first_guess,
)
from .preflight import (
    accepted as accepted,
)
from .progress import (
    NotebookBar as NotebookBar,
    duration as duration,
    progress_line as progress_line,
)
from .promoted import (
    complete_apart as complete_apart,
)
from .recreation import (
    Recreation as Recreation,
    job_of as job_of,
    recreate_on as recreate_on,
    recreate_run as recreate_run,
)
from .refresh import (
    changes_of as changes_of,
)
from .refresh.asked import (
    refreshed_job as refreshed_job,
)
from .refresh.continued_job import (
    ITERATIONS as ITERATIONS,
    TRIALS as TRIALS,
    continued_job as continued_job,
)
from .refresh.parent import (
    find_parent as find_parent,
)
from .reproduction import (
    Reproduction as Reproduction,
    compare_runs as compare_runs,
    copy_dataset as copy_dataset,
    reproducible_job as reproducible_job,
)
from .runner import (
    OnProgress as OnProgress,
    execute_run as execute_run,
    run_job as run_job,
)
from .supervisor import (
    HEARTBEAT_SECONDS as HEARTBEAT_SECONDS,
    conclude as conclude,
    error_text as error_text,
    interrupted as interrupted,
    sigterm_interrupts as sigterm_interrupts,
)
from .work import (
    open_run as open_run,
)
