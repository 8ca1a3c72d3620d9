from .batch import (
    Batch as Batch,
    Row as Row,
    open_batch as open_batch,
    start_batch as start_batch,
)
from .execute import (
    execute_launched as execute_launched,
)
from .executor import (
    allowed_executor as allowed_executor,
    open_executor as open_executor,
)
from .foreground import (
    attend as attend,
    run_at_once as run_at_once,
)
from .queue import (
    cancel as cancel,
    listed as listed,
    seconds_waited as seconds_waited,
    submit as submit,
)
from .tending import (
    Tending as Tending,
    settled as settled,
)
