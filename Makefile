PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
WORKERS ?= auto
SIZE ?= quick
ONLY ?=
# What looks at the clock, but for a test of what is loaded, which a moved clock adds to.
CLOCK ?= tests/e2e tests/cli tests/contract tests/engine tests/whmcs_source/test_read.py \
	tests/kashflow_target/sandbox tests/test_docs_examples.py tests/test_two_commands.py \
	--deselect tests/cli/test_main_manners.py::test_what_is_often_asked_loads_little
MIDNIGHT := $(BIN)/python -m pytest -p tests.midnight -n $(WORKERS) --dist worksteal $(CLOCK)

.PHONY: help demo test midnight lint bench wheel clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bridge needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing bridge and what it needs into $(VENV) ..."
	$(PIP) -e .
	@touch $@

$(VENV)/.developed: $(VENV)/.installed
	@echo "Installing the tools of the tests into $(VENV) ..."
	$(PIP) -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed ## three runs of bridge over its sandboxes, in .demo
	@$(BIN)/python tools/demo.py $(BIN)/bridge

test: $(VENV)/.developed ## the whole test suite: behaviour, style, types, layers
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

midnight: $(VENV)/.developed ## the tests that look at the clock, while the last day of a month ends
	$(MIDNIGHT) --midnight-after-begin 10
	$(MIDNIGHT) --midnight-after-set-up 0.3

lint: $(VENV)/.developed ## style and types alone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.developed ## the measurements of docs/performance.md; SIZE=full, ONLY="start_up memory"
	BENCH_SIZE=$(SIZE) $(BIN)/python -m benchmarks $(ONLY)

wheel: $(VENV)/.developed ## dist/*.whl
	$(BIN)/python -m build --wheel

clean: ## remove what make made
	rm -rf $(VENV) .demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
