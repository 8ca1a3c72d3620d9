from .ahead import (
    Ahead as Ahead,
    ahead_of as ahead_of,
)
from .allocation import (
    Allocation as Allocation,
    efficiency as efficiency,
)
from .basis import (
    Basis as Basis,
    basis_of as basis_of,
    chosen_models as chosen_models,
    doubts_of as doubts_of,
)
from .calendar import (
    Calendar as Calendar,
)
from .calendar_file import (
    write_calendar as write_calendar,
)
from .optimized import (
    BestCalendar as BestCalendar,
)
from .robyns import (
    compared_metrics as compared_metrics,
)
from .scenarios import (
    SCENARIOS as SCENARIOS,
    Scenario as Scenario,
    comparison as comparison,
    comparison_xlsx as comparison_xlsx,
    delete_scenario as delete_scenario,
    load_scenario as load_scenario,
    load_scenarios as load_scenarios,
    save_scenario as save_scenario,
)
from .score import (
    Score as Score,
)
from .sheet import (
    plan_text as plan_text,
    plan_xlsx as plan_xlsx,
    write_plan as write_plan,
)
