# The commands of the project. A fresh machine needs python3 (3.11 or later) with venv, make and
# the package registries; everything else is brought in here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SIZE ?= s
SEED ?= 1
JOBS ?= auto
unexport PYTHONDONTWRITEBYTECODE # without byte code every server that a test starts compiles all modules anew

.PHONY: run test check lint bench demo docs snapshots clean setup setup-dev setup-bench

$(VENV)/.made: scripts/make_venv.sh requirements/build.txt
	sh scripts/make_venv.sh $(PYTHON) $(VENV)
	touch $@
$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	touch $@
$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/bench.txt
	touch $@

setup: $(VENV)/.run
	$(BIN)/python -m dianheng.config.frontend
	$(BIN)/python -m dianheng.config.messages compile
setup-dev: $(VENV)/.dev setup
	sh scripts/system_packages.sh
setup-bench: $(VENV)/.bench setup
	sh scripts/system_packages.sh

run: setup
	$(BIN)/dianheng demo --size s --seed $(SEED) --if-empty
	exec $(BIN)/dianheng serve

demo: setup
	$(BIN)/dianheng demo --size $(SIZE) --seed $(SEED)

lint: setup-dev
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy src/dianheng/metrology $$(ls src/dianheng/*/rules.py)
	$(BIN)/lint-imports
	$(BIN)/python -m dianheng.config.messages check
	$(BIN)/python -m dianheng.config.checks

check: lint
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m "not browser and not slow and not root and not needs and not database"

test: setup-dev
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

bench: setup-bench
	$(BIN)/python -m bench $(BENCH)

snapshots: setup-dev
	$(BIN)/python -m dianheng.config.reference
	DIANHENG_RENEW=1 $(BIN)/python -m pytest -q -n0 tests/plans/test_query_counts.py

docs: setup-dev
	$(BIN)/mkdocs build --strict

clean:
	rm -rf build site .mypy_cache .ruff_cache .hypothesis
