"""The Debug page's traits and events. What takes time is done in a thread."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from traitlets import Dict, List, Unicode

from mmmlib.archive import Did, recent, record
from mmmlib.ground import MMMError, StoreError, children
from mmmlib.ui.debug import environment
from mmmlib.ui.debug.caches import CACHES, caches
from mmmlib.ui.debug.listing import browse, try_object
from mmmlib.ui.routes import Query, Session
from mmmlib.ui.run.download import readable
from mmmlib.ui.server.folder import log_file
from mmmlib.ui.server.server_log import read_log
from mmmlib.ui.view import View, told

PARTS = ("health", "environment", "archive", "log", "caches")
LOG_ENTRIES = 200
DOWNLOAD_LIMIT = 200_000_000  # bytes; more than this through a web socket freezes the page
DOCTOR_SECONDS = 60.0  # a process that starts on a busy machine; the doctor itself takes five

Rows = list[dict[str, Any]]


class DebugView(View):
    """The page in five parts; each is read when it is first shown."""

    drawn_by = (__file__, "debug.vue")
    part = Unicode(PARTS[0]).tag(sync=True)
    busy: List[str] = List().tag(sync=True)  # what is being done in threads
    findings: List[dict[str, Any]] = List().tag(sync=True)  # of the doctor
    steps: List[dict[str, Any]] = List().tag(sync=True)  # of the storage self-test
    versions: List[list[str]] = List().tag(sync=True)
    variables: List[list[str]] = List().tag(sync=True)
    session: List[list[str]] = List().tag(sync=True)
    listing = Dict().tag(sync=True)
    tried = Dict().tag(sync=True)  # the last object read: key, ok, message
    log: List[dict[str, Any]] = List().tag(sync=True)
    logged = Unicode("yes").tag(sync=True)  # empty: there is no server whose log could be shown
    find = Unicode().tag(sync=True)
    interactions: List[dict[str, Any]] = List().tag(sync=True)
    caches: List[dict[str, Any]] = List().tag(sync=True)

    def __init__(self, session: Session, part: str, find: str, folder: str, **traits: Any) -> None:
        self._session = session
        self._since = time.time()
        self._folder = folder
        self._seen: set[str] = set()
        super().__init__(session.say, **traits)
        self.find = find
        self._show(part if part in PARTS else PARTS[0])

    def refresh(self) -> None:
        """Read what may have changed in the part that is shown."""
        if self.part == "log":
            self._read_log()
        elif self.part == "environment":
            self.session = environment.session(self._session.user, self._since)

    def vue_show(self, part: str) -> None:
        self._show(str(part))

    def vue_examine(self, _: object) -> None:
        self._work("doctor", self._examine)

    def vue_try_storage(self, _: object) -> None:
        self._work("storage", self._try_storage)

    def vue_browse(self, folder: str) -> None:
        self._folder = str(folder)
        self._work("listing", self._browse)

    def vue_try_object(self, key: str) -> None:
        self._work("try", lambda: self._try(str(key)))

    def vue_download(self, key: str) -> None:
        """Send an object: by link where the store has one, otherwise its bytes."""
        store, key = self._session.archive.store, str(key)
        sizes = {item["key"]: item["bytes"] for item in self.listing.get("objects", [])}
        if key not in sizes:
            raise StoreError(f"the folder shown has no {key}; list it again")
        name, url = key.rpartition("/")[2], store.url(key)
        if url.startswith("https://"):
            self._session.follow(url)
        elif sizes[key] > DOWNLOAD_LIMIT:
            large = readable(sizes[key])
            raise StoreError(f"{name} is {large}, too large for the browser; copy it from {url}")
        else:
            self._session.save(name, store.get(key))

    def vue_search(self, text: str) -> None:
        self.find = str(text or "")
        self._read_log()

    def vue_read_interactions(self, _: object) -> None:
        self._work("interactions", self._read_interactions)

    def vue_clear(self, name: str) -> None:
        """Empty a cache; the page has asked."""
        if str(name) not in CACHES:
            raise MMMError(f"there is no cache {name}")
        count = CACHES[str(name)].clear()
        store = self._session.archive.store
        record(store, Did.CLEARED, self._session.user, cache=str(name), files=count)
        self.caches = caches()

    def _show(self, part: str) -> None:
        self.part = part if part in PARTS else self.part
        if self.part not in self._seen:
            self._seen.add(self.part)
            first: dict[str, Callable[[], None]] = {
                "health": self._examine,
                "environment": self._read_environment,
                "archive": self._browse,
                "log": self._read_interactions,
                "caches": self._read_caches,
            }
            names = {"health": "doctor", "archive": "listing", "log": "interactions"}
            self._work(names.get(self.part, self.part), first[self.part])
        self.refresh()

    def _work(self, name: str, action: Callable[[], None]) -> None:
        """Do something in a thread, once at a time; the page shows that it is being done."""
        if name in self.busy:
            return
        self.busy = [*self.busy, name]

        def work() -> None:
            try:
                with told(self.say):
                    action()
            finally:
                self.busy = [other for other in self.busy if other != name]

        threading.Thread(target=work, name=f"debug {name}", daemon=True).start()

    def _examine(self) -> None:
        """Ask the doctor in a process of its own: what it imports would stay in every tab."""
        root = self._session.archive.store.root
        try:
            command = ["doctor", "--json", "--root", root]
            done = children.run("mmmlib.cli:main", command, seconds=DOCTOR_SECONDS)
            self.findings = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise MMMError(f"the doctor gave no answer in {DOCTOR_SECONDS:.0f} s") from None
        except json.JSONDecodeError:
            raise MMMError(f"the doctor does not run: {done.stderr.strip()[-500:]}") from None

    def _try_storage(self) -> None:
        from mmmlib.archive import check_storage

        steps = check_storage(self._session.archive.store.root)
        self.steps = [asdict(step) | {"seconds": round(step.seconds, 3)} for step in steps]

    def _read_environment(self) -> None:
        self.versions = environment.versions()
        self.variables = environment.variables()

    def _browse(self) -> None:
        self.listing = browse(self._session.archive.store, self._folder)
        self.tried = {}

    def _try(self, key: str) -> None:
        try:
            self.tried = {"key": key, "ok": True, "message": try_object(self._session.archive, key)}
        except StoreError as error:
            self.tried = {"key": key, "ok": False, "message": str(error)}

    def _read_log(self) -> None:
        path = log_file()
        self.logged = "yes" if path else ""
        self.log = read_log(path, LOG_ENTRIES, self.find) if path else []

    def _read_interactions(self) -> None:
        self.interactions = [asdict(done) for done in recent(self._session.archive.store)]

    def _read_caches(self) -> None:
        self.caches = caches()


def open_page(session: Session, query: Query) -> DebugView:
    """Open the part that the address names; ``find`` searches the log, ``folder`` the archive."""
    part = query.get("part", "log" if "find" in query else "")
    return DebugView(session, part, query.get("find", ""), query.get("folder", ""))
