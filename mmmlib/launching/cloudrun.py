"""Runs as executions of a Cloud Run job, which survive every instance of the service.

Source: Cloud Run Admin API v2, ``jobs.run`` with overrides, ``executions.get``,
``executions.cancel``; spoken as REST.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from mmmlib.archive import Launch, Run, Status
from mmmlib.ground import LaunchError, settings
from mmmlib.launching.executor import command

TIMEOUT_SECONDS = 30.0


class CloudRunExecutor:
    """One container a run; ``MMM_CLOUDRUN_PLACES`` of them at a time.

    The caller needs ``run.jobs.runWithOverrides``, ``run.executions.get`` and
    ``run.executions.cancel`` on the job.
    """

    queue = "cloudrun"
    patience = 600.0  # a container waits for its image and its processors
    ask_after = 15.0
    remote = True

    def __init__(self) -> None:
        known = settings()
        if not known.google_cloud_project:
            raise LaunchError("no project is known; set GOOGLE_CLOUD_PROJECT")
        place = f"projects/{known.google_cloud_project}/locations/{known.mmm_cloudrun_region}"
        self.job = f"{place}/jobs/{known.mmm_cloudrun_job}"

    def slots(self) -> int:
        """Return how many containers may train at once."""
        return settings().mmm_cloudrun_places

    def check(self, root: str) -> None:
        """Refuse a folder; a stand-in for Cloud Run on this machine may have one."""
        if "://" not in root and not settings().mmm_cloudrun_endpoint:
            raise LaunchError(
                f"a container cannot reach the archive in {root}; set the job's root or MMM_ROOT "
                "to a bucket (gs://…)"
            )

    def start(self, run: Run, launch: Launch) -> str:
        """Run the job with the arguments of this run; the answer is the execution's name."""
        from google.cloud import run_v2

        overrides = run_v2.RunJobRequest.Overrides
        override = overrides.ContainerOverride(args=command(run), env=_environment())
        request = run_v2.RunJobRequest(
            name=self.job, overrides=overrides(container_overrides=[override])
        )
        with _said(f"Cloud Run did not start {self.job}"):
            operation = self._jobs.run_job(request, timeout=TIMEOUT_SECONDS)
            return str(operation.metadata.name)

    def fate(self, handle: str) -> tuple[Status, str] | None:
        """How the container ended, in Cloud Run's words; also when it was killed."""
        from google.api_core.exceptions import NotFound

        with _said(f"Cloud Run does not tell of {handle}"):
            try:
                execution = self._executions.get_execution(name=handle, timeout=TIMEOUT_SECONDS)
            except NotFound:
                return Status.LOST, f"its execution {_short(handle)} was deleted"
        if not execution.completion_time:
            return Status.RUNNING, ""
        words = "; ".join(
            condition.message for condition in execution.conditions if condition.message
        )
        if execution.cancelled_count:
            return Status.CANCELLED, words or "its execution was cancelled"
        if execution.failed_count:
            return Status.FAILED, f"its container was ended: {words or 'no reason is known'}"
        return Status.FAILED, "its container ended without a word; see the log of the execution"

    def stop(self, handle: str) -> None:
        """Cancel the execution."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        with _said(f"Cloud Run did not cancel {handle}"):
            try:
                self._executions.cancel_execution(name=handle, timeout=TIMEOUT_SECONDS)
            except (NotFound, FailedPrecondition):
                return  # it has ended

    @cached_property
    def _jobs(self) -> Any:
        from google.cloud.run_v2 import JobsClient
        from google.cloud.run_v2.services.jobs.transports import JobsRestTransport

        return JobsClient(transport=JobsRestTransport(**_transport()))

    @cached_property
    def _executions(self) -> Any:
        from google.cloud.run_v2 import ExecutionsClient
        from google.cloud.run_v2.services.executions.transports import ExecutionsRestTransport

        return ExecutionsClient(transport=ExecutionsRestTransport(**_transport()))


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Google's errors as ours, with what was tried."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        words = getattr(error, "message", "") or str(error)
        raise LaunchError(f"{what}: {words}") from error


def _transport() -> dict[str, Any]:
    """Google's own address with the machine's identity; another one for a server of tests."""
    scheme, _, host = settings().mmm_cloudrun_endpoint.partition("://")
    if not host:
        return {}
    from google.auth.credentials import AnonymousCredentials

    return {"host": host, "url_scheme": scheme, "credentials": AnonymousCredentials()}


def _environment() -> list[dict[str, str]]:
    """What the container needs to hand over the next run."""
    known = settings()
    values = {
        "GOOGLE_CLOUD_PROJECT": known.google_cloud_project,
        "MMM_CLOUDRUN_REGION": known.mmm_cloudrun_region,
        "MMM_CLOUDRUN_JOB": known.mmm_cloudrun_job,
        "MMM_CLOUDRUN_PLACES": str(known.mmm_cloudrun_places),
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _short(handle: str) -> str:
    return handle.rpartition("/")[2]
