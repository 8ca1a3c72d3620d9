"""Tells an address (``MMM_WEBHOOK``) when a run or a batch ends, whatever it answers."""

from __future__ import annotations

import json
import logging
import urllib.request
from typing import Any

from mmmlib.archive import Run
from mmmlib.ground import settings

TIMEOUT_SECONDS = 5.0
_log = logging.getLogger(__name__)


def tell_run(run: Run) -> None:
    """Tell that a run has ended."""
    manifest = run.manifest
    if manifest is None:
        return
    took = (manifest.ended - manifest.started).total_seconds()
    facts = manifest.model_dump(mode="json", include={"status", "error", "who", "best"})
    tell({"event": "run", "run": str(run.id), "place": run.place, "seconds": took, **facts})


def tell(facts: dict[str, Any]) -> None:
    """Post facts as JSON; without an address nothing happens, a failure is logged.

    The address may hold a secret: neither it nor an error that quotes it is logged.
    """
    address = settings().mmm_webhook.get_secret_value()
    if not address:
        return
    try:
        request = urllib.request.Request(
            address,
            json.dumps(facts).encode(),
            {"Content-Type": "application/json", "User-Agent": "mmm-trainer"},
        )
        if request.type not in ("http", "https"):
            raise ValueError(request.type)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            pass
    except (OSError, ValueError) as error:
        code = getattr(error, "code", "")
        what = f"{type(error).__name__} {code}".strip()
        _log.warning("the webhook was not told that a %s ended: %s", facts["event"], what)
