"""Serves the dashboard with Voilà: preheated, and closed to everything that is not the page."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from mmmlib.archive import Archive
from mmmlib.ground import MMMError, Severity, log, settings
from mmmlib.launching import Tending
from mmmlib.ui.server.folder import ServerFolder
from mmmlib.ui.server.handlers import (
    Closing,
    HealthHandler,
    KernelSocket,
    Login,
    Owners,
    PageHandler,
    Scripts,
    SecurityHeaders,
    TabKernelHandler,
    TemplateFiles,
)
from mmmlib.ui.server.iap import IapIdentity
from mmmlib.ui.server.line import Line, most_pages
from mmmlib.ui.server.server_log import ServerLog
from mmmlib.ui.server.token import TokenIdentity

NOTEBOOK = "dashboard.ipynb"
HEALTH = "/health"  # not /healthz, which Cloud Run keeps for itself
POOL = 2  # kernels waiting for the next tab
PING_MILLISECONDS = 30_000
SILENCE_MILLISECONDS = 90_000  # three pings: one late answer must not cut a page off
SETTLE_SECONDS = 5.0  # Cloud Run gives ten between the signal and the end
CULL_SECONDS = 600  # a kernel whose tab has vanished without a word

_TEMPLATE = Path(__file__).with_name("page")
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "jupyter-vue",
    "jupyter-vuetify",
]
# Voilà's own handlers that are kept, and what stands in for them; all others are left out:
# files beside the notebook, themes, the request of another tab.
_KEPT = {
    TornadoVoilaHandler: PageHandler,
    KernelHandler: TabKernelHandler,
    VoilaKernelWebsocketHandler: KernelSocket,
    VoilaShutdownKernelHandler: Closing,
    FileFindHandler: Scripts,
    MultiStaticFileHandler: MultiStaticFileHandler,
    TemplateStaticFileHandler: TemplateFiles,
}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(host: str, port: int, root: str, base_url: str = "", token: str = "") -> None:
    """Serve the dashboard of an archive until Ctrl-C or SIGTERM.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one.
    root : str
        The archive; ``MMM_ROOT`` when empty.
    base_url : str
        Path under which the page is served; ``MMM_BASE_URL`` when empty.
    token : str
        Password of the page; ``MMM_TOKEN`` when empty.

    Raises
    ------
    MMMError
        The port or the path cannot be used, or the root or the notebook is not there.
    """
    notebook = settings().notebooks / NOTEBOOK
    if not notebook.is_file():
        raise MMMError(f"there is no {notebook}; run mmm in the checkout, or set APP_ROOT to it")
    path = _path(base_url or settings().mmm_base_url)
    token = token or settings().mmm_token.get_secret_value()
    os.environ.pop("MMM_TOKEN", None)  # kernels need not know it
    places = _places(host, Archive(root).store.root)
    bound = _listen(host, port)
    os.environ.update(places)
    settings.cache_clear()
    folder, stop = ServerFolder(), threading.Event()
    try:
        with ServerLog(folder.log):
            _warn(host, token)
            logging.getLogger("tornado.general").addFilter(_no_misread_ping)
            threading.Thread(
                target=Tending(places["MMM_ROOT"]).until, args=[stop], name="queue", daemon=True
            ).start()
            config = _config(notebook, host, bound.getsockname()[1], path, token)
            server = DashboardServer(bound, folder, config=config)
            server.initialize([])
            server.start()
    finally:
        stop.set()
        folder.remove()


class DashboardServer(Voila):  # type: ignore[misc]
    """Voilà with one notebook, a health handler, and no file but those the page is made of."""

    def __init__(self, bound: socket.socket, folder: ServerFolder, **options: Any) -> None:
        super().__init__(**options)
        self._bound = bound
        self._folder = folder
        self.ioloop = IOLoop.current()

    def setup_template_dirs(self) -> None:
        """Put our page before Voilà's, which fetches its icons from the network."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(_TEMPLATE))

    def init_handlers(self) -> list[Any]:
        """Health, the page and what it is made of; every answer compressed and guarded."""
        self.app.settings["owners"] = Owners(self._folder)
        self.app.settings["line"] = Line(most_pages())
        self.app.add_transform(GZipContentEncoding)
        self.app.add_transform(SecurityHeaders)
        self._folder.tell(
            pid=os.getpid(),
            started=time.time(),
            base_url=self.base_url,
            behind_iap=isinstance(self.identity_provider, IapIdentity),
            token=bool(self.token),
            pool=POOL,
            cull_seconds=CULL_SECONDS,
        )
        # a probe need not know the path
        rules = [
            (where, HealthHandler) for where in {HEALTH, url_path_join(self.server_url, HEALTH)}
        ]
        if self.identity_provider.login_available:
            rules.append((url_path_join(self.server_url, "/login"), Login))
        for pattern, handler, *options in super().init_handlers():
            if handler in _KEPT:
                rules.append((pattern, _KEPT[handler], *options))
        return rules

    def listen(self) -> None:
        """Serve on the socket we have; Voilà would silently take another port."""
        # behind a proxy the request's own scheme is the proxy's affair
        HTTPServer(self.app, xheaders=settings().mmm_behind_iap).add_socket(self._bound)
        signal.signal(signal.SIGINT, self._handle_signal_stop)
        where = self.display_url.partition("?")[0]  # without the token
        log(f"The dashboard is on {where} (Ctrl-C ends it)")
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def stop(self) -> None:
        """End the kernels, once those that are just starting or ending have done so.

        Voilà would do it in another loop, in which what has begun in this one never ends.
        """
        self.ioloop.run_sync(self._end_kernels)
        super().stop()

    async def _end_kernels(self) -> None:
        pending = self.kernel_manager._pending_kernels
        if going := list(pending.values()):
            await asyncio.wait(going, timeout=SETTLE_SECONDS)
        pending.clear()  # else Jupyter asks those that hang once more, and leaves the others
        await self.kernel_manager.shutdown_all()

    def _handle_signal_stop(self, sig: int, frame: FrameType | None) -> None:
        self.ioloop.add_callback_from_signal(self.ioloop.stop)


def _data_folders(host: str) -> tuple[Path, ...]:
    """Folders whose files the page may name: others than this machine's user must be let in."""
    if _serves_others(host) and settings().mmm_data_folders is None:
        return ()
    return settings().data_folders


def _places(host: str, root: str) -> dict[str, str]:
    """What kernels and all they start are told, as full paths: they start in another folder."""
    only = {"MMM_ONLY_ROOT": root} if _serves_others(host) else {}
    folders = os.pathsep.join(map(str, _data_folders(host)))
    return {"MMM_ROOT": root, "MMM_DATA_FOLDERS": folders, **only}


def _serves_others(host: str) -> bool:
    """Whether others than this machine's user can reach the page."""
    return host not in _LOOPBACK or settings().mmm_behind_iap


def _warn(host: str, token: str) -> None:
    """Say when anybody who reaches the port can launch and delete."""
    if host not in _LOOPBACK and not token and not settings().mmm_behind_iap:
        log(
            f"Everybody who reaches {host} can use the dashboard: set MMM_TOKEN, or put "
            "Identity-Aware Proxy before it and set MMM_BEHIND_IAP=true",
            Severity.WARNING,
        )


def _no_misread_ping(record: logging.LogRecord) -> bool:
    """Tornado takes Jupyter's milliseconds between pings for seconds of its own, and complains."""
    return "websocket_ping_timeout" not in record.getMessage()


def _path(base_url: str) -> str:
    """A path with a slash at both ends."""
    if not re.fullmatch(r"[A-Za-z0-9/_.~-]*", base_url) or "//" in base_url or ".." in base_url:
        raise MMMError(f"base URL {base_url!r} is no path; write one such as /mmm/")
    inner = base_url.strip("/")
    return f"/{inner}/" if inner else "/"


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


def _config(notebook: Path, host: str, port: int, base_url: str, token: str) -> Config:
    config = Config()
    config.Voila.config_file_paths = []  # a person's own Jupyter settings do not change the page
    config.Voila.notebook_path = str(notebook)
    config.Voila.root_dir = str(notebook.parent)
    config.Voila.ip = host
    config.Voila.port = port
    config.Voila.base_url = base_url
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.token = token
    behind_iap = settings().mmm_behind_iap
    config.Voila.identity_provider_class = IapIdentity if behind_iap else TokenIdentity
    config.IdentityProvider.cookie_options = {"samesite": "Lax"}
    config.Voila.tornado_settings = {
        # a tab that has vanished is noticed
        "ws_ping_interval": PING_MILLISECONDS,
        "ws_ping_timeout": SILENCE_MILLISECONDS,
        # a page elsewhere whose name was pointed at this machine is not ours
        "allow_remote_access": behind_iap or host not in _LOOPBACK,
        "xsrf_cookie_kwargs": {"samesite": "Lax", "secure": behind_iap},
    }
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
