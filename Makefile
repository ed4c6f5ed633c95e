# One word for each habit. `make audit` and `make test` install what they need, locked, into .venv.

PYTHON ?= python3
BIN := .venv/bin
# Two processes, each with files of its own, in the order of the folders: what waits for a server is long, and not last.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: audit test unit ui lint format lock clean help

audit: .venv/installed  ## Run the daily audit: on lab.yaml if there is one, else on the bundled demo lab
	@$(BIN)/drift-detector audit; status=$$?; [ $$status -le 1 ] || exit $$status

test: .venv/installed  ## Run the tests; those that need a Docker engine say so when they skip
	$(PYTEST)

unit: .venv/installed  ## Run the tests that need no Docker engine and take no whole scenario: under two minutes
	$(PYTEST) -m "not lab and not scenario"

ui: .venv/installed  ## Open Dagster's UI on http://127.0.0.1:3000
	$(BIN)/dagster dev --host 127.0.0.1

lint: .venv/linters  ## Check style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: .venv/linters  ## Format the code
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock:  ## Resolve the dependencies anew into the lock files
	$(BIN)/python -m pip install -q uv
	$(LOCK) pyproject.toml --extra test --extra build -o requirements.lock
	$(LOCK) --group lint -o requirements-lint.lock
	$(LOCK) --group deploy -c requirements.lock -o requirements-deploy.lock

clean:  ## Remove the environment and caches; reports, docs and state stay
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache build *.egg-info

help:  ## Show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

.venv/linters: .venv/installed requirements-lint.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-lint.lock
	@touch $@

.venv/servers: .venv/installed requirements-deploy.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-deploy.lock
	@touch $@

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q homelab_assets  # as pip does with what is not editable
	@touch $@
