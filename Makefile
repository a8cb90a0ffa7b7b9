# `make demo` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint types cover bench bench-scaling bench-quick controls mutants fuzz clean
SECONDS ?= 600

help:
	@echo "make demo [LOG=path]  record some events, tear the log, read it back; or print a log"
	@echo "make test             lint, types, tests with coverage"
	@echo "make bench            compare with other stores, 2 minutes"
	@echo "make bench-scaling    up to 1,000,000 events, 4 minutes, 2 GB of disk"
	@echo "make bench-quick      see that the benchmark works"
	@echo "make controls         remove each protection in turn and see a test fail"
	@echo "make mutants          change the code in a thousand small ways and see a test fail, an hour"
	@echo "make fuzz             fuzz the bytes of a log for SECONDS (600)"

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

# What the tests need beside it: no environment can hold three versions of one package.
RELEASES := tests/specify_cli/telemetry/project/releases/install.py

$(VENV)/.releases: $(VENV)/.ready $(RELEASES)
	$(BIN)/python $(RELEASES)
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/python examples/quickstart.py $(LOG)

test: lint types cover

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.ready
	$(BIN)/mypy

# Some 400 MB that only the tests of other readers need; `make demo` does without.
$(VENV)/.readers: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group readers
	@touch $@

cover: $(VENV)/.readers $(VENV)/.releases
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.run

bench-scaling: $(VENV)/.bench
	$(BIN)/python -m benchmarks.run --scaling

bench-quick: $(VENV)/.bench
	$(BIN)/python -m benchmarks.run --quick

controls: $(VENV)/.releases
	$(BIN)/python tools/controls.py

mutants: $(VENV)/.releases
	$(BIN)/python -m tools.mutants '$(MUTANTS)'

fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python fuzz/fuzz_log.py $(SECONDS) $(CORPUS)

clean:
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
