# Everything sets itself up: `make demo` and `make test` work on a machine with only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready
WORKERS ?= 2
FUZZ_S ?= 1800
FUZZ_SEED ?= $(shell date +%s)
# The tests start hundreds of processes. Where the environment forbids bytecode files (containers' images often do, with
# PYTHONDONTWRITEBYTECODE=1), each of these would compile the whole package again: 0.1 to 0.8 s of a core.
export PYTHONDONTWRITEBYTECODE :=
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test campaign fuzz soak lint docs generate interop clean help setup

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/  -/'

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("topodesign needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON=python3.12 or such") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[dev,telemetry,gnpy]' || { echo "GNPy cannot be installed here: setting up without it"; $(INSTALL) '.[dev,telemetry]'; }
	@touch $@

demo: $(READY) ## plan the United States scenario through a real local server, and say where the map is
	$(BIN)/python -m topodesign.cli.demo --out out/us-multi-region

test: $(READY) ## run all tests
	@.ci/tools --where-allowed
	$(BIN)/python -m pytest -n $(WORKERS)

campaign: $(READY) ## the long tests: 200 scenarios against exhaustive enumeration, 50 killed servers, property tests with new examples
	TOPODESIGN_ENUMERATED=200 $(BIN)/python -m pytest -n $(WORKERS) tests/planning/test_optimum.py
	TOPODESIGN_KILL_MOMENTS=50 $(BIN)/python -m pytest tests/server/test_kill_moments.py
	TOPODESIGN_NEW_EXAMPLES=1 $(BIN)/python -m pytest -n $(WORKERS)

fuzz: $(READY) ## new requests for every method of a real server for half an hour (FUZZ_S=seconds)
	TOPODESIGN_FUZZ_S=$(FUZZ_S) TOPODESIGN_FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -s tests/server/test_fuzz.py

soak: $(READY) ## random work and kills against one server for SOAK_MINUTES (30); fails on a leak
	PYTHONPATH=.:server:tests $(BIN)/python -m benchmarks.service_soak

lint: $(READY) ## linters: ruff, mypy, import-linter, generated code, buf, breaking changes of the API
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --check
	$(BIN)/buf lint protos
	$(BIN)/python protos/breaking.py

$(DOCS_READY): $(READY)
	$(INSTALL) '.[docs]'
	@touch $@

docs: $(DOCS_READY) ## build the documentation as a site in build/site; a broken link or anchor fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	@echo "open build/site/index.html, or: python3 -m http.server --directory build/site (search needs a server)"

generate: $(READY) ## regenerate topodesign/v1 from protos/
	$(BIN)/python protos/generate.py

clean: ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis out
