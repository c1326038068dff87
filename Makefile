# Everything a developer or a machine does here; `make help` lists it.

PYTHON ?= python3
VENV ?= .venv
ROOT ?= published
SOURCE ?= sample
COUNT ?= 200
SEED ?= 1
MINUTES ?= 60
TIMES ?= 5
RUN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help sync check test test-sql test-python test-slow test-nightly mutants servers lint format bench docs lock wheel clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

sync: $(VENV)/.installed ## Extract SOURCE (the built-in sample), build, test and publish to the folder ROOT.
	$(RUN)/biodata-cache sync --source "$(SOURCE)" --root "$(ROOT)"

check: lint test ## Check what every change must pass: lint and the fast tests.

# Beside each other: dbt alone keeps one core busy.
test: $(VENV)/.installed-dev ## Run the fast tests, of SQL and of Python.
	$(MAKE) --no-print-directory --jobs 2 test-sql test-python

# dbt asks the tables that a test replaces for their columns; their rows do not count. Its log file
# would cost a fifth of the time; what fails is printed.
test-sql: export BIODATA_CACHE_WORK := .biodata-cache/unit-tests
test-sql: $(VENV)/.installed-dev ## Run the unit tests of SQL, on the tables of a few records.
	$(RUN)/biodata-cache extract --source sample:20
	$(RUN)/dbt --quiet --log-level-file none build --select resource_type:seed staging intermediate test_type:unit \
		--exclude test_type:data

test-python: $(VENV)/.installed-dev ## Run the fast tests of Python.
	$(RUN)/pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(VENV)/.installed-dev ## Run the tests that take longer.
	$(RUN)/pytest -n 2 --dist worksteal -m slow

test-nightly: export BIODATA_TEST_EXAMPLES := $(TIMES)
test-nightly: $(VENV)/.installed-dev ## Run the tests that draw examples, with TIMES as many.
	$(RUN)/pytest -n 2 --dist worksteal -m nightly

mutants: $(VENV)/.installed-dev ## Plant COUNT faults, one at a time, and print what no test sees.
	$(RUN)/python scripts/mutants --count $(COUNT) --seed $(SEED) --minutes $(MINUTES)

servers: $(VENV)/.installed-dev ## Install the servers, the browser and the packages that tests talk to, once.
	scripts/install_mongodb_server
	scripts/install_s3_server.sh
	scripts/install_browser.sh
	scripts/install_axe.sh
	scripts/install_duckdb_versions.sh
	scripts/install_schema_packages.sh
	scripts/install_clients.sh
	scripts/install_spark.sh
	scripts/install_checkers.sh

# dbt-bouncer and dbt-score need Python 3.11.
lint: $(VENV)/.installed-dev ## Check style and types of Python and SQL.
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-logo
	$(RUN)/python scripts/lint_staging.py
	$(RUN)/sqlfluff lint --processes 2 --disable-progress-bar models tests/data
	$(RUN)/dbt --quiet parse --profiles-dir . --target-path target
	$(RUN)/python scripts/lint_metrics.py target/semantic_manifest.json
	if $(RUN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))"; then \
		$(RUN)/dbt-bouncer run && $(RUN)/dbt-score lint --manifest target/manifest.json; fi

format: $(VENV)/.installed-dev ## Put Python and SQL into house style.
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .
	$(RUN)/sqlfluff fix --disable-progress-bar models tests/data

bench: $(VENV)/.installed-dev ## Measure builds, nights and reading against their floors.
	$(RUN)/python scripts/bench.py

docs: $(VENV)/.installed-dev ## Write what is generated of README and package, and build the documentation into site/.
	$(RUN)/python scripts/write_readme_tables.py
	$(RUN)/python scripts/write_filters.py
	$(RUN)/python scripts/docs/build.py

lock: RESOLVE := pyproject.toml --universal --python-version 3.10 --generate-hashes \
	--no-strip-extras --no-annotate --no-header --quiet
lock: $(VENV)/.installed-dev ## Resolve the dependencies again, for all supported Pythons.
	$(RUN)/pip install --quiet "uv>=0.5"
	$(RUN)/uv pip compile $(RESOLVE) --extra dev --upgrade --output-file requirements-dev.lock
	$(RUN)/uv pip compile $(RESOLVE) --extra docdb --extra editable \
		--constraint requirements-dev.lock --upgrade --output-file requirements.lock

wheel: $(VENV)/.installed ## Build the wheel, with the tables of the sample for `biodata-cache demo`.
	$(RUN)/python scripts/write_sample.py
	$(RUN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## Remove what was built, but not the environment.
	rm -rf .biodata-cache biodata_cache/_sample published site target logs dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# The environment is made again when a dependency or the version changes. Its packages are checked
# against hashes; the project itself is installed in place, so that a change of code needs no
# installation. What is installed has the version that dbt_project.yml had then. An environment that
# works is kept, even if another Python is the first one by now. pip shows what it is at.
$(VENV)/.installed: requirements.lock pyproject.toml dbt_project.yml
	@$(RUN)/pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(RUN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What linters, tests and documentation need comes on top, of the same versions, when one of them is run.
$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(RUN)/pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
