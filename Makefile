# One command for a developer and for continuous integration: `make check`.
VENV ?= .venv
PY := $(VENV)/bin/python

.PHONY: setup check lint types contracts test format knowledge truth pictures gallery

setup:
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --editable '.[dev]'

lint:
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types:
	$(PY) -m mypy

contracts:
	$(VENV)/bin/lint-imports

test:
	$(PY) -m pytest -q -n auto

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
	$(PY) -m tests.notebook_runs
