"""What a server leaves for its kernels: who looks, its log, and facts about itself.

A private folder below ``/tmp``, named by an environment variable that kernels inherit, and gone
with the server. A kernel without one (JupyterLab, a test) belongs to this machine's user.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mmmlib.archive import user
from mmmlib.ground import MMMError

VARIABLE = "MMM_SERVER_FOLDER"
LOG = "server.log"
_FACTS = "server.json"


class ServerFolder:
    """The server's side of it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="mmm_server_", dir="/tmp"))  # for us alone
        os.environ[VARIABLE] = str(self.path)

    @property
    def log(self) -> Path:
        """Where the server's log is kept."""
        return self.path / LOG

    def tell(self, **facts: Any) -> None:
        """Leave facts about the server: plain values, nothing secret."""
        (self.path / _FACTS).write_text(json.dumps(facts))

    def introduce(self, kernel: str, who: str) -> None:
        """Leave the name of the person a kernel was started for."""
        (self.path / f"user-{kernel}").write_text(who, encoding="utf-8")

    def remove(self) -> None:
        """Remove it; kernels that outlive the server by a moment find nothing."""
        os.environ.pop(VARIABLE, None)
        shutil.rmtree(self.path, ignore_errors=True)


def viewer() -> str:
    """Return who looks at this kernel's page: whom IAP named, or this machine's user.

    To be asked once a browser is there: a preheated kernel starts before anybody looks.

    Raises
    ------
    MMMError
        The service stands behind IAP, but nobody is named.
    """
    facts, folder = server_facts(), _folder()
    if folder is None or not facts.get("behind_iap"):
        return user()
    try:
        return (folder / f"user-{kernel_id()}").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MMMError("the server does not know who you are; reload the page") from None


def server_facts() -> dict[str, Any]:
    """Return what the server of this kernel left; empty where there is none."""
    if not (folder := _folder()):
        return {}
    facts: dict[str, Any] = json.loads((folder / _FACTS).read_text())
    return facts


def log_file() -> Path | None:
    """Return where the server of this kernel keeps its log."""
    folder = _folder()
    return folder / LOG if folder else None


def kernel_id() -> str:
    """Return the id of this process as a kernel; empty outside one."""
    from ipykernel.connect import get_connection_file

    try:
        return Path(get_connection_file()).stem.removeprefix("kernel-")
    except RuntimeError:
        return ""


def _folder() -> Path | None:
    path = Path(os.environ.get(VARIABLE, ""))
    return path if path.name and (path / _FACTS).is_file() else None
