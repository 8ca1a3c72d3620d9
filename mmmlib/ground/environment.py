"""What the environment says, read once and frozen: variables, or a local ``.env``."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from mmmlib.ground import names

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "mmm"  # where a wheel puts the same files


def _product() -> Path:
    """Folder that holds ``notebooks/``, ``r/`` and ``docs/``: of the checkout, or of the wheel."""
    return CHECKOUT if (CHECKOUT / "notebooks").is_dir() else INSTALLED


class Settings(BaseSettings):
    """Settings of this machine; a job never depends on them except for the default root.

    Attributes
    ----------
    app_root : Path
        Folder with ``notebooks/``, ``r/`` and ``docs/`` (``APP_ROOT``).
    mmm_root : str
        Root of the archive where a job names none (``MMM_ROOT``); when empty the bucket of
        ``GCS_BUCKET``, or else ``archive`` in ``app_root``, or in the working directory where the
        product was installed from a wheel.
    gcs_bucket : str
        A bucket by its name, as the older guide has it (``GCS_BUCKET``).
    mmm_only_root : str
        The one archive that this process and its children open (``MMM_ONLY_ROOT``); empty: any.
        A dashboard that others reach sets it for itself and all that it starts.
    mmm_cache : Path
        Folder of extractions that are kept for a while (``MMM_CACHE``).
    mmm_cache_hours : float
        Age after which an extraction is read anew (``MMM_CACHE_HOURS``); 0 keeps none.
    snowflake_home : Path or None
        Folder with ``connections.toml`` (``SNOWFLAKE_HOME``); ``~/.snowflake`` or
        ``~/.config/snowflake`` when empty.
    mmm_snowflake_login_seconds, mmm_snowflake_network_seconds : int
        How long a login, and one request with its repetitions, may take.
    mmm_snowflake_statement_seconds : int
        How long one statement may run before Snowflake is told to stop it.
    google_cloud_project : str
        Project whose Secret Manager holds connections, and of the Cloud Run job
        (``GOOGLE_CLOUD_PROJECT``).
    mmm_secret_manager : str
        Address of a Secret Manager other than Google's, without TLS: for tests.
    mmm_executors : str
        Executors that may be launched on, with commas; the first is the default. Empty is all.
    mmm_cloudrun_region, mmm_cloudrun_job : str
        The Cloud Run job that trains for the executor ``cloudrun``.
    mmm_cloudrun_places : int
        Runs that may train on Cloud Run at once.
    mmm_cloudrun_endpoint : str
        Another address of the Cloud Run API, such as that of a test's server.
    mmm_closing : str
        A file whose existence says that this container is being stopped, so that the executor
        ``local`` starts no further run.
    mmm_dask : str
        Address of the Dask scheduler for the executor ``dask``.
    mmm_uploads : Path or None
        Folder of the files that browsers send; in the user's cache when empty.
    mmm_upload_mb : int
        Size that such a file may have, in megabytes.
    mmm_uploads_mb : int
        Size that all of them may have together.
    mmm_uploads_days : int
        Days after which a file that was sent and not used since is removed.
    mmm_pages : int
        Pages of the dashboard that may be open at once; 0: as many as the memory holds.
    mmm_data_folders : str or None
        Folders whose files may be named in the dashboard, with colons; empty: none. Unset it is
        the working directory, and none where others are served.
    mmm_cores : int
        Cores that a run may use; 0: all that there are.
    mmm_look_seconds, mmm_look_mb : int
        What a look at data may take before anything is trained: seconds, and megabytes written.
    mmm_webhook : str
        Address that is told when a run or a batch ends; may hold a secret, is never shown.
    mmm_log : str
        ``json`` for a log service, or ``text``.
    mmm_base_url : str
        Path under which the dashboard is served, such as ``/mmm/``.
    mmm_behind_iap : bool
        Whether every request comes through Google's Identity-Aware Proxy: only then is the
        person that its header names believed.
    mmm_iap_audience : str
        For whom that proxy signs, ``/projects/NUMBER/locations/REGION/services/NAME``: then only
        the person in its signed header is believed.
    mmm_iap_keys : str
        Address of the public keys that it signs with.
    mmm_token : SecretStr
        Password of the dashboard, where no proxy stands before it; empty: none.
    """

    model_config = SettingsConfigDict(frozen=True, env_file=".env", extra="ignore")

    app_root: Path = _product()
    mmm_root: str = ""
    gcs_bucket: str = ""
    mmm_only_root: str = ""
    mmm_cache: Path = Path("~/.cache/mmm")
    mmm_cache_hours: float = 1.0
    snowflake_home: Path | None = None
    mmm_snowflake_login_seconds: int = 60
    mmm_snowflake_network_seconds: int = 120
    mmm_snowflake_statement_seconds: int = 1800
    google_cloud_project: str = ""
    mmm_secret_manager: str = ""
    mmm_executors: str = ""
    mmm_cloudrun_region: str = "europe-west1"
    mmm_cloudrun_job: str = "mmm-app-train"
    mmm_cloudrun_places: int = Field(default=1, ge=1, le=100)
    mmm_cloudrun_endpoint: str = ""
    mmm_closing: str = ""
    mmm_dask: str = ""
    mmm_cores: int = Field(default=0, ge=0)
    mmm_uploads: Path | None = None
    mmm_upload_mb: int = Field(default=200, ge=1, le=10_000)
    mmm_uploads_mb: int = Field(default=2000, ge=1)
    mmm_uploads_days: int = Field(default=30, ge=1)
    mmm_pages: int = Field(default=0, ge=0)
    mmm_data_folders: str | None = None
    mmm_look_seconds: int = Field(default=60, ge=1)
    mmm_look_mb: int = Field(default=500, ge=1)
    mmm_webhook: SecretStr = SecretStr("")
    mmm_log: Literal["text", "json"] = "text"
    mmm_base_url: str = "/"
    mmm_behind_iap: bool = False
    mmm_iap_audience: str = ""
    mmm_iap_keys: str = "https://www.gstatic.com/iap/verify/public_key"
    mmm_token: SecretStr = SecretStr("")

    @property
    def root(self) -> str:
        """Root of the archive: a folder or a URL of a registered store."""
        bucket = self.gcs_bucket.strip().removeprefix("gs://").rstrip("/")
        beside = Path.cwd() if self.app_root == INSTALLED else self.app_root
        return self.mmm_root or (f"gs://{bucket}" if bucket else "") or str(beside / "archive")

    @property
    def executors(self) -> tuple[str, ...]:
        """Names of the executors that may be launched on; the first is the default."""
        named = tuple(name.strip() for name in self.mmm_executors.split(",") if name.strip())
        return named or tuple(names.EXECUTORS)

    @property
    def uploads(self) -> Path:
        """Folder of the files that browsers send."""
        return (self.mmm_uploads or Path("~/.cache/mmm/uploads")).expanduser()

    @property
    def data_folders(self) -> tuple[Path, ...]:
        """Folders, as full paths, whose files the dashboard reads for whoever names them."""
        if self.mmm_data_folders is None:
            return (Path.cwd(),)
        named = (name.strip() for name in self.mmm_data_folders.split(os.pathsep))
        return tuple(Path(name).expanduser().resolve() for name in named if name)

    @property
    def notebooks(self) -> Path:
        """Folder of the parameterized notebooks."""
        return self.app_root / "notebooks"


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()


def compiled_folders() -> list[Path]:
    """Folders where numba keeps what it has compiled, in its own order.

    That is the one of ``NUMBA_CACHE_DIR``, or else beside the modules, or else the user's cache.
    """
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(chosen)]
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return [Path(__file__).parents[1], home / "numba"]


@cache
def code_commit() -> str:
    """Commit of the code that runs: ``MMM_COMMIT`` in an image, git in a checkout.

    A checkout with changes that are not committed says so (``+changes``); without either the
    answer is empty, never a guess.
    """
    if commit := os.environ.get("MMM_COMMIT"):
        return commit
    git = ["git", "-C", str(settings().app_root)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{commit}+changes" if changed else commit
