# revenuer in one container, as docker-compose.yml runs it. Everything comes from the lock, with its hash.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.lock requirements/run.lock
RUN python -m venv /opt/revenuer \
    && /opt/revenuer/bin/pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY detectors detectors
COPY service service
COPY migrations migrations
RUN /opt/revenuer/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin revenuer \
    && install -d -o revenuer -g revenuer -m 0700 /data
COPY --from=build /opt/revenuer /opt/revenuer
USER revenuer
ENV PATH=/opt/revenuer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    REVENUER_DATA=/data \
    REVENUER_LISTEN=0.0.0.0:8080 \
    REVENUER_CONTROL=0.0.0.0:8081
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8081/healthz', timeout=2)"]
CMD ["revenuer", "serve"]
