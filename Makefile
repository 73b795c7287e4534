# One verb per need; `make help` lists them. Works with GNU make 3.81 (macOS) and later.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
# The first Python >= 3.11 on the PATH, unless PYTHON names one.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: help demo up test chaos cluster lint format bench bench-service bench-load bench-queries bench-pages lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime  ## Install, start everything, run a learning-rate sweep on the digits and show the answer
	@$(BIN)/backsweep demo

up: $(VENV)/runtime  ## Install and serve on this machine until Ctrl-C (broker, workers, API, dashboard)
	@$(BIN)/backsweep up

test: $(VENV)/dev  ## Run every test (units, SQLite, PostgreSQL, broker and workers, browser)
	$(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

chaos: $(VENV)/dev  ## Kill workers 1,000 times (FAULTS=1000, about 50 minutes), servers too, and show that nothing is lost
	@$(BIN)/python -m tests.chaos

cluster: $(VENV)/dev  ## Cut hosts of a small network off and bring them back (Linux, root; about 7 minutes)
	@$(BIN)/python -m tests.cluster $(CLUSTER_OPTIONS)

lint: $(VENV)/dev  ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev  ## Format the code and apply the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/runtime $(BENCH)/ready  ## Compare the core with JAX, PyTorch and scikit-learn (about 7 minutes)
	@$(BIN)/python -m benchmarks $(BENCH_OPTIONS)

bench-service: $(VENV)/dev  ## Measure recording, workers and recovery on this machine (about 5 minutes)
	@$(BIN)/python -m benchmarks.service $(BENCH_OPTIONS)

bench-load: $(VENV)/dev  ## Put a load on the API, and on MLflow if it is in .venv-bench (about 13 minutes)
	@$(BIN)/python -m benchmarks.service.load $(BENCH_OPTIONS)

bench-queries: $(VENV)/dev  ## Time every list, filter, summary and curve on 100,000 runs, on both databases (about 25 minutes)
	@$(BIN)/python -m benchmarks.service.queries $(BENCH_OPTIONS)

bench-pages: $(VENV)/dev  ## Time the dashboard's pages in headless Chromium, on 10,000 sweeps and 100,000 runs (about 6 minutes)
	@$(BIN)/python -m benchmarks.service.pages $(BENCH_OPTIONS)

lock:  ## Resolve the dependencies anew into requirements/*.lock (needs uv)
	uv pip compile pyproject.toml --group build $(LOCK_OPTIONS) -o requirements/runtime.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements/runtime.lock $(LOCK_OPTIONS) -o requirements/dev.lock
	uv pip compile --group bench -c requirements/runtime.lock $(LOCK_OPTIONS) -o requirements/bench.lock

# One lock for Linux and macOS: names, versions and hashes, no addresses.
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --custom-compile-command "make lock" --quiet

clean:  ## Remove the virtual environment and caches (never your runs)
	rm -rf $(VENV) $(BENCH) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis build *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Backsweep needs Python 3.11 or later; none was found on the PATH. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements/runtime.lock pyproject.toml $(wildcard core/compiled/*.c core/compiled/*.inc) | $(BIN)/python
	@echo "Installing the pinned dependencies (about a minute the first time)"
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.lock
	@$(PIP_INSTALL) --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/dev: requirements/dev.lock $(VENV)/runtime | $(BIN)/python
	@echo "Installing the pinned development dependencies"
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@

$(BENCH)/ready: requirements/bench.lock | $(BIN)/python
	@echo "Installing the pinned packages to compare with (700 MB)"
	@$(BIN)/python -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.lock
	@touch $@
