# One command for a developer and for continuous integration: `make check`.
VENV ?= .venv
PY := $(VENV)/bin/python

.PHONY: setup lock check quick fuzz lint types contracts test format knowledge truth pictures gallery docs reference

setup:
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes --requirement requirements.lock
	$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .

# Newest releases that pyproject.toml allows, with the hashes of all their files. Refresh it when a
# dependency changes or once a month, run `make check` in a fresh environment, commit both.
lock:
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --extra dev --no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
	  --upgrade --output-file requirements.lock pyproject.toml

lint:
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types:
	$(PY) -m mypy

contracts:
	$(VENV)/bin/lint-imports

test:
	$(PY) -m pytest -q -n auto --durations=10

# What a change of rules, choice or certificate breaks first: under a minute on two processors.
QUICK := $(addprefix tests/,domain documents solver certificate migration/test_judge.py \
  house/test_limits.py house/test_names.py house/test_rooms.py)

quick:
	$(PY) -m pytest -q -n auto $(QUICK)

# Damaged and made-up files for every reader; what breaks one is kept in tests/cases/fuzz.
fuzz:
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-5000} $(PY) -m pytest -q -n auto tests/fuzz

check: lint types contracts test

format:
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

knowledge:
	$(PY) -m planner knowledge count --output docs/knowledge.md

truth:
	$(PY) -m tests.qemu.truth

pictures:
	$(PY) -m tests.report.pictures

gallery:
	$(PY) -m tests.house.notebook_runs

reference:
	$(PY) -m tests.house.cli_reference
	$(PY) -m tests.house.api_reference
	$(PY) -m tests.house.schema_reference
	$(PY) -m tests.house.row_reference

docs:
	$(PY) -m mkdocs build --strict
