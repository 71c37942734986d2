# The server in an image of its own; PostgreSQL and Valkey come from DATABASE_URL and REDIS_URL (see compose.yaml).
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS environment
WORKDIR /build
COPY requirements/uv.txt requirements/runtime.txt ./
# The same two steps as dev.py: pip installs uv, uv installs the list, both by hash.
RUN python -m venv /opt/installer \
 && /opt/installer/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary=:all: --no-deps -r uv.txt \
 && python -m venv --without-pip /opt/xinyi/environment \
 && /opt/installer/bin/uv pip sync --quiet --no-cache --compile-bytecode --require-hashes \
      --python /opt/xinyi/environment/bin/python runtime.txt

FROM ${PYTHON}
ENV PATH=/opt/xinyi/environment/bin:$PATH \
    PYTHONPATH=/opt/xinyi/application \
    PYTHONUNBUFFERED=1 \
    XINYI_HOST=0.0.0.0 \
    XINYI_PORT=8000 \
    XINYI_DATA=/data
RUN groupadd --system --gid 10001 xinyi \
 && useradd --system --uid 10001 --gid xinyi --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin xinyi \
 && install --directory --owner xinyi --group xinyi --mode 0700 /data
COPY --from=environment /opt/xinyi/environment /opt/xinyi/environment
# Owned by root: the server cannot change its own code.
COPY . /opt/xinyi/application
WORKDIR /opt/xinyi/application
USER xinyi
VOLUME /data
EXPOSE 8000
# SIGTERM lets requests in flight end; Docker waits for `stop_grace_period` before it kills.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-I", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ['XINYI_PORT']}/livez\", timeout=2)"]
ENTRYPOINT ["python", "-m", "backend.cli"]
CMD ["up"]
