"""The dashboard with its archive in a bucket, as it is deployed: a run from the form to its end."""

from __future__ import annotations

import zipfile

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import Kind, decisions_of
from mmmlib.archive.manifest import Status
from tests.browser.test_train import train_example

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_run_in_a_bucket_from_the_form_to_its_deletion(page, serve, gcs_root, tmp_path):
    with serve(gcs_root, MMM_UPLOADS=str(tmp_path / "uploads")) as served:
        train_example(page, served)
        page.locator(".mmm-status", has_text="succeeded").wait_for()
        page.locator(".mmm-onepager").wait_for()
        (run,) = Archive(gcs_root).runs()
        assert run.state().status is Status.SUCCEEDED

        page.get_by_role("tab", name="Notebooks").click()
        page.locator(".mmm-notebook").wait_for()
        page.get_by_role("tab", name="Notes").click()
        page.get_by_label("Write a note").fill("kept in the bucket")
        page.get_by_role("button", name="Add note").click()
        page.locator(".mmm-notetext", has_text="kept in the bucket").wait_for()
        assert [line.kind for line in decisions_of(run)] == [Kind.NOTE]

        page.get_by_role("tab", name="Files").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="All as zip").click()
        download.value.save_as(tmp_path / "run.zip")
        assert len(zipfile.ZipFile(tmp_path / "run.zip").namelist()) == len(run.artifacts())

        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Plan").click()
        page.locator(".mmm-content", has_text="marginal").wait_for()
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Debug").click()
        page.get_by_role("tab", name="Archive").click()
        page.locator(".mmm-listing").get_by_text("robyn", exact=True).click()
        page.locator(".mmm-listing").get_by_text(run.job.revision, exact=True).wait_for()
        page.goto("about:blank")  # before its server ends
    said = "".join(served.said)
    assert "Traceback" not in said, said
