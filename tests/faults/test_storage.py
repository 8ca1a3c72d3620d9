"""The storage misbehaves while a run writes: nothing saved is lost, nothing looks complete."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import LOST_AFTER, Run, now
from mmmlib.archive.stores import gcs_connection
from mmmlib.archive.stores.write_behind import WriteBehind
from mmmlib.ground.errors import StoreError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.supervisor import Supervisor
from tests.faults.reliability import told
from tests.servers.logins import Logins
from tests.servers.proxy import Asked, Fault, Proxy

ARTIFACTS = {f"{i}.csv": f"{i},{i}\n".encode() * 500 for i in range(12)}


def train(run: Run) -> None:
    """What a run does to its archive, without the model: artifacts, then the end."""
    with Supervisor(run):
        behind = WriteBehind(run.store)
        for name, data in ARTIFACTS.items():
            Run(behind, run.id).save(name, data)
        behind.flush()


def stopped(run: Run, misfortune: Callable[[], object]) -> str:
    """Break something between two artifacts; returns what the person reads."""

    def train_on() -> None:
        with Supervisor(run):
            run.save("0.csv", ARTIFACTS["0.csv"])
            misfortune()
            run.save("1.csv", ARTIFACTS["1.csv"])

    with pytest.raises(StoreError) as said:
        train_on()
    assert any("its end could not be archived" in note for note in said.value.__notes__)
    return str(said.value)


def is_whole(archive: Archive, run: Run) -> bool:
    """A run that says it succeeded has every artifact, byte for byte; nothing twice."""
    read = archive.run(str(run.id))
    manifest = read.manifest
    assert manifest is not None
    assert manifest.status is Status.SUCCEEDED
    assert {name: read.load(name) for name in ARTIFACTS} == ARTIFACTS
    assert {name: one.sha256 for name, one in read.contents().items() if name in ARTIFACTS} == {
        name: one.sha256 for name, one in manifest.artifacts.items() if name in ARTIFACTS
    }
    return len(archive.ids()) == 1


def is_lost(archive: Archive, run: Run) -> bool:
    """No manifest, so nobody takes it for complete."""
    read = archive.run(str(run.id))
    assert read.manifest is None
    return read.state(at=now() + 2 * LOST_AFTER).status is Status.LOST


Times = Callable[[Asked], Fault | None]


@pytest.mark.parametrize(
    ("tried", "rule"),
    [
        (
            "the bucket answers 503 for two seconds",
            lambda asked: Fault(503) if asked.seconds < 2 else None,
        ),
        (
            "the bucket answers every second request with 429 (too many)",
            lambda asked: Fault(429) if asked.number % 2 else None,
        ),
        (
            "every third connection to the bucket is reset before the request arrives",
            lambda asked: Fault(reset=True) if asked.number % 3 == 1 else None,
        ),
        (
            "every third connection to the bucket is reset after the work, before the answer",
            lambda asked: Fault(reset=True, after=True) if asked.number % 3 == 1 else None,
        ),
    ],
    ids=["503", "429", "reset", "answer lost"],
)
def test_what_passes_is_survived(
    bucket: Archive,
    bucket_job: TrainingJob,
    gcs_proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    tried: str,
    rule: Times,
) -> None:
    monkeypatch.setattr(gcs_connection, "FIRST_PAUSE", 0.02)  # bad luck would take long otherwise
    gcs_proxy.obey(rule)
    run = bucket.claim(bucket_job)
    train(run)
    gcs_proxy.work()
    assert is_whole(bucket, run)
    told(tried, "the run succeeds with every artifact, byte for byte, under one id")


def test_a_stalled_request_is_given_up_and_tried_again(
    bucket: Archive, bucket_job: TrainingJob, gcs_proxy: Proxy, hasty: None
) -> None:
    gcs_proxy.obey(lambda asked: Fault(stall=3) if asked.number in (2, 5) else None)
    run = bucket.claim(bucket_job)
    train(run)
    gcs_proxy.work()
    assert is_whole(bucket, run)
    told(
        "the bucket takes a request and does not answer",
        "the request is given up after 20 s and tried again; the run succeeds",
    )


@pytest.mark.parametrize(
    ("tried", "fault"),
    [
        ("the bucket answers 503 for good, from the middle of a run", Fault(503)),
        ("the connection to the bucket is gone for good, from the middle of a run",
         Fault(reset=True)),
    ],
    ids=["503", "reset"],
)  # fmt: skip
def test_a_storage_that_stays_away_leaves_a_lost_run(
    bucket: Archive, bucket_job: TrainingJob, gcs_proxy: Proxy, hasty: None,
    tried: str, fault: Fault,
) -> None:  # fmt: skip
    run = bucket.claim(bucket_job)
    said = stopped(run, lambda: gcs_proxy.obey(lambda asked: fault))
    assert "could not be used for" in said
    gcs_proxy.work()
    assert run.load("0.csv") == ARTIFACTS["0.csv"]
    assert is_lost(bucket, run)
    told(
        tried,
        "given up after 120 s; what was saved stays, the run has no manifest and is lost",
        said,
    )


def test_a_bucket_that_is_not_there(gcs_root: str, make_job: Callable[..., TrainingJob]) -> None:
    job = make_job(root="gs://bucket-0/archive")
    with pytest.raises(StoreError) as said:
        Archive(job.root).claim(job)
    with pytest.raises(StoreError, match="there is no bucket"):
        Archive(job.root).runs()  # not: no runs
    told("the root names a bucket that does not exist", "nothing starts", str(said.value))


def test_writing_is_not_allowed(bucket: Archive, bucket_job: TrainingJob, gcs_proxy: Proxy) -> None:
    denied = (
        "mmm-trainer-sa@project.iam.gserviceaccount.com does not have storage.objects.create "
        "access to the Google Cloud Storage object. Permission 'storage.objects.create' denied."
    )
    gcs_proxy.obey(lambda asked: Fault(403, denied) if asked.method == "POST" else None)
    with pytest.raises(StoreError) as said:
        bucket.claim(bucket_job)
    assert bucket.ids() == []
    told("the account may not write into the bucket", "nothing starts", str(said.value))
    gcs_proxy.work()
    run = bucket.claim(bucket_job)
    message = stopped(
        run,
        lambda: gcs_proxy.obey(
            lambda asked: Fault(403, denied) if asked.method == "POST" else None
        ),
    )
    assert run.load("0.csv") == ARTIFACTS["0.csv"]
    assert is_lost(bucket, run)
    told(
        "the permission to write is taken away in the middle of a run",
        "it fails at once; what was saved stays, the run has no manifest and is lost",
        message,
    )


def test_a_login_that_expires_in_the_middle(
    with_key: Logins, bucket: Archive, bucket_job: TrainingJob, gcs_proxy: Proxy
) -> None:
    def login(asked: Asked) -> Fault | None:
        return None if asked.token in with_key.tokens else Fault(401, "Invalid Credentials")

    gcs_proxy.obey(login)
    run = bucket.claim(bucket_job)
    with_key.tokens.clear()  # expired: a new one is fetched
    message = stopped(run, with_key.expire)  # revoked: there is no new one
    with_key.issues = True
    again = Archive(bucket_job.root)
    assert again.run(str(run.id)).load("0.csv") == ARTIFACTS["0.csv"]
    assert is_lost(again, run)
    told(
        "a token expires in the middle of a run",
        "a new one is fetched; the run goes on",
    )
    told(
        "the credentials are revoked in the middle of a run",
        "it fails at once; what was saved stays, the run has no manifest and is lost",
        message,
    )
