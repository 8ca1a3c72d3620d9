"""Write the tables of docs/cost.md from infra/cost/prices.toml: ``python infra/cost/sheet.py``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "cost.md"
MONTH_SECONDS = 730 * 3600


def read() -> dict[str, Any]:
    """Return prices and assumptions."""
    return tomllib.loads((HERE / "prices.toml").read_text())


def idle(given: dict[str, Any]) -> dict[str, float]:
    """Dollars of a month in which nobody comes."""
    price, free, use = given["prices"], given["free"], given["idle"]
    return {
        "Cloud Run (scaled to zero)": 0.0,
        "Artifact Registry": max(0, use["images_gib"] - free["registry_gib"])
        * price["registry_gib_month"],
        "Cloud Storage": use["archive_gib"] * price["storage_gib_month"],
        "Alert policies": use["alert_conditions"] * price["alert_condition_month"],
        "Logs": max(0, use["logs_gib"] - free["logs_gib"]) * price["logs_gib"],
        "Secrets": max(0, use["secret_versions"] - free["secret_versions"])
        * price["secret_version_month"],
    }


def run(given: dict[str, Any], engine: str) -> dict[str, float]:
    """Dollars of one run, without what is free."""
    price, size, use = given["prices"], given["sizes"], given["month"]
    seconds = use["container_start_seconds"] + use[f"{engine}_seconds"]
    return {
        "processors": seconds * size["job_cpu"] * price["job_cpu_second"],
        "memory": seconds * size["job_gib"] * price["job_gib_second"],
        "writes and reads": use["run_writes"] * price["storage_write"]
        + use["run_reads"] * price["storage_read"],
        "a year in the archive": use["run_gib"]
        * (2 * price["storage_gib_month"] + 4 * price["nearline_gib_month"]
           + 6 * price["coldline_gib_month"]),
    }  # fmt: skip


def hour(given: dict[str, Any]) -> float:
    """Dollars of one hour in which at least one page is open."""
    price, size = given["prices"], given["sizes"]
    return 3600 * float(
        size["service_cpu"] * price["service_cpu_second"]
        + size["service_gib"] * price["service_gib_second"]
    )


def warm(given: dict[str, Any]) -> float:
    """Dollars of a month with ``dashboard.min_instances = 1``."""
    price, size = given["prices"], given["sizes"]
    return MONTH_SECONDS * float(
        size["service_cpu"] * price["idle_cpu_second"]
        + size["service_gib"] * price["idle_gib_second"]
    )


def month(given: dict[str, Any], engine: str) -> dict[str, float]:
    """Dollars of a month of work; what is free is taken off."""
    price, size, use, free = (given[key] for key in ("prices", "sizes", "month", "free"))
    open_seconds = use["dashboard_hours"] * 3600
    train_seconds = use["runs"] * (use["container_start_seconds"] + use[f"{engine}_seconds"])
    return {
        "an idle month": sum(idle(given).values()),
        "dashboard": max(0, open_seconds * size["service_cpu"] - free["service_cpu_seconds"])
        * price["service_cpu_second"]
        + max(0, open_seconds * size["service_gib"] - free["service_gib_seconds"])
        * price["service_gib_second"],
        "training": max(0, train_seconds * size["job_cpu"] - free["job_cpu_seconds"])
        * price["job_cpu_second"]
        + max(0, train_seconds * size["job_gib"] - free["job_gib_seconds"])
        * price["job_gib_second"],
        "storage": use["runs"]
        * (use["run_gib"] * price["storage_gib_month"] + run(given, engine)["writes and reads"]),
        "image scans": use["pushed_images"] * price["image_scan"],
        "downloads": use["egress_gib"] * price["egress_gib"],
    }


def tables(given: dict[str, Any]) -> str:
    """Return the tables as Markdown."""
    native, robyn = (run(given, engine) for engine in ("native", "robyn"))
    of_native, of_robyn = (month(given, engine) for engine in ("native", "robyn"))
    parts = [
        *_table(["idle month", "$"], {name: [each] for name, each in idle(given).items()}, 2),
        "",
        *_table(["one run", "native, $", "robyn, $"],
                {name: [native[name], robyn[name]] for name in native}, 4),
        "",
        *_table([f"a month with {given['month']['runs']} runs", "native, $", "robyn, $"],
                {name: [of_native[name], of_robyn[name]] for name in of_native}, 2),
        "",
        f"An hour with a page open costs ${hour(given):.2f} (the first "
        f"{given['free']['service_cpu_seconds'] / given['sizes']['service_cpu'] / 3600:.0f} hours "
        f"of a month are free); one instance kept warm all month ${warm(given):.0f}.",
    ]  # fmt: skip
    return "\n".join(parts)


def _table(head: list[str], rows: dict[str, list[float]], digits: int) -> list[str]:
    totals = [sum(column) for column in zip(*rows.values(), strict=True)]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for name, values in [*rows.items(), ("**together**", totals)]:
        lines.append(f"| {name} | " + " | ".join(f"{each:.{digits}f}" for each in values) + " |")
    return lines


def filled(page: str, given: dict[str, Any]) -> str:
    """Return the page with its tables written anew."""
    return re.sub(
        r"(<!-- tables: [^>]* -->\n).*?(<!-- end of tables -->)",
        lambda found: f"{found[1]}{tables(given)}\n{found[2]}",
        page,
        flags=re.S,
    )


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(), read()))
