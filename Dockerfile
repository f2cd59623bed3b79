# revenuer in one image, as docker-compose.yml and deploy/kubernetes run it.
#
# Reproducible: every package comes from the lock with its hash, nothing is compiled, and with the time of the commit
# two builds of one commit give the same layers:
#
#   docker build --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" --output type=image,rewrite-timestamp=true .
#
# The base is named by its tag. For a build that no registry can change, name it by its digest, as
# `docker buildx imagetools inspect python:3.13-slim-trixie` prints it: --build-arg BASE=python@sha256:...
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
ARG SOURCE_DATE_EPOCH=0
# Files carry the commit's time and byte code is checked by content, so that neither tells when the image was built.
ENV SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements/run.lock requirements/run.lock
# Wheels only: what would have to be compiled has no place here.
RUN python -m venv /opt/revenuer \
    && /opt/revenuer/bin/pip install --require-hashes --only-binary :all: -r requirements/run.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY detectors detectors
COPY service service
COPY migrations migrations
# hatchling is in the lock, so that building the package fetches nothing. pip stays behind.
RUN /opt/revenuer/bin/pip install --no-deps --no-build-isolation . \
    && /opt/revenuer/bin/python -m compileall -q --invalidation-mode checked-hash /opt/revenuer \
    && /opt/revenuer/bin/pip uninstall --yes pip \
    && find /opt/revenuer -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}
# The user is a number alone: nothing needs an entry in /etc/passwd. A new volume takes this folder's owner and mode.
RUN install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/revenuer /opt/revenuer
USER 10001:10001
WORKDIR /data
ENV PATH=/opt/revenuer/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    REVENUER_DATA=/data \
    REVENUER_LISTEN=0.0.0.0:8080 \
    REVENUER_CONTROL=0.0.0.0:8081
VOLUME /data
# Data port, control port, and metrics and health of a gateway or worker that runs by itself.
EXPOSE 8080 8081 9090
# Embedded, the control port answers for the whole installation. A role by itself brings its own check.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8081/healthz', timeout=2)"]
CMD ["revenuer", "serve"]
