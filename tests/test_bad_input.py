"""Bad input, through the way a person takes: a message with the place and the remedy.

Never a traceback on the terminal, never a run that looks whole, always the documented exit code.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.data.extract import dataset_of
from mmmlib.ground.errors import DataError, MMMError, SourceError
from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY

MakeJob = Callable[..., TrainingJob]
Said = subprocess.CompletedProcess[str]
BIN = Path(sys.executable).parent
FAILED, INVALID = 1, 2  # docs/commands.md
SMALL = {"iterations": 60, "trials": 2, "min_candidates": 10}
GIGABYTE = 1_000_000_000


@pytest.fixture
def refused(make_job: MakeJob, tmp_path: Path) -> Callable[..., str]:
    """Give a table as a CSV; the answer is the message it is refused with."""

    def refuse(table: pd.DataFrame | bytes, **values: Any) -> str:
        file = tmp_path / "data.csv"
        if isinstance(table, bytes):
            file.write_bytes(table)
        else:
            table.to_csv(file, index=False)
        with pytest.raises((DataError, SourceError)) as error:
            dataset_of(make_job(file=str(file), **values))
        return str(error.value)

    return refuse


@pytest.fixture
def mmm_run(demo_values: dict[str, Any], tmp_path: Path) -> Callable[..., Said]:
    """``mmm run`` of the demo job with other values, or of a text; its archive is the test's."""

    def run(text: str = "", **values: Any) -> Said:
        path = tmp_path / "job.yaml"
        values = demo_values | SMALL | {"root": str(tmp_path / "archive")} | values
        path.write_text(text or yaml.safe_dump(values, allow_unicode=True))
        return subprocess.run(
            [BIN / "mmm", "run", path],
            capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
        )  # fmt: skip

    return run


def assert_said(said: Said, code: int, *words: str) -> None:
    assert said.returncode == code, said.stdout + said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    for word in words:
        assert word in said.stderr, said.stderr


def assert_nothing_looks_whole(root: Path) -> None:
    for run in Archive(str(root)).runs():
        assert run.manifest is None or run.manifest.status is Status.FAILED
        assert not run.has("candidates.parquet")


# Jobs that are refused before anything runs: exit code 2, and no run


BOMB = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [*{name}, *{name}, *{name}]\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"colour": "red"}, ["colour: unknown key; remove it or correct its spelling"]),
        ({"iterations": [60]}, ["iterations:", "integer"]),
        ({"revision": "../../etc"}, ["revision:", "may only hold letters, digits, - and _"]),
        ({"country": "../../etc"}, ["country:", "may only hold letters, digits, - and _"]),
        ({"window": ["2018-01-01", "2017-01-01"]}, ["window: must start before it ends"]),
        (
            {"channels": [{"name": "tv", "spend": "tv_S", "ranges": {"thetas": [0.8, 0.3]}}]},
            ["channels[0].ranges.thetas: the lower end 0.8 is above the upper end 0.3; swap them"],
        ),
        ({"text": BOMB}, ["YAML aliases (*name) are not allowed; write values out"]),
        ({"text": "country: [de"}, ["not YAML"]),
        ({"text": "\n"}, ["a job is a mapping of keys to values; see docs/job.md"]),
    ],
    ids=["unknown key", "list for a number", "revision", "country", "window", "ranges", "bomb",
         "no YAML", "empty"],
)  # fmt: skip
def test_a_bad_job_starts_nothing(
    mmm_run: Callable[..., Said], tmp_path: Path, values: dict[str, Any], words: list[str]
) -> None:
    assert_said(mmm_run(**values), INVALID, *words)
    assert not (tmp_path / "archive").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"job.yaml"}


# Files


def test_an_empty_file(refused: Callable[..., str]) -> None:
    assert refused(b"") == "file: data.csv is empty, it has no rows; export it again"


def test_a_folder(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder; name a CSV or Parquet file"):
        dataset_of(make_job(file=str(tmp_path)))


@pytest.mark.parametrize("name", ["~nobody-here/x.csv", "x" * 300 + ".csv", "a\0b.csv"])
def test_a_name_no_file_can_have(make_job: MakeJob, tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"^file: .*(cannot be a file|does not exist)"):
        dataset_of(make_job(file=name))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize(("separator", "decimal"), [(";", ","), ("\t", "."), ("|", ".")])
def test_another_separator_and_encoding_are_read(
    weekly: pd.DataFrame, make_job: MakeJob, tmp_path: Path,
    encoding: str, separator: str, decimal: str,
) -> None:  # fmt: skip
    named = weekly.rename(columns={"revenue": "Umsätze", "events": "Événements"})
    file = tmp_path / "export.csv"
    text = named.to_csv(index=False, sep=separator, decimal=decimal)
    file.write_bytes(text.encode(encoding))
    context = [{"name": "events", "column": "Événements", "factor": True}]
    job = make_job(file=str(file), target="Umsätze", context=context)
    frame = dataset_of(job).frame
    np.testing.assert_allclose(frame["Umsätze"], weekly["revenue"], rtol=1e-15)
    np.testing.assert_allclose(frame["tv_S"], weekly["tv_S"], rtol=1e-15)
    assert frame["Événements"].tolist() == weekly["events"].tolist()


def test_bytes_that_are_no_text(refused: Callable[..., str]) -> None:
    assert "save it as CSV in UTF-8" in refused(b"a,b\n1,\x81\n")


def test_a_missing_column_proposes_one_that_was_not_read(
    weekly: pd.DataFrame, refused: Callable[..., str]
) -> None:
    message = refused(weekly.rename(columns={"tv_S": "tv_Spend"}))
    assert "channels[0].spend: the data have no column 'tv_S'; did you mean 'tv_Spend'?" in message


def test_a_type_that_the_first_rows_do_not_show(make_job: MakeJob, tmp_path: Path) -> None:
    """DuckDB judges types by the first 20,480 rows; later ones must not be lost or refused."""
    rows = 50_000
    dates = pd.date_range("1950-01-01", periods=rows).strftime("%Y-%m-%d")
    table = pd.DataFrame({"day": dates, "sales": "1", "cost": np.arange(rows).astype(str)})
    table.loc[rows - 1, ["sales", "cost"]] = ["2.5", "0.25"]
    file = tmp_path / "data.csv"
    table.to_csv(file, index=False)
    job = make_job(
        file=str(file), date="day", target="sales", window=[], prophet=["trend"], organic=[],
        context=[], channels=[{"name": "c", "spend": "cost"}],
    )  # fmt: skip
    frame = dataset_of(job).frame
    assert frame["sales"].iloc[-1] == 2.5
    assert frame["cost"].tolist() == [*range(rows - 1), 0.25]


# Values


def edited(weekly: pd.DataFrame, column: str, values: dict[int, Any]) -> pd.DataFrame:
    changed = weekly.astype({column: object})
    for row, value in values.items():
        changed.loc[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("tv_S", {5: "much"}, "tv_S: 1 values are no numbers, such as 'much'; correct them"),
        ("DATE", {5: "28/12/2015", 6: "Jan 4, 2016"},
         "DATE: 206 dates are written as %Y-%m-%d, but 2 are not, such as '28/12/2015'; "
         "write all of them the same way"),
        ("DATE", {5: "2015-02-30"}, "1 are not, such as '2015-02-30'; write all of them"),
        ("DATE", {6: "2015-12-28"},
         "DATE: 1 dates have several rows, such as 2015-12-28, that differ in revenue"),
        ("revenue", {5: "inf"}, "revenue: 1 values are infinite; correct them, or leave them"),
        ("revenue", {5: "NaN"}, "revenue: interpolated (1; values are missing; the sum moves"),
        ("tv_S", {5: -1.5}, "tv_S: 1 values are negative; spend cannot be"),
    ],
    ids=["text", "three formats", "no such day", "same date", "infinite", "missing", "negative"],
)  # fmt: skip
def test_values_that_cannot_be_used(
    weekly: pd.DataFrame, refused: Callable[..., str], column: str, values: dict[int, Any],
    message: str,
) -> None:  # fmt: skip
    assert message in refused(edited(weekly, column, values))


def test_days_and_months_are_not_guessed_in_a_file(
    weekly: pd.DataFrame, refused: Callable[..., str]
) -> None:
    """The file's reader must not decide in silence what the job has to say."""
    days = pd.date_range("2016-01-01", periods=12).strftime("%d/%m/%Y")
    message = refused(weekly.head(12).assign(DATE=days), window=[], prophet=["trend"], context=[])
    assert "can be read as %d/%m/%Y and %m/%d/%Y; set date_format in the job" in message


def test_negative_revenue_is_kept(weekly: pd.DataFrame, make_job: MakeJob, tmp_path: Path) -> None:
    """Returns can outweigh sales: a negative target is a number like any other."""
    file = tmp_path / "data.csv"
    edited(weekly, "revenue", {5: -10.0}).to_csv(file, index=False)
    assert dataset_of(make_job(file=str(file))).frame["revenue"][5] == -10.0


def test_a_channel_all_zero(weekly: pd.DataFrame, refused: Callable[..., str]) -> None:
    message = refused(weekly.assign(tv_S=0.0))
    assert "tv: variable dropped (157; tv_S is 0.0 throughout); correct the data" in message
    assert "acknowledge: ['drop:tv']" in message


def test_one_row(weekly: pd.DataFrame, refused: Callable[..., str]) -> None:
    assert "DATE: one row is no series; give two years of weeks" in refused(weekly.head(1))


def test_a_country_that_is_not_there(weekly: pd.DataFrame, refused: Callable[..., str]) -> None:
    table = weekly.assign(land="fr")
    message = refused(table, country_column="land")
    assert "country: 'de' is not in the data; there is fr" in message


def test_a_window_outside_the_data(weekly: pd.DataFrame, refused: Callable[..., str]) -> None:
    message = refused(weekly, window=["2030-01-01", "2031-01-01"])
    assert "window: 2030-01-01 to 2031-01-01 lies outside the data (2015-11-23 to" in message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": [{"name": "tv", "spend": "DATE"}]},
         "channels[0].spend: 'DATE' is the column of the dates"),
        ({"channels": [{"name": "tv", "spend": "revenue"}]},
         "channels[0].spend: 'revenue' is the target; it explains itself"),
        ({"context": [{"name": "x", "column": "tv_S", "factor": True}]},
         "context[0].column: 'tv_S' is read as levels and as a number; channels[0].spend too"),
        ({"features": [{"name": "later", "operation": "lag", "columns": ["both"]},
                       {"name": "both", "operation": "sum", "columns": ["tv_S"]}]},
         "features[0].columns: both is no column yet"),
        ({"date_format": "%"}, "date_format: '%' is none, such as %d/%m/%Y"),
        ({"holidays": "~nobody-here/x.csv"}, "holidays: ~nobody-here/x.csv cannot be read"),
    ],
    ids=["date as spend", "target as spend", "levels and number", "feature order", "date format",
         "holidays"],
)  # fmt: skip
def test_a_job_that_misuses_columns(
    weekly: pd.DataFrame, refused: Callable[..., str], values: dict[str, Any], message: str
) -> None:
    dates = weekly["DATE"].str.replace("-", "/") if "date_format" in values else weekly["DATE"]
    assert message in refused(weekly.assign(DATE=dates), **values)


def test_ten_thousand_columns(weekly: pd.DataFrame, make_job: MakeJob, tmp_path: Path) -> None:
    file = tmp_path / "wide.parquet"
    more = pd.DataFrame({f"c{i}": np.zeros(len(weekly)) for i in range(9_988)})
    wide = pd.concat([weekly, more], axis=1)
    wide.to_parquet(file)
    dataset = dataset_of(make_job(file=str(file)))
    assert dataset.frame.shape == (208, 12)
    left_out = next(change for change in dataset.changes if change.what == "columns left out")
    assert left_out.count == 9_988
    assert len(left_out.where) < 300
    with pytest.raises(DataError) as refused:
        dataset_of(make_job(file=str(file), target="nothing like it"))
    assert "(10000 columns)" in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.slow
def test_ten_thousand_columns_as_text(make_job: MakeJob, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    dates = pd.date_range("2020-01-06", periods=104, freq="7D").strftime("%Y-%m-%d")
    numbers = np.random.default_rng(0).gamma(2, 100, (104, 9_999)).round(2)
    wide = pd.DataFrame(numbers, columns=[f"c{i}" for i in range(9_999)])
    wide.insert(0, "day", dates)
    wide.to_csv(file, index=False)
    job = make_job(
        file=str(file), date="day", target="c0", window=[], organic=[], context=[],
        channels=[{"name": "c", "spend": "c9998"}],
    )  # fmt: skip
    frame = dataset_of(job).frame
    assert frame["c9998"].tolist() == numbers[:, 9_998].tolist()


# All the way


ODD = {
    "DATE": "Se maine #",
    "revenue": "Umsatz | €",
    "tv_S": "my tv spend",
    "ooh_S": "quo\"te's",
    "print_S": "émoji 🎉",
    "facebook_S": "<img src=x onerror=alert(1)>",
    "search_S": "n" * 300,
    "newsletter": "$x_{a^b",
    "competitor_sales_B": "[red]a,b\\n[/]",
    "events": "& {curly} %s",
}


def test_odd_names_go_all_the_way(
    weekly: pd.DataFrame, mmm_run: Callable[..., Said], tmp_path: Path
) -> None:
    """Through training to the one-pager; every table carries the names as they were written."""
    weekly.rename(columns=ODD).to_csv(tmp_path / "odd.csv", index=False)
    paid = [ODD[f"{name}_S"] for name in ("tv", "ooh", "print", "facebook", "search")]
    said = mmm_run(
        file=str(tmp_path / "odd.csv"), date=ODD["DATE"], target=ODD["revenue"],
        channels=[{"name": name, "spend": name} for name in paid],
        organic=[{"name": ODD["newsletter"]}],
        context=[{"name": ODD["competitor_sales_B"]}, {"name": ODD["events"], "factor": True}],
    )  # fmt: skip
    assert_said(said, 0)
    assert said.stderr == ""
    assert "<img src=x onerror=alert(1)>" in said.stdout
    run = Archive(str(tmp_path / "archive")).run("latest")
    assert set(run.load_table("channels")["channel"]) == set(paid)
    assert run.manifest is not None
    assert run.load(f"{run.manifest.best}.png").startswith(b"\x89PNG")
    notebook = run.load("train.ipynb").decode()
    assert '"text/html"' in notebook
    for line in notebook.splitlines():  # what a browser shows as HTML is escaped
        assert '"<img src=x' not in line or "text/html" not in line


def test_data_that_fail_in_the_run_are_a_failed_run(
    weekly: pd.DataFrame, mmm_run: Callable[..., Said], tmp_path: Path
) -> None:
    edited(weekly, "tv_S", {5: "much"}).to_csv(tmp_path / "bad.csv", index=False)
    said = mmm_run(file=str(tmp_path / "bad.csv"))
    assert_said(said, FAILED, "tv_S: 1 values are no numbers, such as 'much'; correct them")
    run = Archive(str(tmp_path / "archive")).run("latest")
    assert run.state().status is Status.FAILED
    assert not run.has("dataset.parquet")
    assert_nothing_looks_whole(tmp_path / "archive")


# Places that cannot be written


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a tmpfs of its own; skipped where that is not allowed."""
    place = tmp_path / "mounted"
    place.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a tmpfs is not allowed here")
        return place

    yield mount
    if os.path.ismount(place):
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("size", ["12k", "40k", "120k"])
def test_a_full_disk(
    mmm_run: Callable[..., Said], mounted: Callable[[str], Path], size: str
) -> None:
    """Full in the queue, at the dataset, at the notebook."""
    root = mounted(f"size={size}")
    said = mmm_run(root=str(root))
    assert_said(
        said, FAILED, f"cannot write {root}/", "No space left on device",
        "free space or choose another root",
    )  # fmt: skip
    assert "succeeded" not in said.stdout
    assert len(Archive(str(root)).runs()) == 1
    assert_nothing_looks_whole(root)
    assert not [path for path in root.rglob("*") if path.name.startswith(".part-")]


def test_a_root_that_is_read_only(
    mmm_run: Callable[..., Said], mounted: Callable[[str], Path]
) -> None:
    root = mounted("ro,size=64k")
    assert_said(
        mmm_run(root=str(root)), FAILED, f"cannot write {root}/robyn/demo/de/",
        "Read-only file system; make the folder writable or choose another root",
    )  # fmt: skip
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("root", ["~nobody-here/archive", "a\0b"])
def test_a_root_that_is_no_folder(root: str) -> None:
    with pytest.raises(MMMError, match=r"^root .* cannot be a folder"):
        Archive(root)


def test_a_root_that_is_a_file(mmm_run: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    said = mmm_run(root=str(tmp_path / "taken"))
    assert_said(said, FAILED, "cannot write", "File exists", "choose another root")


# Sizes


MEASURED = """
import json, re, sys, time
from pathlib import Path
from mmmlib.job import TrainingJob
from mmmlib.data.extract import dataset_of

job, folder = TrainingJob.load(sys.argv[1]), Path(sys.argv[2])
started = time.perf_counter()
dataset = dataset_of(job)
seconds = time.perf_counter() - started
dataset.frame.to_parquet(folder / "frame.parquet")
changes = [[change.what, change.where, change.count] for change in dataset.changes]
# not ru_maxrss: that begins with what the process that started us had in memory
status = Path("/proc/self/status").read_text()
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024
print(json.dumps({"seconds": seconds, "peak": peak, "changes": changes}))
"""


def measured(job: TrainingJob, folder: Path) -> dict[str, Any]:
    """Prepare a job's data in a process of its own: seconds and peak memory in bytes."""
    path = folder / "measured.yaml"
    path.write_text(job.to_yaml())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path, folder],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)  # nothing else is printed
    print(f"{job.file}: {facts['seconds']:.1f} s, peak {facts['peak'] / GIGABYTE:.2f} GB")
    return facts


def daily_rows(countries: int, days: int, seed: int) -> pd.DataFrame:
    """Daily rows of many countries: 30 columns, the last 28 numbers."""
    random = np.random.default_rng(seed)
    dates = pd.date_range("2015-01-01", periods=days).strftime("%Y-%m-%d")
    labels = [f"c{i:03d}" for i in range(countries)]
    table = {"day": np.tile(dates, countries), "country": np.repeat(labels, days)}
    numbers = random.gamma(2, 500, (28, countries * days)).round(2)
    return pd.DataFrame(table | {f"x{i}": column for i, column in enumerate(numbers)})


def daily_job(file: Path, country: str, channels_used: int = 27) -> TrainingJob:
    """A job that uses all 30 columns, or fewer."""
    names = [f"x{i}" for i in range(28 - channels_used, 28)]
    channels = [{"name": name, "spend": name} for name in names]
    return TrainingJob.parse(
        {
            "country": country, "country_column": "country", "file": str(file), "date": "day",
            "target": "x0", "prophet": ["trend"], "channels": channels,
        }
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_million_rows(tmp_path: Path, ending: str) -> None:
    """The bar is 10 s and 1 GB; seconds are asserted generously, machines differ."""
    table = daily_rows(400, 2_500, seed=1)
    file = tmp_path / f"big.{ending}"
    if ending == "csv":
        table.to_csv(file, index=False)
    else:
        table.to_parquet(file, index=False)
    facts = measured(daily_job(file, "C123"), tmp_path)
    assert facts["peak"] < GIGABYTE
    assert facts["seconds"] < 40
    assert facts["changes"] == [["rows left out", "country", 997_500]]
    frame = pd.read_parquet(tmp_path / "frame.parquet")
    wanted = table[table["country"] == "c123"].reset_index(drop=True)
    assert frame["day"].dt.strftime("%Y-%m-%d").tolist() == wanted["day"].tolist()
    pd.testing.assert_frame_equal(
        frame.drop(columns="day"), wanted.drop(columns=["day", "country"])
    )


@pytest.mark.slow
def test_a_csv_of_two_gigabytes(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 6 * GIGABYTE:
        pytest.skip("less than 6 GB of disk are free")
    file = tmp_path / "huge.csv"
    block = daily_rows(40, 2_500, seed=2)
    text = block.to_csv(index=False).encode()
    header, rows = text.split(b"\n", 1)
    other = rows.replace(b",c0", b",z0")  # the same again, of other countries
    with file.open("wb") as written:
        written.write(header + b"\n" + rows)
        while written.tell() < 2 * GIGABYTE:
            written.write(other)
    facts = measured(daily_job(file, "c007", channels_used=5), tmp_path)
    file.unlink()  # pytest keeps the folders of its last sessions
    assert facts["peak"] < 2 * GIGABYTE
    frame = pd.read_parquet(tmp_path / "frame.parquet")
    assert frame["x27"].tolist() == block.loc[block["country"] == "c007", "x27"].tolist()
