# One line each. `make demo` is where to begin.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup setup-spark demo dev test test-spark lint bench docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

setup: .venv/.ready ## make .venv from the hash-locked requirements

.venv/.ready: requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

setup-spark: .venv-spark/.ready ## make .venv-spark: the same, and PySpark (Java 17 or later must be there)

# Of its own: in .venv Pandera would import PySpark whenever anything starts. What both need is read from .venv.
.venv-spark/.ready: .venv/.ready requirements-spark.lock
	$(BIN)/python -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements-spark.lock
	.venv-spark/bin/python -m pip install --quiet --no-deps -e .
	$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' > $$(.venv-spark/bin/python -c 'import site; print(site.getsitepackages()[0])')/shared.pth
	touch $@

demo: setup ## run the pipeline for 180 days on a simulated company, print the headline metrics
	$(BIN)/abm demo

dev: setup ## open the Dagster UI on the result
	$(BIN)/abm dev

test: setup lint test-spark ## check style, types, layers, and run the tests
	$(BIN)/pytest -n 2 --dist loadscope

test-spark: setup ## DuckDB against Spark on a stand-alone cluster; without Java that is skipped
	@if command -v java > /dev/null; then \
		$(MAKE) setup-spark && .venv-spark/bin/python -m pytest abm_pipeline_tests/spark; \
	else echo "abm_pipeline_tests/spark skipped: it needs Java 17 or later, and there is no java here"; fi

lint: setup ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## print the benchmark table
	$(BIN)/python -m benchmarks

docs: setup ## write the data dictionary and the metric catalogue
	$(BIN)/abm docs

lock: ## pin every dependency again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra ui pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra ui --extra dev --extra bench pyproject.toml -o requirements-dev.lock
	sed -n 's/^spark = \["\(.*\)"\]/\1/p' pyproject.toml | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements-spark.lock

clean: ## remove what the pipeline made here (lake, database, reports)
	rm -rf .abm
