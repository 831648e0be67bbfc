PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test test-servers lint format bench requirements clean

help:  ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## make .venv and install docgen with its pinned dependencies

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "docgen needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## 500 documents of the helpful-only context on the embedded engine: no key, no network, no money
	$(BIN)/docgen run helpful_only --n 500 --engine offline --run demo
	$(BIN)/docgen show demo --sample 3
	@echo
	@echo "That was a corpus of 500 documents in output/demo/. What to look at:"
	@echo "  $(BIN)/docgen status demo                  the numbers again"
	@echo "  $(BIN)/docgen view demo                    read, search and label it in a browser"
	@echo "  $(BIN)/docgen show demo --rejected         attempts that were not accepted, and why"
	@echo "  output/demo/reports/report.html               salience, leakage, diversity, in a browser"
	@echo "  output/demo/export/                           training files with manifest and dataset card"

test: $(READY)  ## all tests, offline
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-servers: $(READY)  ## real servers that are installed here: llama.cpp, LiteLLM, Ollama (see --help for what it takes)
	$(BIN)/python bench/real_servers.py $(SERVERS)

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## the benchmarks that need nothing but this checkout
	$(BIN)/python bench/run50k.py

requirements: $(READY)  ## pin the dependencies anew, with hashes
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev pyproject.toml -o requirements.txt

clean:  ## remove everything that was built, but no run
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
