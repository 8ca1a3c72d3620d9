"""The kernels of a run's notebooks: started before they are needed, gone when the run ends.

A kernel takes about two seconds to start and import; meanwhile the process that starts it can
import papermill, or execute the notebook before.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from mmmlib.archive import Run
from mmmlib.ground import names
from mmmlib.run.supervisor import SUPERVISED

KERNEL = "python3"  # of the notebooks


class Kernel:
    """A kernel that has been started; whether it is ready its client finds out.

    Attributes
    ----------
    manager : jupyter_client.AsyncKernelManager
    stderr : file
        What the kernel's process says itself.
    """

    def __init__(self, run: Run, modules: Iterable[str] = ()) -> None:
        from jupyter_client.manager import AsyncKernelManager
        from jupyter_core.utils import run_sync
        from traitlets.config import Config

        self._open = ExitStack()
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
        self.stderr: IO[bytes] = self._open.enter_context(stderr)
        # sockets in a folder of the user's own: nobody else on the machine can listen
        sockets = self._open.enter_context(tempfile.TemporaryDirectory(prefix="mmm-"))
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        self.manager: Any = AsyncKernelManager(kernel_name=KERNEL, config=config)
        imports = "; ".join(f"__import__({module!r})" for module in modules)
        run_sync(self.manager.start_kernel)(
            env={**os.environ, SUPERVISED: str(run.id)},
            stderr=self.stderr,
            extra_arguments=[f"--IPKernelApp.exec_lines={imports}"] if imports else [],
        )

    def end(self) -> None:
        """Kill it where it still runs."""
        from jupyter_core.utils import run_sync

        with self._open:
            if self.manager.has_kernel:
                run_sync(self.manager.shutdown_kernel)(now=True)


class Kernels:
    """The kernels of notebooks executed one after the other; each is taken once.

    The one after that which is taken starts when :meth:`start_next` says so, and imports what
    the engine will need.

    Parameters
    ----------
    run : Run
    count : int
        How many notebooks there are; no kernel is started for nothing.
    """

    def __init__(self, run: Run, count: int = 1) -> None:
        self._run, self._count = run, count
        self._modules = names.PRELOADS.get(run.job.engine, ())
        self._next: Kernel | None = Kernel(run)
        self._all = [self._next]

    def start_next(self) -> None:
        """Start the next kernel, unless it has been or there is no notebook for it."""
        if self._next is None and len(self._all) < self._count:
            self._next = Kernel(self._run, self._modules)
            self._all.append(self._next)

    def take(self) -> Kernel:
        """The next kernel, which is yours now."""
        self.start_next()
        kernel, self._next = self._next, None
        if kernel is None:
            raise RuntimeError(f"there are no more than {self._count} notebooks to execute")
        return kernel


@contextmanager
def kernels_of(run: Run, count: int = 1) -> Iterator[Kernels]:
    """Kernels for so many notebooks of a run; none is left when the block ends."""
    kernels = Kernels(run, count)
    try:
        yield kernels
    finally:
        for kernel in kernels._all:
            kernel.end()
