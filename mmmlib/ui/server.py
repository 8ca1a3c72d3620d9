"""Serves the dashboard with Voilà: preheated, and closed to everything that is not the page."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from mmmlib.archive import Archive
from mmmlib.errors import MMMError
from mmmlib.launch.queue import drain
from mmmlib.settings import settings

NOTEBOOK = "dashboard.ipynb"
HEALTH = "/health"  # not /healthz, which Cloud Run keeps for itself
POOL = 2  # kernels waiting for the next tab
PING_MILLISECONDS = 30_000
CULL_SECONDS = 600  # a kernel whose tab has vanished without a word

_TEMPLATE = Path(__file__).with_name("page")
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "jupyter-vue",
    "jupyter-vuetify",
]


def serve(host: str, port: int, root: str) -> None:
    """Serve the dashboard of an archive until Ctrl-C or SIGTERM.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one.
    root : str
        The archive; ``MMM_ROOT`` when empty.

    Raises
    ------
    MMMError
        The port cannot be used, or the root or the notebook is not there.
    """
    notebook = settings().notebooks / NOTEBOOK
    if not notebook.is_file():
        raise MMMError(f"there is no {notebook}; run mmm in the checkout, or set APP_ROOT to it")
    # as a full path: kernels start in another folder
    os.environ["MMM_ROOT"] = Archive(root).store.root
    bound = _listen(host, port)
    threading.Thread(target=_drain, name="queue", daemon=True).start()
    server = DashboardServer(bound, config=_config(notebook, host, bound.getsockname()[1]))
    server.initialize([])
    server.start()


class DashboardServer(Voila):  # type: ignore[misc]
    """Voilà with one notebook, a health handler, and no file but those the page is made of."""

    def __init__(self, bound: socket.socket, **options: Any) -> None:
        super().__init__(**options)
        self._bound = bound
        self.ioloop = IOLoop.current()

    def setup_template_dirs(self) -> None:
        """Put our page before Voilà's, which fetches its icons from the network."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(_TEMPLATE))

    def init_handlers(self) -> list[Any]:
        """Voilà's handlers without the files, the page with its cookie, and health."""
        health = (url_path_join(self.server_url, HEALTH), Health)
        kept = [rule for rule in super().init_handlers() if rule[1] is not AllowListFileHandler]
        return [
            health,
            *(
                (rule[0], Page, *rule[2:]) if rule[1] is TornadoVoilaHandler else rule
                for rule in kept
            ),
        ]

    def listen(self) -> None:
        """Serve on the socket we have; Voilà would silently take another port."""
        HTTPServer(self.app).add_socket(self._bound)
        signal.signal(signal.SIGINT, self._handle_signal_stop)
        print(f"The dashboard is on {self.display_url} (Ctrl-C ends it)", flush=True)
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _handle_signal_stop(self, sig: int, frame: FrameType | None) -> None:
        self.ioloop.add_callback(self.ioloop.stop)


class Page(TornadoVoilaHandler):  # type: ignore[misc]
    """The dashboard's page."""

    async def get(self, path: str | None = None) -> None:
        """Send the page, with the cookie its closing beacon needs.

        Voilà never sets ``_xsrf``, so that the beacon gets a 403 and the kernel stays
        (voila issue 1458).
        """
        if path:
            raise HTTPError(404)
        _ = self.xsrf_token  # reading it sets the cookie
        await super().get(path)


class Health(RequestHandler):
    """Says that the server answers. Any other address would start a kernel to do so."""

    def get(self) -> None:
        """Answer a probe."""
        self.write({"status": "ok"})


def _drain() -> None:
    """Start what was queued while no server was there; an executor may take its time to answer."""
    try:
        drain()
    except MMMError as error:
        print(f"the queue was not looked at: {error}", file=sys.stderr, flush=True)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port < 65536:  # the system would take it modulo 65536
        raise MMMError(f"{port} is no port; choose one below 65536")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise MMMError(
                f"port {port} of {host} is in use; end what listens there, or choose another: "
                f"mmm app --port {port + 1}"
            ) from None
        raise MMMError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    bound.setblocking(False)
    return bound


def _config(notebook: Path, host: str, port: int) -> Config:
    config = Config()
    config.Voila.config_file_paths = []  # a person's own Jupyter settings do not change the page
    config.Voila.notebook_path = str(notebook)
    config.Voila.root_dir = str(notebook.parent)
    config.Voila.ip = host
    config.Voila.port = port
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    ping = {"ws_ping_interval": PING_MILLISECONDS, "ws_ping_timeout": PING_MILLISECONDS}
    config.Voila.tornado_settings = ping  # a tab that has vanished is noticed
    config.VoilaConfiguration.preheat_kernel = True
    config.VoilaConfiguration.default_pool_size = POOL
    config.VoilaConfiguration.extension_allowlist = _EXTENSIONS
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.strip_sources = True
    # TCP ports are found free and taken a moment later, which kernels that start at once get
    # wrong, and anybody on this machine can connect to them. A socket's path must be short.
    config.KernelManager.transport = "ipc"
    config.Voila.connection_dir_root = "/tmp"
    config.MappingKernelManager.cull_idle_timeout = CULL_SECONDS
    config.MappingKernelManager.cull_interval = CULL_SECONDS // 10
    config.MappingKernelManager.cull_connected = False  # never the kernel of an open tab
    return config
