# docs/how-to/cron.md says how to run it: as nobody in particular, on a root file system that is read-only.
FROM python:3.12-slim AS build
ARG EXTRAS=""
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY sources sources
COPY pipelines pipelines
COPY emulator emulator
# The locked versions, of what is needed to run: [snowflake] and the like as EXTRAS.
RUN sed -n 's/^\([a-z0-9][^ ]*==[^\\]*\)\\$/\1/p' requirements.lock > pins.txt \
    && python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --constraint pins.txt ".${EXTRAS}"

FROM python:3.12-slim
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
