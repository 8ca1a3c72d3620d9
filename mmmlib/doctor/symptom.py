"""What a probe finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    """``warn`` is for what only some jobs need."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Symptom:
    """What one probe found, the remedy where it does not pass, and the seconds it took."""

    name: str
    verdict: Health
    found: str
    remedy: str = ""
    seconds: float = 0.0

    def plain(self) -> dict[str, Any]:
        """Plain values, as JSON takes them."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}
