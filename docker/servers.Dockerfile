# What stands in for the cloud in docker/compose.yaml: Cloud Storage and Snowflake, for one laptop.
ARG BASE=docker.io/library/debian:bookworm-slim
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get -qq update \
    && apt-get -qq -y --no-install-recommends install ca-certificates python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/servers.txt /src/requirements/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip --no-cache-dir --quiet install --require-hashes \
      -r /src/requirements/servers.txt
COPY mmmlib/data/examples/weekly.csv docker/servers.py /opt/servers/
RUN useradd --uid 10002 --user-group --no-create-home --shell /usr/sbin/nologin servers \
    && mkdir -p /buckets/mmm-app-output \
    && chown -R servers:servers /buckets
ENV HOME=/tmp
USER 10002
WORKDIR /opt/servers
VOLUME ["/buckets"]
ENTRYPOINT ["/opt/venv/bin/python", "servers.py"]
