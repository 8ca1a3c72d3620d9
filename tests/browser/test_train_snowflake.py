"""The form on a warehouse, in a real browser against a real server of Snowflake's protocol."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from tests.browser.test_train import open_form, train_button
from tests.servers.running import PASSPHRASE, PASSWORD
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WRONG = PASSWORD + "-of-yesterday"
TYPED = "typed+In/haste"
SECRETS = (PASSWORD, WRONG, TYPED, PASSPHRASE)
TABLE = "MARKETING.PUBLIC.WEEKLY"


def toml(name: str, profile: dict) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {value!r}" for key, value in profile.items()), ""])


@pytest.fixture
def warehouse(snowflake, serve, tmp_path, monkeypatch):
    """A dashboard that knows two connections: ``warehouse`` with a key, ``old`` with a password
    that is no longer the right one."""
    for key in snowflake.profile():
        monkeypatch.delenv(f"SNOWFLAKE_{key.upper()}")
    keyless = snowflake.profile(private_key_file=None, private_key_file_pwd=None)
    file = tmp_path / "home" / "connections.toml"
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_text(
        toml("warehouse", snowflake.profile()) + toml("old", keyless | {"password": WRONG})
    )
    with serve(str(tmp_path / "archive")) as server:
        yield server


def choose(page, connection: str) -> None:
    page.locator('[data-path="connection"] .v-field').click()
    page.get_by_role("option", name=connection, exact=True).click()


def steps_of(page, last: str) -> str:
    page.get_by_role("button", name="Test connection").click()
    page.locator(".mmm-teststeps li", has_text=last).wait_for()
    return page.locator(".mmm-teststeps").inner_text()


def preview(page) -> None:
    page.get_by_role("button", name="Preview").click()
    page.locator(".mmm-bars").wait_for()


def test_from_a_warehouse_to_a_run(warehouse, page):
    open_form(page, warehouse)
    page.get_by_role("button", name="Weekly, one country").click()  # leaves nothing behind
    page.locator(".mmm-bars").wait_for()
    page.get_by_role("button", name="Snowflake", exact=True).click()
    page.locator(".mmm-bars").wait_for(state="detached")
    page.locator(".mmm-problems", has_text="file is read").wait_for(state="detached")
    open_form(page, warehouse)
    page.get_by_role("button", name="Snowflake", exact=True).click()

    # a password that is wrong, and a connection that is not typed to its end
    choose(page, "old")
    page.get_by_label("Table", exact=True).fill(TABLE)
    assert "refused the password of user 'trainer'; correct it" in steps_of(page, "login")
    page.get_by_role("button", name="Preview").click()
    page.locator(".mmm-unread", has_text="refused the password").wait_for()
    page.get_by_role("button", name="A connection for a first try").click()
    page.get_by_label("user", exact=True).fill("ada")
    page.get_by_label("password", exact=True).fill(TYPED)
    page.locator('[data-path="connection"] input').fill("typed")
    page.keyboard.press("Tab")
    assert "lacks account" in steps_of(page, "profile")

    # the table, its charts and checks, and the roles it seems to have
    for key in ("user", "password"):
        page.get_by_label(key, exact=True).fill("")
    choose(page, "warehouse")
    assert "trainer as READER" in steps_of(page, "12 columns")
    preview(page)
    assert page.locator(".mmm-unread").count() == 0
    assert "208" in page.locator(".mmm-datatiles").inner_text()
    assert "61.9\u00a0%" in page.locator(".mmm-bars").inner_text()
    assert "PASS" in page.locator(".mmm-look").inner_text()
    assert "Paid channel" in page.locator('[data-column="tv_s" i]').inner_text()
    assert "Target" in page.locator('[data-column="revenue" i]').inner_text()

    # a query instead of the table
    page.get_by_label("Table", exact=True).fill("")
    page.get_by_label("SQL").fill("DELETE FROM WEEKLY")
    page.get_by_role("button", name="Preview").click()
    page.locator(".mmm-unread", has_text="SELECT").wait_for()
    page.get_by_label("SQL").fill("SELECT * FROM WEEKLY WHERE DATE >= '2016-11-21'")
    preview(page)
    assert "156" in page.locator(".mmm-datatiles").inner_text()

    page.locator('[data-path="country"] input').fill("de")
    page.get_by_label("Iterations").fill("150")
    page.get_by_label("Trials").fill("1")
    page.locator(".mmm-launch", has_text="150 candidates").wait_for()
    page.locator(".mmm-problems").wait_for(state="detached")
    page.wait_for_function("!document.querySelector('.mmm-launch .v-btn--disabled')")
    assert not [word for word in SECRETS if word in page.content()]
    train_button(page).click()
    page.locator(".mmm-onepager").wait_for()
    (run,) = Archive(warehouse.root).runs()
    assert wait_until(lambda: run.state().status is Status.SUCCEEDED)
    assert len(run.load_table("dataset")) == 156
    assert run.job.connection == "warehouse"

    said = "".join(warehouse.said) + page.content()
    for secret in SECRETS:
        for form in (secret, quote(secret, safe="")):
            assert form not in said
            assert files_with(Path(warehouse.root), form) == ""


def files_with(root: Path, text: str) -> str:
    """Names of the files below a folder that hold a text."""
    command = ["grep", "-rlF", "--", text, str(root)]
    return subprocess.run(command, capture_output=True, text=True).stdout
