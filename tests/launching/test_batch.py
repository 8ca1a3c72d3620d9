"""Batches: what they hold, retries, resuming, one summary, a webhook that cannot hurt."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.cli import main
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import JobError, LaunchError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.batch import Batch, open_batch, start_batch
from mmmlib.launching.matrix import read_plan
from mmmlib.launching.queue import cancel, drain, submit
from mmmlib.launching.webhook import tell
from mmmlib.run.supervisor import Supervisor


@pytest.fixture
def folder(make_job: Callable[..., TrainingJob], tmp_path: Path) -> Path:
    """Three jobs, the second of which is not valid."""
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    for country in ("de", "fr", "it"):
        (jobs / f"{country}.yaml").write_text(make_job(country=country).to_yaml())
    (jobs / "fr.yaml").write_text("country: fr\ncolour: red\n")
    return jobs


def statuses(batch: Batch) -> list[str]:
    return [str(row.status) for row in batch.step()]


def test_a_matrix_is_every_combination(demo_values: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(demo_values))
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(
        "job: base.yaml\n"
        "countries: [de, {country: fr, sql: SELECT * FROM data}]\n"
        "revisions: [r1, r2]\n"
        "settings: [{iterations: 10}, {iterations: 20, seed: 7}, {iterations: x}]\n"
    )
    items = read_plan(str(matrix))
    assert len(items) == 12
    assert items[0].name == "de r1 iterations=10"
    fr = items[10]
    assert fr.name == "fr r2 iterations=20,seed=7"
    named = ("country", "revision", "sql", "iterations", "seed")
    assert [fr.values[key] for key in named] == [
        "fr", "r2", "SELECT * FROM data", 20, 7,
    ]  # fmt: skip
    assert "iterations" in items[11].problem


def test_files_lie_beside_the_jobs_and_the_matrix(
    demo_values: dict[str, Any], tmp_path: Path
) -> None:
    """Wherever the batch is started, as for a single job."""
    (tmp_path / "jobs").mkdir()
    for name in ("sales.csv", "fr.csv"):
        (tmp_path / name).write_text("x\n")
    base = tmp_path / "jobs" / "base.yaml"
    base.write_text(yaml.safe_dump(demo_values | {"file": "../sales.csv"}))
    (tmp_path / "matrix.yaml").write_text(
        "job: jobs/base.yaml\ncountries: [de, {country: fr, file: fr.csv}]\n"
    )
    items = [*read_plan(str(base.parent)), *read_plan(str(tmp_path / "matrix.yaml"))]
    assert [Path(item.values["file"]).resolve().name for item in items] == [
        "sales.csv", "sales.csv", "fr.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job: demo\nland: [de]", "land: unknown key"),
        ("job: demo\ncountries: de", "countries: must be a list"),
        ("job: demo\nsettings: [r1]", r"settings\[0\]: must be a mapping"),
        ("job: not/there.yaml", "no such file"),
    ],
)
def test_what_is_no_matrix_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "matrix.yaml").write_text(text)
    with pytest.raises(JobError, match=said):
        read_plan(str(tmp_path / "matrix.yaml"))


def test_a_folder_without_jobs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"holds no \*\.yaml"):
        read_plan(str(tmp_path))


def test_a_failed_run_is_tried_again_and_never_stops_the_others(
    shelf: list[Supervisor], folder: Path, archive: Archive
) -> None:
    batch = start_batch(str(folder), "", "shelf", retries=1)
    assert statuses(batch) == ["queued", "refused", "queued"]
    assert statuses(batch) == ["running", "refused", "queued"]
    shelf[0].end(Status.FAILED, "odd")
    batch.step()
    assert statuses(batch) == ["queued", "refused", "running"]  # at the end of the queue
    shelf[1].end(Status.SUCCEEDED)
    assert statuses(batch) == ["running", "refused", "succeeded"]
    shelf[2].end(Status.FAILED, "odd again")
    assert statuses(batch) == ["failed", "refused", "succeeded"]
    assert batch.ended
    assert not batch.succeeded
    summary = batch.finish()
    assert summary["counts"] == {"failed": 1, "refused": 1, "succeeded": 1}
    stored = json.loads(archive.store.get(f"batches/{batch.id}/summary.json"))
    de, fr, it = stored["jobs"]
    assert (len(de["runs"]), de["error"]) == (2, "odd again")
    assert "colour" in fr["error"]
    assert it["runs"] == [str(shelf[1].run)]


def test_it_is_resumed_where_it_stopped(
    shelf: list[Supervisor], folder: Path, archive: Archive
) -> None:
    first = start_batch(str(folder), "", "shelf", retries=2)
    first.step()
    shelf[0].end(Status.FAILED, "odd")
    again = open_batch(archive.store.root, first.id)
    assert again.executor == "shelf"
    again.step()
    again.step()
    assert [len(row.runs) for row in again.rows] == [2, 0, 1]
    assert len(archive.runs()) == 3  # what waited was not submitted twice
    with pytest.raises(RunError, match=f"the last ones are {first.id}"):
        open_batch(archive.store.root, "20200101_000000")


def test_a_cancelled_run_is_not_tried_again(
    shelf: list[Supervisor], folder: Path, archive: Archive
) -> None:
    batch = start_batch(str(folder), "", "shelf", retries=3)
    batch.step()
    cancel(archive.run(batch.rows[2].runs[0]))
    batch.step()
    assert (batch.rows[2].status, len(batch.rows[2].runs)) == (Status.CANCELLED, 1)


def test_what_cannot_be_a_batch_is_refused(
    shelf: list[Supervisor], folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(LaunchError, match="out of reach"):
        start_batch(str(folder), str(tmp_path / "unreachable"), "shelf", 1)
    with pytest.raises(JobError, match="colour"):
        start_batch(str(folder / "fr.yaml"), "", "shelf", 1)
    other = TrainingJob.load(folder / "de.yaml").model_copy(update={"root": str(tmp_path / "b")})
    (folder / "other.yaml").write_text(other.to_yaml())
    with pytest.raises(JobError, match="say --root for all"):
        start_batch(str(folder), "", "shelf", 1)
    done = CliRunner().invoke(main, ["batch"])
    assert done.exit_code == 2
    assert "name JOBS, or a batch with --resume" in done.output


@contextmanager
def listener(answer: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real server that keeps what it was told."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/secret", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("answer", [200, 500])
def test_a_webhook_is_told(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    with listener(answer) as (address, heard):
        environment.setenv("MMM_WEBHOOK", address)
        tell({"event": "batch", "counts": {"succeeded": 2}})
    assert heard == [{"event": "batch", "counts": {"succeeded": 2}}]
    assert ("HTTPError 500" in caplog.text) == (answer == 500)
    assert "secret" not in caplog.text


def test_the_end_of_a_run_that_never_began_is_told_once(
    shelf: list[Supervisor], job: TrainingJob, environment: pytest.MonkeyPatch
) -> None:
    submit(job, "shelf")
    second = submit(job, "shelf")
    with listener(200) as (address, heard):
        environment.setenv("MMM_WEBHOOK", address)
        settings.cache_clear()  # the launches have read them
        cancel(second, "ben")
        drain(job.root)
    (told,) = heard
    assert (told["event"], told["run"], told["status"]) == ("run", str(second), "cancelled")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/secret", "file:///etc/secret", "secret"])
def test_a_webhook_that_is_away_is_no_failure(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    environment.setenv("MMM_WEBHOOK", address)
    tell({"event": "run"})
    assert "the webhook was not told that a run ended" in caplog.text
    assert "secret" not in caplog.text
