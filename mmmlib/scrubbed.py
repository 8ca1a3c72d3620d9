"""Known secrets hidden in values, and in everything a kernel says."""

from __future__ import annotations

import sys
from typing import Any

from mmmlib.secrets import scrub


def scrub_values(value: Any) -> Any:
    """Return plain values with known secrets hidden in their texts; numbers stay what they are."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {_key(key): scrub_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_values(item) for item in value]
    return value


def scrub_kernel() -> None:
    """Hide secrets in every message of this Jupyter kernel: output, errors, tracebacks.

    A secret that only the kernel knows, such as that of a connection's profile, must be hidden
    there: whoever executes the notebook receives its outputs and writes them down. Outside a
    kernel nothing happens, and a second call changes nothing.
    """
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None or getattr(kernel.session.send, "scrubs", False):
        return
    send = kernel.session.send

    def scrubbing(stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **kw: Any) -> Any:
        if isinstance(msg_or_type, dict):  # a whole message
            msg_or_type["content"] = scrub_values(msg_or_type.get("content"))
        return send(stream, msg_or_type, scrub_values(content), *args, **kw)

    scrubbing.scrubs = True  # type: ignore[attr-defined]
    kernel.session.send = scrubbing


def _key(key: Any) -> Any:
    return scrub(key) if isinstance(key, str) else key
