# `make help` lists the targets. Each sets up what it needs.
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PEERS := pandas singer
CLOUDS := iceberg snowflake bigquery dialects
SERVERS := airflow $(CLOUDS)
EXTRAS_LOCKED := postgres snowflake bigquery filesystem iceberg motherduck redshift databricks clickhouse
LOCKS = requirements.lock requirements-dev.lock $(EXTRAS_LOCKED:%=locks/%.lock) locks/audit.lock locks/docs.lock
SBOM := build/sbom
CLIENTS := duckdb dbt

# One worker more than two cores have: some tests wait, and each worker imports everything once.
PYTEST = $(BIN)/pytest -n 3 --dist worksteal

.PHONY: help demo test test-quick test-all $(CLOUDS:%=test-%) $(CLIENTS:%=test-%) coverage lint bench bench-quick docs setup lock audit clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## A local Partner Central, two syncs, and what SQL says
	$(BIN)/partner-central demo

test: $(STAMP)-dev ## The tests of every promise; 10 minutes on two cores
	$(PYTEST) -m "$(or $(CHOICE),not slow and not long)" --durations 10 $(COVERAGE) $(ARGS)

test-long: CHOICE := long and not slow
test-long: test ## The tests with many syncs: kills at every step, PostgreSQL, two writers, old datasets

test-quick: $(STAMP)-dev ## The tests that need no server and no database: less than a minute
	$(BIN)/pytest -n 2 tests/unit -m "not slow and not long" $(ARGS)

test-all: $(STAMP)-dev .venv-test-airflow/.set-up $(CLOUDS:%=test-%) $(CLIENTS:%=test-%) ## Every test: also Airflow, cron, clouds, more schedules
	HYPOTHESIS_PROFILE=many $(PYTEST) $(ARGS)

test-iceberg: .venv-test-iceberg/.set-up ## What every destination must do, of Iceberg tables
	WAREHOUSES=iceberg $(<D)/bin/python -m pytest tests/destinations/test_conformance.py tests/destinations/test_lake.py tests/destinations/test_lake_lease.py tests/destinations/test_lake_names.py $(ARGS)

test-snowflake: .venv-test-snowflake/.set-up ## What every destination must do, asked of fakesnow; and the newest botocore
	WAREHOUSES=snowflake $(<D)/bin/python -m pytest tests/destinations/test_conformance.py tests/unit/api/test_model_extras.py $(ARGS)

test-bigquery: .venv-test-bigquery/.set-up ## The same, asked of bqemulator; its own plugin wants containers
	WAREHOUSES=bigquery $(<D)/bin/python -m pytest -p no:bqemulator tests/destinations/test_conformance.py $(ARGS)

test-dialects: .venv-test-dialects/.set-up ## What dlt writes for warehouses whose clients are not in .venv; ClickHouse as a library
	DIALECTS="snowflake bigquery databricks clickhouse" $(<D)/bin/python -m pytest tests/destinations/test_dialects.py $(ARGS)
	WAREHOUSES=clickhouse $(<D)/bin/python -m pytest tests/destinations/test_conformance.py $(ARGS)

test-duckdb: $(STAMP)-dev .venv-test-duckdb/.set-up ## Whether an old client of DuckDB reads the files that are made today
	OLD_DUCKDB=$(CURDIR)/.venv-test-duckdb/bin/python $(BIN)/pytest tests/slow/test_old_duckdb.py $(ARGS)

test-dbt: $(STAMP)-dev .venv-test-dbt/.set-up ## The dbt package with DuckDB and PostgreSQL: its models equal the views
	$(BIN)/pytest tests/slow/test_dbt.py $(ARGS)

coverage: CHOICE := not slow
coverage: COVERAGE := --cov --cov-report=term
coverage: test ## The tests of test and test-long, and which lines they reach

lint: $(STAMP)-dev ## Format, style, spelling, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy

BENCH := PYTHONPATH=tests/support $(BIN)/python benchmarks/run.py --pandas .venv-bench-pandas --singer .venv-bench-singer

bench: $(STAMP)-dev $(PEERS:%=.venv-bench-%/.set-up) ## Speed and cost beside other ways to do it, into docs/BENCHMARKS.md; less than an hour
	$(BENCH) --out docs/BENCHMARKS.md --figures docs/benchmarks.json $(ARGS)

bench-quick: $(STAMP)-dev .venv-bench-pandas/.set-up ## The most important of it in less than three minutes, compared with the last time
	$(BENCH) --quick --figures build/bench-quick.json $(ARGS)

docs: .venv-docs/.set-up ## The documentation as a site, in build/docs/site; fails where a link leads nowhere
	$(PYTHON) docs/site_pages.py
	.venv-docs/bin/zensical build --strict --clean --config-file build/docs/mkdocs.yml
	@echo build/docs/site

.venv-bench-%/.set-up: benchmarks/peers/%.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(CLIENTS:%=.venv-test-%/.set-up): .venv-test-%/.set-up: tests/locks/%.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

# Servers and clients whose packages cannot be installed beside each other: a virtual environment each.
.venv-test-%/.set-up: tests/locks/%.lock pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# With EXTRAS, packages that the lock does not have come as they are resolved; none that it has changes its version.
setup: $(STAMP) ## .venv with exactly the locked packages, and the command in it; EXTRAS=postgres adds extras
ifneq ($(EXTRAS),)
	sed -n 's/^\([a-z0-9][^ ]*==[^\\]*\)\\$$/\1/p' requirements.lock > $(VENV)/pins.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)/pins.txt \
		--no-build-isolation -e ".[$(EXTRAS)]"
endif

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-build-isolation -e .
	@touch $@

$(STAMP)-dev: $(STAMP) requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

RESOLVE := uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

lock: ## Resolve pyproject.toml into all locks but those of the benchmarks (needs uv)
	$(RESOLVE) --extra dev -o requirements-dev.lock --upgrade
	sed -n 's/ \\$$//p' requirements-dev.lock | grep == > .constraints
	$(RESOLVE) --extra build -c .constraints -o requirements.lock --upgrade
	for server in $(SERVERS); do $(RESOLVE:pyproject.toml=tests/locks/$$server.in) \
		--no-emit-package partner-central-sync -o tests/locks/$$server.lock --upgrade; done
	for extra in $(EXTRAS_LOCKED); do $(RESOLVE) --extra build --extra $$extra -c .constraints \
		-o locks/$$extra.lock --upgrade; done
	for tool in audit docs; do $(RESOLVE:pyproject.toml=locks/$$tool.in) -o locks/$$tool.lock --upgrade; done
	for client in $(CLIENTS); do $(RESOLVE:pyproject.toml=tests/locks/$$client.in) \
		--no-emit-package dbt-core-experimental-parser -o tests/locks/$$client.lock --upgrade; done
	rm .constraints

audit: .venv-audit/.set-up ## Bills of materials of all locks, and their known vulnerabilities (needs the network)
	mkdir -p $(SBOM)
	for lock in $(LOCKS); do .venv-audit/bin/cyclonedx-py requirements $$lock --output-reproducible \
		-o $(SBOM)/$$(basename $$lock .lock).cdx.json || exit 1; done
	for lock in $(LOCKS); do echo $$lock; .venv-audit/bin/pip-audit --strict --disable-pip --require-hashes \
		--progress-spinner off -r $$lock || exit 1; done

.venv-audit/.set-up .venv-docs/.set-up: .venv-%/.set-up: locks/%.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

clean: ## Remove what the other targets made
	rm -rf $(VENV) .venv-audit .venv-docs build $(PEERS:%=.venv-bench-%) $(SERVERS:%=.venv-test-%) $(CLIENTS:%=.venv-test-%) \
		.coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
