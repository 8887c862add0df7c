# Studio's doors. Each prepares what it needs by itself; when everything is there already, preparing costs nothing.
#
#   PYTHON=python3.12 make run     another Python than the first on the PATH (3.11, 3.12 or 3.13)
#   make run ARGS="--help"         arguments for the program
#   make test ARGS="-k undo -x"    arguments for pytest
#   make bench ONLY=engine         one part of the benchmarks: engine, canvas or app
#   make bench ROWS=10000000       rows of each stream; a million without

PYTHON ?= python3
ARGS ?=
ONLY ?=
ROWS ?=
# Test processes: on two cores four are quickest, because much of a test is waiting for a database.
JOBS ?= 4

# Compiled code is kept, whatever the caller's environment says: each of the many processes of a test run would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PREPARE := $(PYTHON) scripts/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help run test check format bench docs lock clean

help: ## list these doors
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start Studio (its window, or its terminal where there is no screen)
	@$(PREPARE) run
	@$(BIN)/studio $(ARGS)

test: ## run every test, without a screen and on real database servers
	@$(PREPARE) dev
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: ## formatting, lint, types and the contracts between rooms
	@$(PREPARE) dev --no-system
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: ## rewrite the code the way `make check` wants it
	@$(PREPARE) dev --no-system
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: ## measure beside the raw drivers and stock NodeGraphQt; writes build/bench.json
	@$(PREPARE) dev
	@mkdir -p build
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks $(ONLY) $(if $(ROWS),--rows $(ROWS))

docs: ## rewrite the pages made from the code and check every link
	@$(PREPARE) dev
	@$(BIN)/python scripts/docs.py

lock: ## work out requirements/*.txt anew (UPGRADE=1: newest versions allowed)
	@$(PREPARE) dev --no-system
	@$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove everything made here, .venv included
	rm -rf .venv build dist .hypothesis .ruff_cache .import_linter_cache *.egg-info
	find studio tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
