"""Secrets: wrapped so that they are not shown by accident, and scrubbed from every text that is.

Whoever reads a secret registers it; whoever writes a message, a log or a notebook scrubs it. The
registry is that of this process; secrets of the environment are known in each one.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import sys
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_SHORT = 6  # characters: a shorter secret is only hidden where it stands alone, not inside words
_LINE = 16  # characters: shorter lines of a key (its last one) say nothing
_SECRET_NAMES = re.compile(
    r"(?:^|_)(PASSWORD|PASSWD|PASSPHRASE|PASSCODE|TOKEN|SECRET|PRIVATE_KEY|PRIVATE_KEY_RAW|"
    r"API_?KEY|ACCESS_KEY|CREDENTIAL)(?:$|_RAW$)|_PWD$"  # PWD alone is the working directory
)
_known: set[str] = set()
_pattern: tuple[frozenset[str], re.Pattern[str] | None] = (frozenset(), None)


class Secret:
    """A text that shows itself only when asked: ``secret.reveal()``. It is registered when made."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        register(text)

    def reveal(self) -> str:
        """The secret itself, for the client that logs in with it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(…)" if self._text else "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled: it would be written")


def register(secret: str) -> None:
    """Make a secret known, so that :func:`scrub` hides it from now on.

    Parameters
    ----------
    secret : str
        A password, token or key; white space around it and empty texts do not count. Its usual
        disguises (URL, JSON, HTML and Base64 encodings, the lines of a key) are hidden too.
    """
    if plain := secret.strip():
        _known.add(plain)


def scrub(text: str) -> str:
    """The text with every known secret replaced by ``[secret]``."""
    pattern = _compiled(frozenset(_known | _of_environment()))
    return pattern.sub(HIDDEN, text) if pattern else text


def _of_environment() -> set[str]:
    """Values of variables that are named like secrets; a file's path is none."""
    return {
        value.strip()
        for name, value in os.environ.items()
        if _SECRET_NAMES.search(name.upper()) and value.strip()
    }


def _compiled(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """One expression for all of them, the longest first; kept until there are others."""
    global _pattern
    if _pattern[0] != secrets:
        forms = sorted({form for each in secrets for form in _forms(each)}, key=len, reverse=True)
        parts = [
            re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
            for form in forms
        ]
        _pattern = (secrets, re.compile("|".join(parts)) if parts else None)
    return _pattern[1]


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as encodings write it."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    forms |= {html.escape(secret), html.escape(secret, quote=False)}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    if len(secret) >= _SHORT:
        forms.add(base64.b64encode(secret.encode()).decode().rstrip("="))
    lines = [line.strip() for line in re.split(r"\n|\\n", secret)]
    if len(lines) > 1:  # a key: each of its lines, not the frame that says it is one
        forms |= {line for line in lines if len(line) >= _LINE and not line.startswith("-----")}
    return forms


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
