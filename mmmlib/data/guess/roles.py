"""Which role each column plays, and why: first by its name, then by what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mmmlib.data.guess.sample import SampledColumn, SampledTable, steps
from mmmlib.data.guess.words import Name, read_name

if TYPE_CHECKING:
    import pandas as pd

Role = Literal[
    "date", "target", "country", "spend", "exposure", "organic", "context", "factor", "left out"
]
MOST_LEVELS = 25  # a text with more levels is no factor: each level costs a coefficient
MOST_COUNTRIES = 300
LONGEST_NAME = 300  # of a column in a job
MOST_UNKNOWN = 20  # numbers with names that say nothing: taken for context only up to here


@dataclass
class Roles:
    """Role and reason of each column, in the order of the file, and what is doubtful.

    Attributes
    ----------
    roles : dict
        Role by column.
    reasons : dict
        Why, in words, by column.
    doubts : list of str
        What a person should look at.
    """

    roles: dict[str, Role] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def give(self, name: str, role: Role, reason: str) -> None:
        """Give a column a role."""
        self.roles[name] = role
        self.reasons[name] = reason

    def of(self, role: Role) -> list[str]:
        """Columns of a role, in the order of the file."""
        return [name for name, its in self.roles.items() if its == role]


def guess_roles(sample: SampledTable) -> Roles:
    """Give every column of a sample its role; ``target`` may be left to :func:`last_hints`."""
    roles = Roles()
    columns = {column.name: column for column in sample.columns}
    for name in columns:
        roles.give(name, "left out", "")
    _date(roles, columns)
    _country(roles, columns)
    for column in sample.columns:
        if not roles.reasons[column.name]:
            roles.give(column.name, *_role(column, read_name(column.name)))
    _target(roles, columns)
    _unknown(roles, columns)
    return roles


def _date(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    dates = [column for column in columns.values() if column.holds == "date"]
    if not dates:
        return
    best = max(dates, key=lambda each: (read_name(each.name).says("DATE"), each.values.nunique()))
    for column in dates:
        if column is best:
            said = " and is named like one" if read_name(column.name).says("DATE") else ""
            roles.give(column.name, "date", f"holds dates{said}")
        else:
            roles.give(column.name, "left out", f"holds dates too, but {best.name!r} is the date")
            roles.doubts.append(f"there are two columns of dates; {best.name!r} was taken")


def _country(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """A text that is named like a country, or two-letter codes under which dates repeat."""
    dates = roles.of("date")
    repeats = bool(dates) and bool(columns[dates[0]].values.duplicated().any())
    for column in columns.values():
        if column.holds != "text" or not 1 <= len(column.levels) <= MOST_COUNTRIES:
            continue
        named = read_name(column.name).says("COUNTRY")
        coded = all(len(level) == 2 and level.isalpha() for level in column.levels)
        if named or (coded and repeats):
            why = "is named like a country" if named else "holds two-letter codes, dates repeat"
            roles.give(column.name, "country", f"{why}: {', '.join(column.levels[:5])}")
            return


def _role(column: SampledColumn, name: Name) -> tuple[Role, str]:
    """Role and reason of one column by itself; an empty reason where it says nothing."""
    if column.holds == "nothing" or column.constant:
        return "left out", "never changes" if column.holds != "nothing" else "is empty"
    if column.name.startswith("__index_level_"):
        return "left out", "is the index pandas saved with the table"
    if len(column.name) > LONGEST_NAME:
        return "left out", f"its name has more than {LONGEST_NAME} characters; rename it"
    if column.holds == "number" and (column.values.diff().iloc[1:] == 1).all():
        return "left out", "counts rows"
    if column.holds == "text":
        return _text_role(column, name)
    return _number_role(column, name)


def _text_role(column: SampledColumn, name: Name) -> tuple[Role, str]:
    count = len(column.levels)
    for group in ("SPEND", "EXPOSURE", "REVENUE"):
        if name.says(group):
            return "left out", f"is named like a number, but holds text such as {column.levels[0]}"
    if count > MOST_LEVELS:
        return "left out", f"is text of {count} different values, too many for a factor"
    return "factor", f"is text of {count} levels: {', '.join(column.levels[:5])}"


def _number_role(column: SampledColumn, name: Name) -> tuple[Role, str]:
    spend = name.suffix == "spend" or name.says("SPEND")
    context = name.says("CONTEXT")
    exposure = name.suffix == "exposure" or name.says("EXPOSURE")
    result = _is_result(name) and bool(name.media)
    rules: tuple[tuple[bool, Role, str], ...] = (
        (name.says("COMPETITOR"), "context", "is a competitor's"),
        (name.says("PER") and (spend or exposure), "left out", "is a rate"),
        (name.says("RATE") and not context, "left out", "is a rate or a share of other columns"),
        (_counts_time(column, name) and not spend and not context, "left out", "counts days, "
         "weeks or rows; prophet reads the calendar itself"),
        (spend, "spend", _said(name, "SPEND", "spend")),
        (result, "left out", "is a result that one medium claims for itself"),
        (context, "context", "is named like what surrounds sales, not like media"),
        (name.suffix == "context", "context", "ends in _B, Robyn's sign of a context variable"),
        (name.says("ORGANIC") or name.suffix == "organic", "organic", "is named like what is "
         "sent or shown without paying for it"),
        (exposure, "exposure", _said(name, "EXPOSURE", "exposure")),
        (name.says("VISITS"), "left out", "follows from media, whose effect it would take away"),
        (bool(name.media), "spend", "names a medium and no unit; taken for money"),
    )  # fmt: skip
    return next(((role, why) for applies, role, why in rules if applies), ("left out", ""))


def _counts_time(column: SampledColumn, name: Name) -> bool:
    """Whether numbers are years, quarters, weeks and the like."""
    values = column.values.dropna()
    small = bool((values.between(0, 53) & (values % 1 == 0)).all())
    return name.says("CALENDAR") or (small and name.says("DATE"))


def _said(name: Name, group: str, role: str) -> str:
    if name.says(group):
        return f"is named like {'money spent' if role == 'spend' else 'what was seen or clicked'}"
    return f"ends in _{name.text[-1]}, Robyn's sign of {role}"


def _is_result(name: Name) -> bool:
    first = len(name.words) <= 2 and name.words[:1] and read_name(name.words[0]).says("TARGET")
    return bool(first) or name.says("REVENUE") or name.says("CONVERSION")


def _target(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """The best named result that no other role has; the rest are left out and said."""
    free = [
        column
        for column in columns.values()
        if not roles.reasons[column.name]
        and column.holds == "number"
        and _is_result(read_name(column.name))
    ]
    if not free:
        return
    best = max(free, key=_target_rank)
    roles.give(best.name, "target", "is named like what is sold")
    for column in free:
        if column is not best:
            roles.give(column.name, "left out", f"is a result too, but {best.name!r} is the target")
            roles.doubts.append(
                f"{column.name!r} could be the target as well as {best.name!r}; change `target`"
            )


def _target_rank(column: SampledColumn) -> tuple[bool, bool, bool, int]:
    name = read_name(column.name)
    explicit = not (name.says("REVENUE") or name.says("CONVERSION"))
    return explicit, name.says("REVENUE"), "total" in name.words, -len(name.words)


def _unknown(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """Numbers whose names say nothing: context, when they are few."""
    unknown = [name for name, reason in roles.reasons.items() if not reason]
    some = ", ".join(repr(name) for name in unknown[:5]) + (" …" if len(unknown) > 5 else "")
    if len(unknown) > MOST_UNKNOWN:
        for name in unknown:
            roles.give(name, "left out", "its name says nothing, and there are many of them")
        roles.doubts.append(
            f"{len(unknown)} columns have names that say nothing ({some}) and are left out; "
            "add those that matter"
        )
        return
    for name in unknown:
        flag = set(columns[name].values.dropna().unique()) <= {0.0, 1.0}
        what = "is a flag of 0 and 1" if flag else "is a number whose name says nothing"
        roles.give(name, "context", f"{what}; taken for a context variable")
    if unknown:
        roles.doubts.append(f"the names of {some} say nothing; taken for context variables")


def last_hints(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """Target and spends by statistics, where no name told them; always doubtful.

    The target is the number that is rarely zero, never negative and moves most with the other
    numbers; spends are numbers that are never negative and zero at times.
    """
    guessed = "its name says nothing"
    if not roles.of("target"):
        for name in _by_correlation(roles, columns):
            roles.give(name, "target", f"{guessed}; it moves most with the other numbers")
            roles.doubts.append(f"nothing is named like a target; {name!r} is a guess from numbers")
    if not roles.of("spend"):
        for name in roles.of("context"):
            column = columns[name]
            said = "says nothing" not in roles.reasons[name]
            if not said and not column.negative and 0 < column.zeros < 1:
                roles.give(name, "spend", f"{guessed}; never negative and zero at times")
                roles.doubts.append(f"nothing is named like spend; {name!r} is a guess")


def _by_correlation(roles: Roles, columns: dict[str, SampledColumn]) -> Iterator[str]:
    free = [n for n in roles.of("context") if columns[n].zeros < 0.05 and not columns[n].negative]
    others = [columns[n].values for n in (*roles.of("spend"), *roles.of("context"))]
    if free and len(others) > 1:
        import pandas as pd

        frame = pd.concat(others, axis=1).astype(float)
        frame.columns = pd.Index([str(series.name) for series in others])
        moved = frame.corr().abs().fillna(0.0).sum()
        yield max(free, key=lambda name: float(moved[name]))


def rows_apart(dates: pd.Series) -> float:
    """Median days between different dates; 0 where there is one date only."""
    between = steps(dates)
    return float(between.median()) if len(between) else 0.0
