"""Roles are guessed right on the shipped data and on files that name things differently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.examples import demo_job_path
from mmmlib.data.guess.first import UNKNOWN, Guess, guess_job
from mmmlib.data.guess.words import read_name, slug
from mmmlib.ground.errors import DataError, SourceError
from mmmlib.job.parse import TrainingJob

WEEKS = 120


def numbers(seed: int, mean: float, zeros: float = 0.0) -> np.ndarray:
    """Positive numbers; a share of them zero, as in flights of media."""
    rng = np.random.default_rng(seed)
    return np.round(rng.gamma(4.0, mean / 4, WEEKS) * (rng.random(WEEKS) >= zeros), 2)


def mondays(date_format: str) -> list[str]:
    return list(pd.date_range("2021-01-04", periods=WEEKS, freq="7D").strftime(date_format))


def german(folder: Path) -> Path:
    """Semicolons, decimal commas, thousands points, Latin-1, days before months."""
    table = pd.DataFrame(
        {
            "Woche": mondays("%d.%m.%Y"),
            "Umsatz": [f"{v:,.2f}".translate({44: 46, 46: 44}) for v in numbers(1, 250_000)],
            "TV Kosten": [f"{v:.2f}".replace(".", ",") for v in numbers(2, 9000, 0.4)],
            "GRPs": numbers(3, 120).round(),
            "Cost FB": [f"{v:.2f}".replace(".", ",") for v in numbers(4, 3000)],
            "Impressions FB": numbers(5, 400_000).astype(int),
            "Suchmaschine Ausgaben": [f"{v:.2f}".replace(".", ",") for v in numbers(6, 2000)],
            "Suche Klicks": numbers(7, 3000).astype(int),
            "Plakat Werbekosten": [f"{v:.2f}".replace(".", ",") for v in numbers(8, 1500, 0.5)],
            "Newsletter versendet": numbers(9, 20_000).astype(int),
            "Ø Preis": [f"{v:.2f}".replace(".", ",") for v in numbers(10, 20)],
            "Umsatz Wettbewerb": numbers(11, 400_000).round(),
            "Aktion": ["keine", "Rabatt", "keine", "Gutschein"] * (WEEKS // 4),
        }
    )
    path = folder / "verkauf.csv"
    path.write_bytes(table.to_csv(index=False, sep=";").encode("latin-1"))
    return path


def french(folder: Path) -> Path:
    """Tabs, decimal commas, spaces between thousands, UTF-8 with its byte order mark."""
    table = pd.DataFrame(
        {
            "Semaine": mondays("%d/%m/%Y"),
            "Chiffre d'affaires": [
                f"{v:,.2f}".replace(",", " ").replace(".", ",") for v in numbers(1, 90_000)
            ],
            "Coût Télé": [f"{v:.2f}".replace(".", ",") for v in numbers(2, 5000, 0.4)],
            "GRPs": numbers(3, 90).astype(int),
            "Dépenses affichage": [f"{v:.2f}".replace(".", ",") for v in numbers(4, 800, 0.5)],
            "Coût Meta": [f"{v:.2f}".replace(".", ",") for v in numbers(5, 900)],
            "Impr. FB": numbers(6, 90_000).astype(int),
            "Clics FB": numbers(7, 900).astype(int),
            "Prix moyen": [f"{v:.2f}".replace(".", ",") for v in numbers(8, 12)],
            "Ventes concurrents": numbers(9, 80_000).astype(int),
            "Newsletter envoyées": numbers(10, 5000).astype(int),
            "Promo": [0, 0, 1, 0] * (WEEKS // 4),
            "CPM FB": [f"{v:.2f}".replace(".", ",") for v in numbers(11, 5)],
        }
    )
    path = folder / "ventes.tsv"
    path.write_text(table.to_csv(index=False, sep="\t"), encoding="utf-8-sig")
    return path


def spanish(folder: Path) -> Path:
    """Parquet with typed columns, two countries, conversions instead of money."""
    one = pd.DataFrame(
        {
            "Fecha": pd.date_range("2021-01-04", periods=WEEKS, freq="7D"),
            "País": "ES",
            "Pedidos": numbers(1, 900).round(),
            "Gasto Televisión": numbers(2, 4000, 0.4),
            "Gasto radio": numbers(3, 700, 0.4),
            "Inversión Google Search": numbers(4, 1500),
            "Clics Google Search": numbers(5, 2000).round(),
            "Inversión Google Display": numbers(6, 700),
            "Impresiones Google Display": numbers(7, 700_000).round(),
            "Correos enviados": numbers(8, 9000).round(),
            "Precio competencia": numbers(9, 20),
            "Temperatura": numbers(10, 20) - 18,
            "Lluvia": numbers(11, 3, 0.6),
        }
    )
    path = folder / "pedidos.parquet"
    pd.concat([one, one.assign(País="PT")]).to_parquet(path)
    return path


def shape(guess: Guess) -> dict[str, Any]:
    """What was guessed, by column."""
    job = guess.job
    return {
        "date": job.date,
        "target": job.target,
        "paid": {item.spend: (item.exposure, item.kind) for item in job.channels},
        "organic": {item.column or item.name for item in job.organic},
        "context": {item.column or item.name for item in job.context if not item.factor},
        "factors": {item.column or item.name for item in job.context if item.factor},
    }


def test_the_weekly_example_is_read_as_its_job_is_written() -> None:
    guess = guess_job("example:weekly", {"country": "de"})
    demo = TrainingJob.load(demo_job_path())
    wanted = shape(Guess(demo.to_values(), {}, {}, ()))
    wanted["paid"]["tv_S"] = (None, "tv")  # the demo writes its ranges out instead
    assert shape(guess) == wanted
    assert {item.name for item in guess.job.media} == {item.name for item in demo.media}
    assert {item.name for item in guess.job.context} == {item.name for item in demo.context}
    assert guess.doubts == ()
    assert set(guess.reasons) == set(guess.roles)


def test_the_daily_example_is_read_right() -> None:
    guess = guess_job("example:daily", {"country": "fr"})
    clicks_and_views = {
        "search": "clicks", "shopping": "clicks", "social": "impressions", "video": "impressions",
    }  # fmt: skip
    kinds = {"tv": "tv", "radio": "offline", "ooh": "offline"}
    channels = ("tv", "radio", "ooh", "search", "shopping", "social", "video", "affiliate")
    assert shape(guess) == {
        "date": "date",
        "target": "revenue",
        "paid": {
            f"{name}_spend": (
                f"{name}_{clicks_and_views[name]}" if name in clicks_and_views else None,
                kinds.get(name, "online"),
            )
            for name in channels
        },
        "organic": set(),
        "context": {"price_index"},
        "factors": {"events"},
    }
    assert (guess.job.country, guess.job.country_column) == ("fr", "country")
    assert guess.job.prophet == ("trend", "season", "weekday", "holiday")


def test_a_german_file_is_read_right(tmp_path: Path) -> None:
    guess = guess_job(str(german(tmp_path)))
    assert shape(guess) == {
        "date": "Woche",
        "target": "Umsatz",
        "paid": {
            "TV Kosten": ("GRPs", "tv"),
            "Cost FB": ("Impressions FB", "online"),
            "Suchmaschine Ausgaben": ("Suche Klicks", "online"),
            "Plakat Werbekosten": (None, "offline"),
        },
        "organic": {"Newsletter versendet"},
        "context": {"Ø Preis", "Umsatz Wettbewerb"},
        "factors": {"Aktion"},
    }
    assert guess.job.date_format == "%d.%m.%Y"
    assert [item.name for item in guess.job.channels] == ["tv", "fb", "suchmaschine", "plakat"]


def test_a_french_file_is_read_right(tmp_path: Path) -> None:
    guess = guess_job(str(french(tmp_path)))
    assert shape(guess) == {
        "date": "Semaine",
        "target": "Chiffre d'affaires",
        "paid": {
            "Coût Télé": ("GRPs", "tv"),
            "Dépenses affichage": (None, "offline"),
            "Coût Meta": ("Impr. FB", "online"),
        },
        "organic": {"Newsletter envoyées"},
        "context": {"Prix moyen", "Ventes concurrents", "Promo"},
        "factors": set(),
    }
    assert guess.job.date_format == "%d/%m/%Y"
    assert guess.roles["CPM FB"] == "left out"
    assert "rate" in guess.reasons["CPM FB"]
    assert any("'Clics FB'" in doubt and "exchange" in doubt for doubt in guess.doubts)


def test_a_spanish_file_is_read_right(tmp_path: Path) -> None:
    guess = guess_job(str(spanish(tmp_path)), {"country": "PT"})
    assert shape(guess) == {
        "date": "Fecha",
        "target": "Pedidos",
        "paid": {
            "Gasto Televisión": (None, "tv"),
            "Gasto radio": (None, "offline"),
            "Inversión Google Search": ("Clics Google Search", "online"),
            "Inversión Google Display": ("Impresiones Google Display", "online"),
        },
        "organic": {"Correos enviados"},
        "context": {"Precio competencia", "Temperatura", "Lluvia"},
        "factors": set(),
    }
    assert guess.job.target_type == "conversion"
    assert (guess.job.country, guess.job.country_column) == ("PT", "País")


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """A small table with other columns, as a file; ``None`` takes a column away."""

    def write(**columns: Any) -> str:
        frame = pd.DataFrame(
            {"date": mondays("%Y-%m-%d"), "sales": numbers(1, 900), "tv_spend": numbers(2, 90, 0.3)}
        ).assign(**{name: value for name, value in columns.items() if value is not None})
        frame = frame.drop(columns=[name for name, value in columns.items() if value is None])
        path = tmp_path / "table.csv"
        frame.to_csv(path, index=False)
        return str(path)

    return write


def test_two_targets_are_a_doubt(table: Callable[..., str]) -> None:
    guess = guess_job(table(orders=numbers(3, 40)))
    assert guess.values["target"] == "sales"
    assert any("'orders' could be the target" in doubt for doubt in guess.doubts)


def test_the_person_knows_better(table: Callable[..., str]) -> None:
    guess = guess_job(table(orders=numbers(3, 40)), {"target": "orders", "country": "de"})
    assert (guess.job.target, guess.job.target_type) == ("orders", "conversion")
    assert guess.roles["sales"] == "left out"
    assert guess.doubts == ()


def test_a_choice_that_the_data_do_not_have_is_refused(table: Callable[..., str]) -> None:
    with pytest.raises(DataError, match="target: the data have no column 'profit'"):
        guess_job(table(), {"target": "profit"})
    with pytest.raises(DataError, match="'sales' holds number, not a date"):
        guess_job(table(), {"date": "sales"})
    with pytest.raises(DataError, match="'it' is not in 'market', which has ch, de"):
        guess_job(table(market=["de", "ch"] * (WEEKS // 2)), {"country": "it"})


def test_an_unknown_country_gets_no_holidays(table: Callable[..., str]) -> None:
    guess = guess_job(table())
    assert guess.values["country"] == UNKNOWN
    assert "holiday" not in guess.job.prophet
    assert "add holiday to `prophet`" in guess.doubts[0]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("facebook_conversions", "left out"),  # what a platform claims for itself
        ("cost per click", "left out"),
        ("year", "left out"),
        ("competitor_tv_spend", "context"),
        ("email_cost", "spend"),
        ("radio", "spend"),
        ("tv_grps", "exposure"),
        ("facebook_impressions", "organic"),  # an exposure of something without spend
        ("weather", "context"),
        ("Website Sessions", "left out"),  # between media and sales
        ("total_spend", "spend"),  # a total only when it is about the sum of the others
        ("Media Budget (EUR)", "spend"),
        ("zzz", "context"),
    ],
)
def test_a_name_has_a_role(table: Callable[..., str], name: str, role: str) -> None:
    guess = guess_job(table(**{name: numbers(4, 50)}))
    assert guess.roles[name] == role
    assert guess.reasons[name]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (0.0, "never changes"),
        ("", "is empty"),
        (np.arange(WEEKS), "counts rows"),
        ([f"text {i}" for i in range(WEEKS)], "too many for a factor"),
    ],
)
def test_columns_that_say_nothing_are_left_out(
    table: Callable[..., str], values: Any, reason: str
) -> None:
    guess = guess_job(table(radio_note=values))
    assert guess.roles["radio_note"] == "left out"
    assert reason in guess.reasons["radio_note"]


def test_numbers_of_weeks_are_no_variable(table: Callable[..., str]) -> None:
    guess = guess_job(table(Woche=np.arange(WEEKS) % 52 + 1))
    assert guess.roles["Woche"] == "left out"
    assert guess.values["date"] == "date"


def test_numbers_alone_are_no_reason_and_asked(table: Callable[..., str]) -> None:
    media = {f"x{i}": numbers(10 + i, 100, 0.3) for i in range(3)}
    moves = sum(media.values(), np.full(WEEKS, 50.0))
    path = table(sales=None, tv_spend=None, z=moves, **media)
    with pytest.raises(DataError) as refused:
        guess_job(path)
    assert [problem.where for problem in refused.value.problems] == ["target", "spend"]
    guess = guess_job(path, {"target": "z", "spend": ", ".join(media)})
    assert guess.values["target"] == "z"
    assert {item["spend"] for item in guess.values["channels"]} == set(media)


def test_negative_spend_and_few_rows_are_doubts(table: Callable[..., str]) -> None:
    path = table(tv_spend=numbers(2, 90) - 60)
    guess = guess_job(path)
    assert any("'tv_spend' is negative" in doubt for doubt in guess.doubts)
    pd.read_csv(path).iloc[:20].to_csv(path, index=False)
    assert any("20 weeks are few" in doubt for doubt in guess_job(path).doubts)


def test_dates_that_can_be_read_in_two_ways_are_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    days = pd.date_range("2021-01-01", periods=11, freq="D")
    pd.DataFrame(
        {"date": days.strftime("%d/%m/%Y"), "sales": numbers(1, 9)[:11], "tv": numbers(2, 9)[:11]}
    ).to_csv(path, index=False)
    guess = guess_job(str(path))
    assert guess.values["date_format"] == "%d/%m/%Y"  # one day apart; read otherwise a month
    assert any("%m/%d/%Y" in doubt for doubt in guess.doubts)


def test_names_stay_apart_and_safe(table: Callable[..., str]) -> None:
    names = ["Cost trend", "trend spend", "🚀 spend", "<b>x</b> spend", f"{'y' * 294} spend"]
    guess = guess_job(table(**{name: numbers(i, 9, 0.2) for i, name in enumerate(names)}))
    own = [item.name for item in guess.job.channels]
    assert own == ["tv", "trend_2", "trend_3", "spend", "b_x_b", "y" * 40]
    assert [item.spend for item in guess.job.channels][1:] == names


def test_a_name_too_long_for_a_job_is_left_out(table: Callable[..., str]) -> None:
    name = f"{'y' * 295} spend"
    assert guess_job(table(**{name: numbers(3, 9)})).roles[name] == "left out"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"date,sales,tv\n", "has no rows"),
        ("one.csv", b"sales\n1\n2\n", "one column only"),
        ("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is no text"),
        ("broken.parquet", b"PAR1 and no more", "cannot be read as a table"),
        ("sheet.xlsx", b"PK", "cannot be read as a workbook"),
        ("sheet.doc", b"PK", "must end in"),
        ("void.parquet", b"", "is empty"),
    ],
)
def test_files_that_are_no_table_are_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        guess_job(str(path))


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        guess_job(str(tmp_path))
    with pytest.raises(SourceError, match="does not exist"):
        guess_job(str(tmp_path / "no.csv"))
    with pytest.raises(SourceError, match="cannot be read: File name too long"):
        guess_job(f"{'x' * 5000}.csv")
    with pytest.raises(SourceError, match="cannot be a file"):
        guess_job("~nobody_of_this_name/data.csv")
    with pytest.raises(SourceError, match="no example"):
        guess_job("example:monthly")


def test_a_table_without_a_model_is_refused_with_all_reasons(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("a,b\nx,y\nz,w\n")
    with pytest.raises(DataError) as refused:
        guess_job(str(path))
    assert [problem.where for problem in refused.value.problems] == ["date", "target", "spend"]


def test_ten_thousand_columns_are_no_ten_thousand_variables(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    names = ["date", "sales", "tv_spend", *(f"q{i}" for i in range(9_997))]
    rows = [[day, *map(str, rng.integers(1, 99, 9_999))] for day in mondays("%Y-%m-%d")[:60]]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(row) for row in (names, *rows)))
    guess = guess_job(str(path))
    assert len(guess.job.channels) == 1
    assert guess.job.context == ()
    assert any("9997 columns have names that say nothing" in doubt for doubt in guess.doubts)


@pytest.mark.parametrize(
    ("text", "words", "suffix"),
    [
        ("Coût Télé", ("cout", "tele"), ""),
        ("tv_S", ("tv",), "spend"),
        ("facebookSpend", ("facebook", "spend"), ""),
        ("TVSpend", ("tv", "spend"), ""),
        ("YouTube GRPs", ("youtube", "grps"), ""),
        ("Außenwerbung", ("aussenwerbung",), ""),
        ("🚀", (), ""),
    ],
)
def test_names_are_taken_apart(text: str, words: tuple[str, ...], suffix: str) -> None:
    name = read_name(text)
    assert (name.words, name.suffix) == (words, suffix)


def test_a_variable_is_named_in_plain_letters() -> None:
    assert slug(read_name("Été 2024 / TV").words) == "ete_2024_tv"
