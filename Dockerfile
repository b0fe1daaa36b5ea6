# docs/how-to/cron.md says how to run it: as nobody in particular, on a root file system that is read-only.
# The digest is of the index of all platforms. docs/how-to/cron.md says how to look up a newer one.
FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea AS base

FROM base AS build
ARG EXTRA=""
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY locks locks
COPY sources sources
COPY pipelines pipelines
COPY emulator emulator
# Exactly the files of one lock, by their hashes: of an extra, such as snowflake, or of none.
RUN lock=requirements.lock && if [ -n "${EXTRA}" ]; then lock="locks/${EXTRA}.lock"; fi \
    && python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r "${lock}" \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM base
COPY --from=build /opt/venv /opt/venv
RUN useradd --uid 10001 --home-dir /data --create-home sync && mkdir -p /app/.dlt
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DLT_DATA_DIR=/data/dlt \
    TMPDIR=/data \
    DESTINATION__DUCKDB__CREDENTIALS=/data/partner_central.duckdb
WORKDIR /app
VOLUME /data
USER 10001
ENTRYPOINT ["partner-central"]
CMD ["sync", "--quiet"]
