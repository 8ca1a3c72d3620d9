"""What is asked of the best calendar: how much in all, and the limits of its parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mmmlib.ground import AllocationError, Problem
from mmmlib.job import Frozen, changed, problem_of

Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ChannelLimits(Frozen):
    """Limits of one channel, in money.

    ``low`` and ``high`` are of every period, ``least`` and ``most`` of the whole plan; ``pauses``
    are first days of periods without spend; a locked channel keeps the given calendar's money.
    """

    low: Money | None = None
    high: Money | None = None
    least: Money | None = None
    most: Money | None = None
    locked: bool = False
    pauses: tuple[dt.date, ...] = ()


class GroupLimits(Frozen):
    """Limits of the sum of some channels over the whole plan, in money."""

    channels: Annotated[tuple[str, ...], Field(min_length=1)]
    least: Money | None = None
    most: Money | None = None


class CalendarRequest(Frozen):
    """What the best calendar is; at most one of ``total, extra, response, marginal``.

    ``by`` moves money between periods and channels, or between channels only, in the given
    pattern. ``total``: most response for this money (the given calendar's, where nothing is asked).
    ``extra``: on top of the given calendar, of which no cell falls. ``response``: the least
    money that brings this. ``marginal``: spend until one more unit of money brings less than
    this. ``low`` and ``high`` are multiples of the given calendar's cells, where a channel
    has no limits of its own: a cell without money stays without.
    """

    by: Literal["period", "channel"] = "period"
    total: Money | None = None
    extra: Money | None = None
    response: Money | None = None
    marginal: Money | None = None
    low: Money = 0.5
    high: Money = 2.0
    channels: dict[str, ChannelLimits] = Field(default_factory=dict)
    groups: dict[str, GroupLimits] = Field(default_factory=dict)

    @classmethod
    def of(cls, changes: Iterable[tuple[str, Any]]) -> CalendarRequest:
        """Of dotted keys and their values: ``("channels.tv.high", 50_000)``.

        Raises
        ------
        AllocationError
            With everything that is wrong.
        """
        try:
            made = cls.model_validate(changed({}, changes, cls))
        except ValidationError as error:
            raise AllocationError(problem_of(each, cls) for each in error.errors()) from None
        goals = ("total", "extra", "response", "marginal")
        asked = [name for name in goals if getattr(made, name) is not None]
        if len(asked) > 1:
            raise AllocationError(
                [Problem(asked[1], f"contradicts {asked[0]}; ask for one of them")]
            )
        return made
