"""Files as teams have them: long and wide, dates, numbers, titles, totals, geos, workbooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mmmlib.data.extract import dataset_of
from mmmlib.data.guess.first import guess_job
from mmmlib.data.prepare.dates import written_dates
from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.values import as_numbers, decimal_mark
from mmmlib.ground.errors import DataError, Problem
from mmmlib.ground.variation import ROUNDING, constant
from mmmlib.job.parse import TrainingJob

WEEKS = 120
MONDAYS = pd.date_range("2021-01-04", periods=WEEKS, freq="7D")
Write = Callable[..., str]


def spend(seed: int, mean: float = 900.0, zeros: float = 0.3, rows: int = WEEKS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.gamma(4.0, mean / 4, rows) * (rng.random(rows) >= zeros), 2)


def wide(**columns: Any) -> pd.DataFrame:
    table = {"date": MONDAYS, "revenue": spend(1, 90_000, 0), "tv_spend": spend(2)}
    return pd.DataFrame(table | {"search_spend": spend(3), **columns})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(table: pd.DataFrame | str, name: str = "data.csv", **how: Any) -> str:
        path = tmp_path / name
        if isinstance(table, str):
            path.write_text(table, encoding="utf-8")
        else:
            table.to_csv(path, index=False, **how)
        return str(path)

    return make


def ready(file: str, chosen: dict[str, str] | None = None, *more: str) -> tuple[Any, pd.DataFrame]:
    """The settled guess, and the data it makes."""
    guess = guess_job(file, {"country": "de"} | (chosen or {}), more, settle=True)
    return guess, dataset_of(guess.job).frame


# Dates

MONDAY = pd.Timestamp("2022-01-31")
WAYS = {
    "text month": "%d-%b-%Y", "american": "%b %d, %Y", "long": "%d %B %Y", "iso": "%Y-%m-%d",
    "zulu": "%Y-%m-%dT00:00:00Z", "iso week": "%G-W%V", "kw": "KW %V/%G", "six digits": "%G%V",
    "compact": "%Y%m%d", "german": "%d.%m.%Y", "two digits": "%d.%m.%y",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_weeks_are_read_however_they_are_written(write: Write, way: str) -> None:
    frame = wide(date=MONDAYS.strftime(way)).rename(columns={"date": "week"})
    guess, made = ready(write(frame))
    assert list(made["week"]) == list(MONDAYS)
    assert guess.job.target == "revenue"


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["3. Januar 2022", "10. März 2022"], "2022-01-03"),
        (["5 janvier 2022", "1 août 2022"], "2022-01-05"),
        (["3 de enero de 2022"], "2022-01-03"),
        (["Monday, January 3, 2022"], "2022-01-03"),
        (["2022-01-03 - 2022-01-09"], "2022-01-03"),
        (["2022-01-03/2022-01-09"], "2022-01-03"),
        (["2022年1月3日"], "2022-01-03"),
        (["Ocak 2022", "Şubat 2022"], "2022-01-01"),
        (["202201", "202212"], "2022-01-01"),
        (["2022-W01"], "2022-01-03"),
        (["2022-01-02 23:00:00"], "2022-01-03"),
    ],
)
def test_one_text_is_one_day(texts: list[str], first: str) -> None:
    found = {str(dates.iloc[0].date()) for dates in written_dates(pd.Series(texts)).values()
             if dates.notna().all()}  # fmt: skip
    assert found == {first}


def test_a_week_that_a_year_does_not_have_is_no_date() -> None:
    assert written_dates(pd.Series(["2021-W53", "2021-W52"]))[
        "weeks of the year"
    ].isna().tolist() == [
        True,
        False,
    ]


def test_year_and_week_in_two_columns(write: Write) -> None:
    calendar = MONDAYS.isocalendar()
    frame = wide().drop(columns="date")
    frame.insert(0, "Week", calendar["week"].to_numpy())
    frame.insert(0, "Year", calendar["year"].to_numpy())
    guess, made = ready(write(frame))
    assert (guess.job.date, guess.job.week_column) == ("Year", "Week")
    assert list(made["Year"]) == list(MONDAYS)


def test_serial_days_of_a_spreadsheet(write: Write) -> None:
    serial = (MONDAYS - pd.Timestamp("1899-12-30")).days
    _, made = ready(write(wide(date=serial)))
    assert list(made["date"]) == list(MONDAYS)


def test_numbered_weeks_ask_for_the_first_date(write: Write) -> None:
    file = write(wide(date=range(1, WEEKS + 1)).rename(columns={"date": "week"}))
    with pytest.raises(DataError, match=r"numbers the rows from 1 to 120.*--first-date"):
        guess_job(file)
    _, made = ready(file, {"first_date": "2021-01-04"})
    assert list(made["week"]) == list(MONDAYS)


def test_local_midnights_are_the_day_they_begin(write: Write) -> None:
    local = MONDAYS.tz_localize("Europe/Berlin").tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%S")
    _, made = ready(write(wide(date=local)))
    assert list(made["date"]) == list(MONDAYS)


def test_other_single_times_after_noon_are_asked(write: Write) -> None:
    file = write(wide(date=MONDAYS.strftime("%Y-%m-%d 15:00:00")))
    with pytest.raises(DataError, match="all times are 15:00"):
        ready(file)


def test_weeks_named_by_their_last_day(write: Write) -> None:
    frame = wide(date=MONDAYS + pd.Timedelta(days=6))
    guess, made = ready(write(frame.rename(columns={"date": "week_ending"})))
    assert guess.job.week_label == "end"
    assert list(made["week_ending"]) == list(MONDAYS)
    guess, made = ready(write(frame))
    assert guess.job.week_label == ""
    assert any("named by a Sunday" in doubt for doubt in guess.doubts)


def test_a_week_label_is_for_weeks(write: Write) -> None:
    days = pd.date_range("2021-01-01", periods=WEEKS)
    job = guess_job(write(wide(date=days)), {"country": "de"}).job
    with pytest.raises(DataError, match="is for weeks"):
        dataset_of(job.model_copy(update={"week_label": "end"}))


def test_monthly_rows(write: Write) -> None:
    months = pd.date_range("2015-01-01", periods=WEEKS, freq="MS")
    guess, made = ready(write(wide(date=months.strftime("%b %Y"))))
    assert list(made["date"]) == list(months)
    assert dataset_of(guess.job).interval == "month"
    ends = months + pd.offsets.MonthEnd(0)
    _, made = ready(write(wide(date=ends)))
    assert list(made["date"]) == list(months)
    holidays = dataset_of(guess.job).holidays
    assert set(holidays["date"].dt.day) == {1}


def test_weekday_says_nothing_of_weeks(write: Write) -> None:
    job = guess_job(write(wide()), {"country": "de"}).job
    with pytest.raises(DataError, match="weekday says nothing of rows that are weeks"):
        dataset_of(job.model_copy(update={"prophet": ("trend", "weekday")}))


# Numbers


def read(texts: list[str], mark: str = "") -> list[float] | str:
    found = as_numbers(pd.Series(texts), "x", Ledger(frozenset()), mark)
    return found.message if isinstance(found, Problem) else found.tolist()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("22.4k", 22_400.0), ("1,2 Mio", 1_200_000.0), ("3 Mrd.", 3e9), ("(1,234.50)", -1234.5),
        ("5.0 %", 5.0), ("12-", -12.0), ("1.234,56 €", 1234.56), ("₺ 1.234,56", 1234.56),
        ("USD 1,234.5", 1234.5), ("−7", -7.0), ("1'234.5 CHF", 1234.5),
    ],
)  # fmt: skip
def test_a_text_is_a_number(text: str, number: float) -> None:
    assert read([text]) == [number]


@pytest.mark.parametrize("text", ["-", "–", "n/a", "#N/A", "#DIV/0!", "(null)", ""])
def test_a_text_is_nothing(text: str) -> None:
    assert read([text, "1"])[1] == 1.0
    assert np.isnan(read([text, "1"])[0])


@pytest.mark.parametrize("text", ["< 10 %", "e1", "k", "1.2.3k", "abc"])
def test_a_text_is_no_number(text: str) -> None:
    assert "no numbers" in str(read([text]))


def test_sister_columns_settle_the_comma() -> None:
    assert "a thousand or a decimal" in str(read(["9.837", "12.044"]))
    sisters = [pd.Series(["1.234,56"]), pd.Series(["9.837"])]
    assert decimal_mark(sisters) == ","
    assert read(["9.837"], ",") == [9837.0]
    assert decimal_mark([*sisters, pd.Series(["1.5x"]), pd.Series(["1,234.5"])]) == ""


def test_points_of_thousands_beside_decimal_commas_in_a_comma_file(write: Write) -> None:
    rows = "".join(f'{day:%Y-%m-%d},"{100 + i},50","{1 + i % 9}.{100 + i}","2,5"\n'
                   for i, day in enumerate(MONDAYS))  # fmt: skip
    file = write(f"date,revenue,clicks,tv_spend\n{rows}")
    frame = dataset_of(
        TrainingJob.parse(
            {
                "country": "de",
                "file": file,
                "date": "date",
                "target": "revenue",
                "channels": [{"name": "tv", "spend": "clicks"}],
            }
        )
    ).frame
    assert frame["clicks"].iloc[0] == 1100.0


def test_sql_sees_the_numbers_that_cleaning_reads(write: Write) -> None:
    frame = wide().assign(tv_spend=[f"{v:,.2f} €".translate({44: 46, 46: 44}) for v in spend(2)])
    file = write(frame, sep=";")
    job = guess_job(file, {"country": "de"}).job
    sums = (
        'SELECT date, sum("tv_spend") AS tv_spend, sum(revenue) AS revenue FROM data GROUP BY date'
    )
    made = dataset_of(
        job.model_copy(update={"sql": sums, "channels": (job.channels[0],), "context": ()})
    ).frame
    assert made["tv_spend"].sum() == pytest.approx(spend(2).sum())


# Titles, totals, workbooks


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_titles_and_total_rows_are_left_out_and_said(write: Write, separator: str) -> None:
    frame = wide()
    text = frame.to_csv(index=False, sep=separator)
    total = separator.join(["Total", *(f"{frame[c].sum():.2f}" for c in frame.columns[1:])])
    guess, made = ready(write(f"Weekly report\n{separator * 3}\n{text}{total}\n"))
    assert made["revenue"].sum() == pytest.approx(frame["revenue"].sum())
    assert len(made) == WEEKS
    said = {change.what for change in dataset_of(guess.job).changes}
    assert {"lines left out", "total rows left out"} <= said


def test_a_total_without_a_name_is_known_by_its_sums(write: Write) -> None:
    frame = wide().assign(date=wide()["date"].astype(str))
    total = frame.drop(columns="date").sum().round(2).to_dict()
    more = pd.concat([frame, pd.DataFrame([total]), pd.DataFrame([{"date": ""}])])
    _, made = ready(write(more))
    assert len(made) == WEEKS
    wrong = pd.concat([frame, pd.DataFrame([total | {"revenue": 1.0}])])
    with pytest.raises(DataError, match="dates are missing"):
        ready(write(wrong))


def workbook(path: Path, rows: list[list[Any]], merged: str = "") -> str:
    book = openpyxl.Workbook()
    book.active.title = "notes"
    book.active.append(["nothing here"])
    sheet = book.create_sheet("media")
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    book.save(path)
    return str(path)


def test_a_workbook_is_read_and_its_sheet_named(tmp_path: Path) -> None:
    frame = wide()
    rows = [["Report", None], list(frame.columns)]
    rows += [[row[0].date(), *row[1:]] for row in frame.itertuples(index=False)]
    guess, made = ready(workbook(tmp_path / "book.xlsx", rows))
    assert made["revenue"].sum() == pytest.approx(frame["revenue"].sum())
    assert any("sheet 'media'; others are notes" in doubt for doubt in guess.doubts)
    with pytest.raises(Exception, match="no sheet 'other'"):
        guess_job(guess.job.file, {"table": "other"})


def test_a_larger_sheet_without_dates_is_not_the_data(tmp_path: Path) -> None:
    frame = wide()
    numbers = pd.DataFrame({name: range(900) for name in "abcdef"})
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        numbers.to_excel(book, sheet_name="lookup", index=False)
        frame.to_excel(book, sheet_name="Data", index=False, startrow=3, startcol=1)
    _, made = ready(str(path))
    assert made["revenue"].sum() == pytest.approx(frame["revenue"].sum())


def test_merged_headings_name_their_columns(tmp_path: Path) -> None:
    frame = wide()
    rows: list[list[Any]] = [["Base", "Base", "Spend", None], ["date", "revenue", "TV", "Search"]]
    rows += [[row[0].date(), *row[1:]] for row in frame.itertuples(index=False)]
    guess, _ = ready(workbook(tmp_path / "book.xlsx", rows, "C1:D1"))
    assert {item.spend for item in guess.job.channels} == {"Spend TV", "Spend Search"}


# Long tables, several files, geos


def long_table(**more: Any) -> pd.DataFrame:
    """Costs by channel and campaign, two campaigns a channel."""
    rows = [
        {"day": day, "channel": channel, "campaign": f"{channel} {n}",
         "cost": spend(40 + 2 * k + n)[i],
         "impressions": 10 * spend(40 + 2 * k + n)[i], "ctr": 0.01 * (n + 1),
         "conversions": i % 5 + n}
        for i, day in enumerate(MONDAYS)
        for k, channel in enumerate(["Brand", "Generic"])
        for n in range(2)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**more)


def test_a_long_table_asks_for_the_sales(write: Write) -> None:
    with pytest.raises(
        DataError, match=r"costs without what was sold .conversions is what the plat"
    ):
        guess_job(write(long_table()))


def test_costs_and_sales_are_joined_by_date(write: Write) -> None:
    costs = long_table()
    days = pd.date_range(MONDAYS[10], MONDAYS[-1] + pd.Timedelta(days=6))
    sales = pd.DataFrame({"Datum": days, "Umsatz": spend(5, 900, 0, len(days))})
    guess, made = ready(write(costs), None, write(sales, "sales.csv"))
    assert guess.job.pivot.by == "channel"
    assert {(c.spend, c.exposure) for c in guess.job.channels} == {
        ("Brand_cost", "Brand_impressions"), ("Generic_cost", "Generic_impressions")
    }  # fmt: skip
    assert len(made) == WEEKS - 10
    assert made["Umsatz"].sum() == pytest.approx(sales["Umsatz"].sum())
    inside = costs[costs["day"] >= MONDAYS[10]]
    assert made["Brand_cost"].sum() == inside[inside["channel"] == "Brand"]["cost"].sum()
    said = [change.what for change in dataset_of(guess.job).changes]
    assert {"files joined", "rows left out", "rows added up"} <= set(said)


def test_a_target_beside_each_channel_counts_once(write: Write) -> None:
    table = long_table().drop(columns=["campaign", "ctr", "conversions", "impressions"])
    table = table.drop_duplicates(["day", "channel"])
    table["sales"] = np.repeat(spend(5, 9000, 0), 2)
    guess, made = ready(write(table))
    assert made["sales"].sum() == pytest.approx(spend(5, 9000, 0).sum())
    assert {item.spend for item in guess.job.channels} == {"Brand", "Generic"}


def test_names_and_values_become_columns(write: Write) -> None:
    table = wide(price=20 + spend(8, 2, 0)).melt(
        "date", var_name="VariableName", value_name="Value"
    )
    guess, made = ready(write(table))
    assert (guess.job.target, guess.job.pivot.values) == ("revenue", ("Value",))
    assert {item.spend for item in guess.job.channels} == {"tv_spend", "search_spend"}
    assert made["revenue"].sum() == pytest.approx(wide()["revenue"].sum())


def test_a_column_that_differs_within_a_date_is_asked(write: Write) -> None:
    job = guess_job(write(long_table()), {"country": "de", "target": "conversions"}).job
    assert job.pivot.sums == ("conversions",)
    lonely = job.model_copy(update={"pivot": job.pivot.model_copy(update={"sums": ()})})
    with pytest.raises(DataError, match=r"sums: \[conversions\]"):
        dataset_of(lonely)


def geos() -> pd.DataFrame:
    tables = [
        wide(city=city, population=1000.0 * (i + 1), orders=spend(20 + i, 900, 0).round(),
             revenue_per_order=10.0 + i, temperature=spend(30 + i, 20, 0)).drop(columns="revenue")
        for i, city in enumerate(["New York", "Germany", "Geo0"])
    ]  # fmt: skip
    return pd.concat(tables).rename(columns={"city": "geo"})


def test_a_geo_is_never_the_first_of_the_alphabet(write: Write) -> None:
    with pytest.raises(DataError, match=r"'geo' holds Geo0, Germany, New York.*--country"):
        guess_job(write(geos()))


def test_one_geo_by_any_name(write: Write) -> None:
    guess = guess_job(write(geos()), {"country": "New York"}, settle=True)
    assert (guess.job.country, guess.job.country_value) == ("new_york", "New York")
    assert "holiday" not in guess.job.prophet
    assert any("no holidays are known for 'New York'" in doubt for doubt in guess.doubts)
    german = guess_job(write(geos()), {"country": "Germany"}, settle=True).job
    assert (german.country, german.country_value, german.holidays) == ("Germany", "", "DE")
    assert len(dataset_of(german).frame) == WEEKS


def test_all_geos_are_added_up_rates_and_constants_rightly(write: Write) -> None:
    table = geos()
    guess = guess_job(write(table), {"country": "*"}, settle=True)
    assert guess.roles["population"] == "left out"
    made = dataset_of(guess.job).frame
    whole = (table["orders"] * table["revenue_per_order"]).groupby(table["date"]).sum()
    np.testing.assert_allclose(made[guess.job.target], whole)
    np.testing.assert_allclose(made["tv_spend"], 3 * spend(2))
    mean = table.groupby("date")["temperature"].mean()
    np.testing.assert_allclose(made["temperature"], mean)


def test_a_product_is_the_target_and_a_rate_never(write: Write) -> None:
    frame = wide(orders=spend(5, 900, 0).round(), revenue_per_order=20 + spend(6, 2, 0))
    guess, made = ready(write(frame.drop(columns="revenue")))
    assert guess.job.features[0].operation == "product"
    np.testing.assert_allclose(made[guess.job.target], frame["orders"] * frame["revenue_per_order"])


# Closed days, rounding, leakage


def weekdays() -> pd.DataFrame:
    days = pd.bdate_range("2021-01-04", periods=5 * 110)
    count = len(days)
    return pd.DataFrame(
        {"date": days, "revenue": spend(1, 900, 0, count), "tv_spend": spend(2, 90, 0.3, count)}
    )


def test_closed_days_are_asked_and_may_be_nothing(write: Write) -> None:
    file = write(weekdays())
    with pytest.raises(DataError, match=r"Saturday and Sunday.*the sum moves from.*--no-row zero"):
        ready(file)
    guess, made = ready(file, {"no_row": "zero"})
    assert made["revenue"].sum() == pytest.approx(weekdays()["revenue"].sum())
    weeks = dataset_of(guess.job.model_copy(update={"interval": "week", "prophet": ()})).frame
    assert weeks["revenue"].sum() <= weekdays()["revenue"].sum() + 1e-6
    guess, made = ready(file, {"no_row": "fill"})
    assert made["revenue"].sum() > 1.3 * weekdays()["revenue"].sum()
    assert "fill:revenue" in guess.job.acknowledge


def test_what_moves_by_rounding_is_constant(write: Write) -> None:
    assert constant([19.99, 19.990000000000002])
    assert not constant([1.0, 1.0 + 10 * ROUNDING])
    net = 50 + spend(7, 40, 0)
    file = write(wide(price=[19.99, 19.990000000000002] * 60, net=net, gross=net * 1.19))
    guess, _ = ready(file)
    assert guess.roles["price"] == "left out"
    job = guess.job.model_copy(update={"context": ()}).to_values()
    job |= {"features": [{"name": "vat", "operation": "ratio", "columns": ["gross", "net"]}],
            "context": [{"name": "vat"}]}  # fmt: skip
    with pytest.raises(DataError, match="vat: variable dropped"):
        dataset_of(TrainingJob.parse(job))


def test_the_engine_and_the_compiled_ridge_judge_alike() -> None:
    from mmmlib.engines.native import ridge

    assert ridge.ROUNDING == ROUNDING
    x = np.column_stack([[19.99, 19.990000000000002] * 10, np.arange(20.0)])
    scale = ridge.standardise.py_func(x, np.arange(20.0), True)[2]
    assert scale[0] == 0.0 < scale[1]


def test_a_copy_of_the_target_is_left_out(write: Write) -> None:
    frame = wide()
    guess, _ = ready(write(frame.assign(points=(frame["revenue"] / 50).round())))
    assert guess.roles["points"] == "left out"
    assert any("'points' is left out: it is nearly revenue itself" in d for d in guess.doubts)


def test_a_channel_that_begins_after_the_smallest_training_part(write: Write) -> None:
    late = np.where(np.arange(WEEKS) < 100, 0.0, 50.0)
    job = guess_job(write(wide(radio_spend=late)), {"country": "de"}).job
    dataset_of(job)
    with pytest.raises(DataError, match=r"radio: variable dropped.*smallest training part"):
        dataset_of(job.model_copy(update={"ts_validation": True}))


# Names


@pytest.mark.parametrize(
    "name",
    ["customer_count", "facebook_likes", "followers", "engagements", "radio_spots", "shipping_cost",
     "cost_of_goods", "budget_index", "tv_adstock", "brand_search_volume", "new_customers",
     "revenue_per_click", "avg_price", "cpp", "tv_effect", "personnel costs"],
)  # fmt: skip
def test_what_is_no_spend_and_no_target(write: Write, name: str) -> None:
    guess = guess_job(write(wide(**{name: spend(9, 50)})), {"country": "de"})
    assert guess.roles[name] not in ("spend", "target")
    assert guess.values["target"] == "revenue"


@pytest.mark.parametrize(
    "name", ["Amount spent (EUR)", "Local_Ads", "performance_max", "Außenwerbung Kosten",
             "Werbekosten Plakat", "Açıkhava Harcama", "Prospecting/Retargeting Facebook"],
)  # fmt: skip
def test_what_is_spend(write: Write, name: str) -> None:
    guess = guess_job(write(wide(**{name: spend(9, 50)})), {"country": "de"})
    assert guess.roles[name] == "spend"


def test_a_total_is_about_the_sum_of_the_others(write: Write) -> None:
    guess = guess_job(
        write(wide(all_media=0.0, total_spend=spend(2) + spend(3))), {"country": "de"}
    )
    assert guess.roles["total_spend"] == "left out"
    guess = guess_job(write(wide(total_spend=spend(9))), {"country": "de"})
    assert guess.roles["total_spend"] == "spend"
    assert "'total_spend' is money of no channel" in " ".join(guess.doubts)


def test_text_where_a_number_should_be_is_the_first_doubt(write: Write) -> None:
    odd = ["1.5x"] * 60 + ["abc"] * 60
    guess = guess_job(write(wide(radio_spend=odd)), {"country": "de"})
    assert "'radio_spend'" in guess.doubts[0]
    assert "it is left out" in guess.doubts[0]


def test_a_report_without_dates_says_how_to_export(write: Write) -> None:
    report = "Campaign report\nCampaign,Cost,Clicks\nA,1.5,3\nB,2.5,4\nTotal: Account,4.0,7\n"
    with pytest.raises(DataError, match=r"a report of one row a Campaign.*by week or by day"):
        guess_job(write(report))


# Sums


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    separator=st.sampled_from([",", ";", "\t", "|"]),
    comma=st.booleans(),
    way=st.sampled_from(list(WAYS.values())),
    titles=st.lists(st.sampled_from(["Report", "1 January 2021", "Account: A"]), max_size=3),
    total=st.sampled_from(["", "Total", "Gesamt", "Toplam", "Total: Account"]),
    unit=st.sampled_from(["", " €", "$"]),
    names=st.sampled_from([
        ("Week", "Revenue", "TV spend", "Search cost"),
        ("Woche", "Umsatz", "TV Kosten", "Suche Ausgaben"),
        ("Semaine", "Chiffre d'affaires", "Dépenses TV", "Coût search"),
        ("Hafta", "Satış", "TV Harcama", "Arama Harcama"),
        ("Semana", "Ventas", "Gasto TV", "Inversión búsqueda"),
    ]),
    seed=st.integers(0, 2**16),
)  # fmt: skip
def test_exports_keep_their_sums_to_the_cent(
    write: Write, separator: str, comma: bool, way: str, titles: list[str], total: str, unit: str,
    names: tuple[str, ...], seed: int,
) -> None:  # fmt: skip
    def text(value: float) -> str:
        plain = f"{value:,.2f}{unit}"
        plain = plain.translate({44: 46, 46: 44}) if comma else plain
        return f'"{plain}"'

    columns = [spend(seed, 9000, 0), spend(seed + 1), spend(seed + 2)]
    lines = [*titles, separator.join(names)]
    for day, *values in zip(MONDAYS.strftime(way), *columns, strict=True):
        lines.append(separator.join([f'"{day}"', *map(text, values)]))
    if total:
        lines.append(separator.join([total, *(text(float(v.sum())) for v in columns)]))
    guess, made = ready(write("\n".join(lines) + "\n"))
    assert guess.job.target == names[1]
    for name, values in zip(names[1:], columns, strict=True):
        assert made[name].sum() == pytest.approx(values.sum(), abs=0.005)


# Kinds that were ready and wrong


def panel(name: str, levels: list[Any]) -> pd.DataFrame:
    tables = [wide(**{name: level, "revenue": spend(20 + i, 9000, 0), "tv_spend": spend(30 + i),
                      "search_spend": spend(40 + i)})
              for i, level in enumerate(levels)]  # fmt: skip
    return pd.concat(tables)


@pytest.mark.parametrize(
    ("name", "levels"),
    [("City", ["Lyon", "Nice"]), ("store_id", [101, 102]), ("label", ["x y", "z"])],
)
def test_any_panel_of_places_asks_which(write: Write, name: str, levels: list[Any]) -> None:
    file = write(panel(name, levels))
    with pytest.raises(DataError, match=f"{name!r} holds .*--country"):
        guess_job(file)
    guess = guess_job(file, {"country": "*"}, settle=True)
    made = dataset_of(guess.job).frame
    assert made["revenue"].sum() == pytest.approx(panel(name, levels)["revenue"].sum())


def test_one_place_takes_the_label_of_the_person(write: Write) -> None:
    guess, made = ready(write(wide(geo="Local")))
    assert (guess.job.country, guess.job.country_value) == ("de", "Local")
    assert len(made) == WEEKS


def test_a_target_is_not_counted_once_a_channel(write: Write) -> None:
    rows = [{"date": day, "region": region, "channel": channel, "spend": spend(k)[i] + 1,
             "sales": 9000.0 + 500 * r + 7 * (i % 9)}
            for i, day in enumerate(MONDAYS)
            for r, region in enumerate(["North", "South"])
            for k, channel in enumerate(["TV", "Search"])]  # fmt: skip
    file = write(pd.DataFrame(rows))
    with pytest.raises(DataError, match="counted several times"):
        guess_job(file, {"country": "*", "target": "sales"})
    guess = guess_job(file, {"country": "North"}, settle=True)
    assert dataset_of(guess.job).frame["sales"].iloc[0] == 9000.0


def test_parts_of_the_sales_ask_which(write: Write) -> None:
    frame = wide(revenue_online=spend(4, 900, 0), revenue_stores=spend(5, 900, 0))
    file = write(frame.drop(columns="revenue"))
    with pytest.raises(DataError, match="'revenue_online', 'revenue_stores' are all named"):
        guess_job(file)
    guess, _ = ready(file, {"target": "revenue_stores"})
    assert guess.roles["revenue_online"] == "left out"


@pytest.mark.parametrize(
    "name", ["profit", "cogs", "Gewinn", "tv_spend_ytd", "tv_spend_ly", "revenue_growth",
             "gross_margin", "returns"],
)  # fmt: skip
def test_what_is_made_of_other_columns_is_left_out(write: Write, name: str) -> None:
    assert ready(write(wide(**{name: spend(9, 50)})))[0].roles[name] == "left out"


def test_a_plan_is_no_second_channel(write: Write) -> None:
    frame = wide(radio_budget=spend(8), radio_actual=spend(9))
    guess, _ = ready(write(frame))
    assert (guess.roles["radio_budget"], guess.roles["radio_actual"]) == ("left out", "spend")


@pytest.mark.parametrize("name", ["Radio (k€)", "radio spend in thousands", "radio_cost_micros"])
def test_money_in_two_units_is_refused(write: Write, name: str) -> None:
    with pytest.raises(DataError, match="money is in different units"):
        guess_job(write(wide(**{name: spend(9)})))


@pytest.mark.parametrize("way", ["%d/%m/%Y", "%m/%d/%Y"])
def test_firsts_of_months_are_months(write: Write, way: str) -> None:
    months = pd.date_range("2015-01-01", periods=WEEKS, freq="MS")
    guess, made = ready(write(wide(date=months.strftime(way))))
    assert list(made["date"]) == list(months)
    assert guess.job.date_format == way


def test_a_polish_file(write: Write) -> None:
    frame = wide().set_axis(["Tydzień", "Przychód", "Wydatki TV", "Koszt Google"], axis=1)
    guess, _ = ready(write(frame))
    assert guess.job.target == "Przychód"
    assert len(guess.job.channels) == 2
    exported = long_table().rename(
        columns={
            "day": "Tydzień",
            "channel": "Kampania",
            "cost": "Koszt",
            "impressions": "Wyświetlenia",
        }
    )
    exported = exported.drop(columns=["campaign", "ctr", "conversions"])
    with pytest.raises(DataError, match="costs without what was sold"):
        guess_job(write(exported))
