# make demo · make test · make coverage · make lint · make bench · make setup. Each sets up what it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PEERS := pandas singer

.PHONY: demo test test-all coverage lint bench setup lock clean

demo: setup ## A local Partner Central, two syncs, and what SQL says
	$(BIN)/partner-central demo

test: setup ## Every test but the slow ones
	$(BIN)/pytest -n 4 --dist worksteal -m "not slow" $(COVERAGE) $(ARGS)

test-all: setup .venv-airflow/.set-up ## Every test; a real Airflow and a real cron (Debian's package) among them
	$(BIN)/pytest -n 4 --dist worksteal $(COVERAGE) $(ARGS)

coverage: COVERAGE := --cov --cov-report=term
coverage: test ## Every test, and which lines they reach; takes half as long again

lint: setup ## Format, style, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup $(PEERS:%=.venv-bench-%/.set-up) ## Speed and cost beside other ways to do it, into docs/BENCHMARKS.md; half an hour
	$(BIN)/python tests/bench/run.py --pandas .venv-bench-pandas --singer .venv-bench-singer \
		--out docs/BENCHMARKS.md $(ARGS)

.venv-bench-%/.set-up: tests/bench/peers/%.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

.venv-airflow/.set-up: tests/airflow/airflow.lock pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP) ## .venv with exactly the locked packages, and the command in it

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock: ## Resolve pyproject.toml anew into requirements.lock (needs uv)
	uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --custom-compile-command "make lock" -o requirements.lock --upgrade
	uv pip compile --quiet pyproject.toml tests/airflow/airflow.in --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --custom-compile-command "make lock" -o tests/airflow/airflow.lock --upgrade

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(PEERS:%=.venv-bench-%) .venv-airflow .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
