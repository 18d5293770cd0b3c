# Every target stands on its own from a fresh clone: the environment is made when it is missing or out of date.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin

.PHONY: setup demo test test-fast test-year check fix bench images lock

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml scripts/setup scripts/fonts scripts/system-packages scripts/system-packages.txt
	PYTHON="$(PYTHON)" scripts/setup && touch $@

# In a terminal the pages open at its end; anywhere else it ends after the month. DEMO=--serve opens them anywhere.
demo: setup
	$(BIN)/relance demo $(DEMO)

test: setup
	$(BIN)/pytest -n 2 -m "not year" --durations=40

test-fast: setup
	$(BIN)/pytest -n 2 -m "not slow and not year"

# The retailer's whole year by several scenarios at once (L5 to L12): before a release.
test-year: setup
	$(BIN)/pytest -n 2 -m year --durations=10

check: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy --strict src
	$(BIN)/lint-imports --no-logo && $(BIN)/pytest -q tests/test_house.py tests/test_lock.py

fix: setup
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup
	$(BIN)/python -m bench.run

# The pictures of the README, taken again.
images: setup
	RELANCE_IMAGES=docs/images $(BIN)/pytest -q tests/web/test_images.py

# After a change of dependencies in pyproject.toml; needs uv. Only what must change moves; UPGRADE=--upgrade moves all.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate $(UPGRADE) pyproject.toml -o requirements.lock
