# The two commands of the README are `make up` and `make test`; everything else serves those who change Cumulet.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: up down test lint format types doors bench spec service install clean

up: $(VENV)/.installed            ## install into .venv and start the cloud
	$(BIN)/cumulet up

down: $(VENV)/.installed
	$(BIN)/cumulet down

test: $(VENV)/.installed-dev      ## install and pass the tests
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.installed-dev      ## style, format, types, doors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev     ## side by side with the peers; ARGS="s3-small --quick" picks
	$(BIN)/python -m bench $(ARGS)

spec: $(VENV)/.installed-dev      ## which requirements have a passing test
	$(BIN)/python -m pytest -n auto --spec-report

service: $(VENV)/.installed-dev   ## make service NAME=sns: a new package from the example
	$(BIN)/python scripts/new_service.py $(NAME)

install: $(VENV)/.installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
