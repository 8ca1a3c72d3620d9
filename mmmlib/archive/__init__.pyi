from . import (
    heard as heard,
)
from .archive import (
    Archive as Archive,
)
from .card import (
    run_card as run_card,
)
from .decisions import (
    Chosen as Chosen,
    Decision as Decision,
    Kind as Kind,
    asked_model as asked_model,
    chosen_model as chosen_model,
    decisions_of as decisions_of,
    errors_of as errors_of,
    is_kept as is_kept,
    keep as keep,
    note as note,
    promote as promote,
    promotion as promotion,
    release as release,
)
from .deletion import (
    delete_run as delete_run,
)
from .in_full import (
    IN_FULL as IN_FULL,
    load_in_full as load_in_full,
    promoted_name as promoted_name,
    report_name as report_name,
    report_of as report_of,
    save_in_full as save_in_full,
)
from .interactions import (
    Did as Did,
    recent as recent,
    record as record,
)
from .manifest import (
    FORMAT as FORMAT,
    ROBYN as ROBYN,
    TIME_FORMAT as TIME_FORMAT,
    Launch as Launch,
    Manifest as Manifest,
    Receipt as Receipt,
    RunId as RunId,
    State as State,
    Status as Status,
)
from .results import (
    TRAINING as TRAINING,
    export_model as export_model,
    lifts_of as lifts_of,
    load_input as load_input,
    load_model as load_model,
    load_result as load_result,
    response_of as response_of,
    save_models as save_models,
    save_result as save_result,
    summarize as summarize,
    trained_job as trained_job,
)
from .run import (
    ANNOTATIONS as ANNOTATIONS,
    BEST as BEST,
    CANCEL as CANCEL,
    CHANGES as CHANGES,
    CHECKS as CHECKS,
    CONSOLE as CONSOLE,
    DATASET as DATASET,
    HOLIDAYS as HOLIDAYS,
    JOB as JOB,
    LAUNCH as LAUNCH,
    LOST_AFTER as LOST_AFTER,
    MANIFEST as MANIFEST,
    PROGRESS as PROGRESS,
    REFRESH_CHANGES as REFRESH_CHANGES,
    REPORT as REPORT,
    STATUS as STATUS,
    TRUTH as TRUTH,
    TRUTH_PICTURE as TRUTH_PICTURE,
    Run as Run,
    now as now,
    user as user,
)
from .storage_check import (
    check_storage as check_storage,
)
from .stores import (
    Store as Store,
    refused_root as refused_root,
    together as together,
)
from .stores.write_behind import (
    WriteBehind as WriteBehind,
)
from .zipped import (
    save_zip as save_zip,
    zip_run as zip_run,
)
