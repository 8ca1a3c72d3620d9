"""The doctor answers in time, names remedies, and shows no secret."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmmlib.cli import main
from mmmlib.doctor import examination as doctor, probes
from mmmlib.doctor.examination import examine
from mmmlib.doctor.symptom import Health, Symptom
from mmmlib.ground.environment import settings


def by_name(findings: list[Symptom]) -> dict[str, Symptom]:
    return {finding.name: finding for finding in findings}


def test_this_machine_can_train(tmp_path: Path) -> None:
    findings = by_name(examine(str(tmp_path / "archive")))
    assert {
        "Python", "packages", "cores", "memory", "numba cache", "notebooks", "archive",
        "Snowflake", "executors",
    } <= set(findings)  # fmt: skip
    for name in ("Python", "cores", "notebooks", "archive"):
        assert findings[name].verdict is Health.PASS, findings[name]
    assert all(one.remedy for one in findings.values() if one.verdict is not Health.PASS)
    assert not list((tmp_path / "archive").rglob("*.*"))  # nothing is left behind


def test_it_waits_for_nobody_and_one_probe_cannot_take_the_others() -> None:
    def breaks() -> list[Symptom]:
        raise ZeroDivisionError("odd")

    released = threading.Event()

    def hangs_() -> list[Symptom]:
        released.wait(600)
        return []

    asked = {
        "hangs": hangs_,
        "breaks": breaks,
        "works": lambda: [Symptom("works", Health.PASS, "yes")],
    }
    hangs, broken, works = doctor._side_by_side(asked, 5.0)
    released.set()
    assert (hangs.verdict, "no answer" in hangs.found) == (Health.WARN, True)
    assert (broken.verdict, "ZeroDivisionError: odd" in broken.found) == (Health.FAIL, True)
    assert works.verdict is Health.PASS


def test_an_archive_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = probes.storage(str(tmp_path / "file" / "archive"))
    assert found.verdict is Health.FAIL
    assert "write failed" in found.found
    assert "MMM_ROOT" in found.remedy
    (found,) = probes.storage("ftp://somewhere")
    assert "no store for ftp://" in found.found


def test_connections_are_names_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.delenv("SNOWFLAKE_ACCOUNT", raising=False)
    (found,) = probes.snowflake()
    assert "no connection is defined" in found.found
    file = tmp_path / "connections.toml"
    file.write_text('[prod]\npassword = "hunter2"\n[dev]\naccount = "x"\n')
    (found,) = probes.snowflake()
    assert found.found == "dev, prod"
    file.write_text('[prod\npassword = "hunter2"')
    (found,) = probes.snowflake()
    assert found.verdict is Health.WARN
    assert "hunter2" not in str(found)


def test_packages_are_held_against_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    lock = tmp_path / "requirements" / "product.txt"
    here = settings().model_copy(update={"app_root": tmp_path})
    monkeypatch.setattr(probes, "settings", lambda: here)
    (found,) = probes.packages()
    assert "no lock file" in found.found
    lock.write_text("nevergrad==1.0.12 \\\n    --hash=sha256:00\nclick==0.1 \\\n")
    (found,) = probes.packages()
    assert found.verdict is Health.WARN
    assert "locked 0.1" in found.found
    lock.write_text("nevergrad==1.0.12 \\\nno-such-package==1.0 \\\n")
    (found,) = probes.packages()
    assert (found.verdict, "no-such-package" in found.found) == (Health.FAIL, True)
    (found,) = probes.notebooks()
    assert found.verdict is Health.FAIL


def test_memory_of_a_container(tmp_path: Path) -> None:
    assert probes._memory_limit(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert probes._memory_limit(tmp_path) == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert probes._memory_limit(tmp_path) is None


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    (found,) = probes.numba_cache()
    assert found.verdict is Health.WARN


def test_r_that_is_absent_or_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = probes.r()
    assert (found.verdict, found.remedy) == (Health.WARN, "make setup-r")
    program = tmp_path / "Rscript"
    program.write_text("#!/bin/sh\necho no R here >&2; exit 1\n")
    program.chmod(0o755)
    (found,) = probes.r()
    assert "no R here" in found.found


def test_the_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--json", "--root", str(tmp_path / "archive")])
    findings = json.loads(done.stdout)
    failed = [one for one in findings if one["verdict"] == "fail"]
    assert (done.exit_code == 1) == bool(failed)
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["doctor", "--root", str(tmp_path / "file" / "x")])
    assert done.exit_code == 1
    assert "archive: mend that" in done.stdout
