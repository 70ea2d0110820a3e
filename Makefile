# From a bare Python 3.11 or later to a demonstration, the tests, the figures. `make help` lists the targets.
#
# The first call makes .venv and installs into it; later calls find it there. Another Python:
# `make test PYTHON=python3.13`.

PYTHON ?= python3
FUZZ_EXAMPLES ?= 2000
FUZZ_SECONDS ?= 60
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := $(VENV)/.bench-installed

.DEFAULT_GOAL := help
.PHONY: help demo test figures docs lint bench explore fuzz clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: $(INSTALLED)  ## run the handshake, print its ladder, draw two figures
	$(BIN)/tcpsim run scenarios/handshake.yaml
	$(BIN)/tcpsim diagram scenarios/handshake.yaml
	$(BIN)/tcpsim diagram --lossy

# pytest runs last: its summary is the last line.
test: lint  ## linter, formatter, types, then every test, and whether each branch of the protocol was run
	$(BIN)/python -m pytest -n auto --cov --cov-report=term --require-protocol-coverage

lint: $(INSTALLED)  ## linter, formatter and types alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

figures: $(INSTALLED)  ## make the figures of the README again
	$(BIN)/tcpsim figures

docs: $(INSTALLED)  ## make the tables of docs/ again
	$(BIN)/tcpsim pages

bench: $(PEERS)  ## measure speed beside a heapq ping-pong and ns.py (a few minutes)
	$(BIN)/python -m benchmarks

# Each of two processes may use half of 4 GB; where a limit is reached, nothing is claimed and this fails.
explore: $(INSTALLED)  ## explore every scenario of scenarios/explored, count, and catch every seeded bug (some minutes)
	$(BIN)/tcpsim explore --all --faults 2 --jobs 2 --max-seconds 600 --max-memory 2 --output docs/explore.md
	$(BIN)/tcpsim explore --mutants --faults 1 --jobs 2 --max-seconds 600 --max-memory 2 \
	  --output tests/explore/counterexamples --page docs/explore.md

# atheris has no build for some Pythons and systems: then the second half says so and does nothing.
fuzz: $(INSTALLED)  ## the property tests with FUZZ_EXAMPLES fresh examples each, then atheris for FUZZ_SECONDS per target
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --editable '.[fuzz]' || \
	  echo "atheris can't be installed here" >&2
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile=fuzz
	$(BIN)/python tests/fuzz/fuzz.py -max_total_time=$(FUZZ_SECONDS)

clean:  ## remove the environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python without ensurepip (Debian's without python3-venv) still has a pip that can install into a venv.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tcpsim needs Python 3.11 or later, and $(PYTHON) is not; name one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@echo "installing tcpsim and its tools into $(VENV) (once)"
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(PEERS): $(INSTALLED)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@
