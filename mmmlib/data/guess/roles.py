"""Which role each column plays, and why: first by its name, then by what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mmmlib.data.guess.sample import SampledColumn, SampledTable, steps
from mmmlib.data.guess.words import Name, read_name
from mmmlib.ground import DataError, Problem

if TYPE_CHECKING:
    import pandas as pd

Role = Literal[
    "date", "target", "country", "spend", "exposure", "organic", "context", "factor", "left out"
]
MOST_LEVELS = 25  # a text with more levels is no factor: each level costs a coefficient
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


def guess_roles(
    sample: SampledTable,
    date: str = "",
    country: str = "",
    known: Mapping[str, tuple[Role, str]] | None = None,
) -> Roles:
    """Give every column of a sample its role; target and spends may be left to :func:`ask`.

    ``date``, ``country`` and the roles in ``known`` come from the table's shape.
    """
    roles = Roles()
    columns = {column.name: column for column in sample.columns}
    for name in columns:
        roles.give(name, "left out", "")
    _date(roles, columns, date)
    for name, (role, reason) in (known or {}).items():
        if name != date:
            roles.give(name, role, reason)
    for column in sample.columns:
        if not roles.reasons[column.name]:
            roles.give(column.name, *_role(column, read_name(column.name)))
    _families(roles)
    _texts_left_out(roles, columns)
    _calendar_dummies(roles, columns)
    _target(roles, columns)
    _unknown(roles, columns)
    return roles


def _date(roles: Roles, columns: dict[str, SampledColumn], best: str) -> None:
    for column in columns.values():
        if column.name == best:
            said = " and is named like one" if read_name(column.name).says("DATE") else ""
            roles.give(column.name, "date", f"holds dates{said}")
        elif column.holds == "date":
            roles.give(column.name, "left out", f"holds dates too, but {best!r} is the date")
            roles.doubts.append(f"there are two columns of dates; {best!r} was taken")


def product_target(roles: Roles) -> list[dict[str, Any]]:
    """The product that is the target where a count stands beside what each of it brings.

    ``conversions`` and ``revenue_per_conversion`` make the revenue; neither is it alone.
    """
    if any(read_name(name).says("REVENUE") for name in roles.of("target")):
        return []
    for rate in roles.roles:
        words = read_name(rate).words
        if not read_name(rate).says("PER") or not read_name(rate).says("REVENUE"):
            continue
        at = next(i for i, word in enumerate(words) if word in ("per", "pro", "par", "por", "je"))
        of = {word.rstrip("s") for word in words[at + 1 :]}
        for count in roles.of("target"):
            if of and {word.rstrip("s") for word in read_name(count).words} >= of:
                roles.give(count, "left out", f"makes the target with {rate!r}")
                roles.give(rate, "left out", f"makes the target with {count!r}")
                roles.doubts = [text for text in roles.doubts if repr(count) not in text]
                name = "revenue" if "revenue" not in roles.roles else f"{count}_revenue"
                roles.doubts.append(f"the target is {count!r} × {rate!r}, made row by row")
                return [{"name": name, "operation": "product", "columns": [count, rate]}]
    return []


def _families(roles: Roles) -> None:
    """``x4_Email`` beside ``x1_Search`` and ``x2_Social``, which are media, is one of them."""
    families: dict[str, list[str]] = {}
    for name in roles.roles:
        if found := re.match(r"([A-Za-z]+)\d+[_ -]", name):
            families.setdefault(found[1], []).append(name)
    for names in families.values():
        media = [name for name in names if "no unit" in roles.reasons[name]]
        if len(media) >= 2:
            for name in names:
                if roles.roles[name] == "organic":
                    roles.give(name, "spend", "is numbered like media that have no unit; no unit")


def _texts_left_out(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """What is named like a number and holds text is a channel lost: the first of the doubts."""
    for name in roles.of("left out"):
        if "but holds text" in roles.reasons[name]:
            roles.doubts.insert(0, f"{name!r} {roles.reasons[name]}; it is left out")


def _calendar_dummies(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """Many flags of one first word that means holidays or seasons are what prophet reads itself."""
    groups: dict[str, list[str]] = {}
    for name, column in columns.items():
        words = read_name(name).words
        free = roles.roles[name] in ("context", "left out") and not roles.reasons[name].startswith(
            ("is a competitor", "counts")
        )
        if words and words[0] in _CALENDAR_FIRST and free and column.holds == "number":
            groups.setdefault(words[0], []).append(name)
    for first, names in groups.items():
        if len(names) >= 3 and all(set(columns[n].values.dropna()) <= {0.0, 1.0} for n in names):
            for name in names:
                roles.give(name, "left out", "is a flag of the calendar, which prophet reads")
            roles.doubts.append(
                f"{len(names)} flags named {first}… are left out: prophet reads holidays and "
                "seasons itself, once the country is known"
            )


_CALENDAR_FIRST = {"hldy", "holiday", "holidays", "hol", "seas", "season", "month", "week", "dow"}


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
    if column.holds == "number" and column.hardly_varies:
        return "left out", "hardly varies: what moves is rounding"
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
    sold = name.says("REVENUE") and not name.says("COMPETITOR")
    context = name.says("CONTEXT") and not sold  # sales of stores are no stores
    exposure = name.suffix == "exposure" or name.says("EXPOSURE")
    result = _is_result(name) and bool(name.media)
    unpaid = spend and (name.says("NO_MEDIA") or _is_index(name))
    rules: tuple[tuple[bool, Role, str], ...] = (
        (name.says("DERIVED"), "left out", "is made of other columns: by a "
         "model, over time, or of sales and costs"),
        (name.says("COMPETITOR"), "context", "is a competitor's"),
        (name.rate and not (context and not spend and not exposure), "left out",
         "is a rate or a share of other columns"),
        (_counts_time(column, name) and not spend and not context, "left out", "counts days, "
         "weeks or rows; prophet reads the calendar itself"),
        (unpaid and _is_index(name), "context", "is an index, no money"),
        (unpaid, "left out", "is a cost of the business, not of media"),
        (spend, "spend", _said(name, "SPEND", "spend")),
        (result, "left out", "is a result that one medium claims for itself"),
        (context, "context", "is named like what surrounds sales, not like media"),
        (name.suffix == "context", "context", "ends in _B, Robyn's sign of a context variable"),
        (name.says("VISITS"), "left out", "follows from media, whose effect it would take away"),
        (name.says("ORGANIC") or name.suffix == "organic", "organic", "is named like what is "
         "sent or shown without paying for it"),
        (exposure, "exposure", _said(name, "EXPOSURE", "exposure")),
        (bool(name.media) or name.says("ADS"), "spend",
         "names a medium and no unit; taken for money"),
    )  # fmt: skip
    return next(((role, why) for applies, role, why in rules if applies), ("left out", ""))


def _is_index(name: Name) -> bool:
    return "index" in name.words or "indices" in name.words


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
    """Whether a name is of what is sold; a rate, a price or a cost is never."""
    others = ("SPEND", "EXPOSURE", "DERIVED", "COMPETITOR")
    context = name.says("CONTEXT") and not name.says("REVENUE")
    if name.rate or context or any(name.says(group) for group in others):
        return False
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
    if rivals := _rivals(best, free):
        for column in free:
            roles.give(column.name, "left out", f"{RIVAL} {', '.join(map(repr, rivals))}")
        return
    roles.give(best.name, "target", "is named like what is sold")
    for column in free:
        if column is not best:
            roles.give(column.name, "left out", f"is a result too, but {best.name!r} is the target")
            roles.doubts.append(
                f"{column.name!r} could be the target as well as {best.name!r}; change `target`"
            )


RIVAL = "is one of several parts of what is sold:"


def _rivals(best: SampledColumn, free: list[SampledColumn]) -> list[str]:
    """Columns of revenue none of which is named like the whole, such as online and stores."""
    parts = {
        column.name: set(read_name(column.name).words)
        for column in free
        if read_name(column.name).says("REVENUE")
    }
    whole = parts.get(best.name, set())
    own = {word for word in whole if not read_name(word).says("REVENUE")} - _WHOLE
    if not own or not any(not whole < words for name, words in parts.items() if name != best.name):
        return []
    return list(parts)


_WHOLE = {"total", "gesamt", "all", "sum", "summe", "totale", "toplam", "overall", "net", "eur"}


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


def ask_which(roles: Roles) -> None:
    """Where only parts of what is sold are there, ask which of them is meant.

    Raises
    ------
    DataError
        With the parts.
    """
    parts = [name for name, reason in roles.reasons.items() if reason.startswith(RIVAL)]
    if parts:
        some = ", ".join(map(repr, parts[:6]))
        why = (
            f"{some} are all named like what is sold, none like the whole. Which one is to be "
            "explained? Answer with --target; for their sum add a column to the file"
        )
        raise DataError([Problem("target", why)])


def ask(roles: Roles, columns: dict[str, SampledColumn], target: bool) -> None:
    """Where no name told the target or the spends, ask; numbers alone are never reason enough.

    ``target`` says whether there is one already.

    Raises
    ------
    DataError
        With one question a role, the likeliest columns first.
    """
    free = [name for name in roles.of("context") if not columns[name].negative]
    nameless = [name for name in free if "says nothing" in roles.reasons[name]]
    problems = []
    if (
        not target
        and not roles.of("spend")
        and not roles.of("exposure")
        and not _flighted(nameless, columns)
    ):
        raise DataError(
            [Problem("spend", "no channel: nothing is named like money spent or what was seen. "
                     "A model needs a column of spend for each channel, such as tv_spend")]
        )  # fmt: skip
    if not target and free:
        free = [name for name in free if not read_name(name).says("CONTEXT")] or free
        nameless = [name for name in nameless if name in free]
        made = [n for n, why in roles.reasons.items() if why.startswith(("is made", "follows"))]
        free = [*made, *free]
        steady = [name for name in nameless or free if columns[name].zeros < 0.05] or free
        some = ", ".join(repr(name) for name in steady[:6])
        problems.append(
            Problem("target", "nothing is named like what is sold. Which column is to be "
                    f"explained? Answer with --target; it may be {some}")
        )  # fmt: skip
    if not roles.of("spend"):
        flags = {n for n in nameless if set(columns[n].values.dropna()) <= {0.0, 1.0}}
        likely = _flighted(nameless, columns)
        flighted = [n for n in (*likely, *nameless) if n not in flags]
        flighted = list(dict.fromkeys(flighted)) or nameless
        if roles.of("exposure"):
            some = ", ".join(repr(name) for name in roles.of("exposure")[:6])
            problems.append(
                Problem("spend", f"no column holds money: {some} are what was seen. Add the costs "
                        "of each channel as columns; without them there is no ROAS. To model what "
                        "was seen all the same, name those columns with --spend")
            )  # fmt: skip
        elif flighted:
            some = ", ".join(repr(name) for name in flighted[:6])
            problems.append(
                Problem("spend", "nothing is named like spend. Which columns hold what was spent? "
                        f"Answer with --spend COLUMN,COLUMN; they may be {some}")
            )  # fmt: skip
    if problems:
        raise DataError(problems)


def _flighted(names: list[str], columns: dict[str, SampledColumn]) -> list[str]:
    """Numbers that are zero at times, as spend is."""
    return [name for name in names if 0 < columns[name].zeros < 1]


def rows_apart(dates: pd.Series) -> float:
    """Median days between different dates; 0 where there is one date only."""
    between = steps(dates)
    return float(between.median()) if len(between) else 0.0
