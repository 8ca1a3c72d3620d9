# Everything a person types here; `make help` lists it. All tools live in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet
PYTEST := $(BIN)/python -m pytest
# Files side by side: tests wait for kernels and servers more than they compute.
TWO_AT_ONCE := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint app lab docs bench setup-r lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/product ## train a real model on the public weekly data; no R, no account
	@$(BIN)/mmm run demo

test: .venv/test lint ## set up what the tests need and run them (slow ones: test-all)
	@tests/setup.sh
	@$(PYTEST) -m "not slow" $(TWO_AT_ONCE)

test-all: .venv/test lint ## run every test, and look for new examples
	@tests/setup.sh
	@$(PYTEST) --hypothesis-profile=explore

lint: .venv/test ## check style, types and that notebooks carry no outputs
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/nbstripout --keep-id --verify notebooks/*.ipynb

app: .venv/product ## serve the dashboard on http://127.0.0.1:8080
	@$(BIN)/mmm app

lab: .venv/product ## open JupyterLab in ./lab, with copies of the notebooks
	@$(BIN)/mmm lab

docs: .venv/test ## build the site of docs/ in build/site, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: .venv/test ## measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench

setup-r: .venv/product ## install R and Meta's Robyn (from CRAN; Debian), and R's bridge to Python
	@r/setup.sh
	@$(MAKE) --no-print-directory .venv/robyn

lock: .venv/test ## write requirements/*.txt anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --group build --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --upgrade --custom-compile-command "make lock" \
		--output-file requirements/product.txt
	@$(BIN)/uv pip compile pyproject.toml --group build --extra dev \
		--constraint requirements/product.txt --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --custom-compile-command "make lock" \
		--output-file requirements/test.txt
	@$(BIN)/uv pip compile --group robyn \
		--constraint requirements/product.txt --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --custom-compile-command "make lock" \
		--output-file requirements/robyn.txt
	@$(BIN)/uv pip compile --group installer \
		--constraint requirements/test.txt --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --custom-compile-command "make lock" \
		--output-file requirements/installer.txt
	@$(BIN)/uv pip compile --group infra --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --upgrade --custom-compile-command "make lock" \
		--output-file requirements/infra.txt
	@$(BIN)/uv pip compile --group servers \
		--constraint requirements/test.txt --generate-hashes --no-emit-index-url \
		--python-version 3.11 --quiet --custom-compile-command "make lock" \
		--output-file requirements/servers.txt

clean: ## remove the environment and everything compiled; archived runs stay
	rm -rf .venv .venv-infra build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@echo "making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv

.venv/product: requirements/product.txt pyproject.toml | .venv/bin/python
	@echo "installing pinned packages into .venv (about a minute, once) …"
	@$(PIP) --require-hashes -r requirements/product.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Compiled against the R that is there: a C compiler and R's headers (Debian: r-base-dev).
.venv/robyn: requirements/robyn.txt | .venv/product
	@echo "building rpy2 for $$(R --version | head -n 1) …"
	@$(PIP) --require-hashes --no-build-isolation -r requirements/robyn.txt
	@touch $@

.venv/test: requirements/test.txt pyproject.toml | .venv/bin/python
	@echo "installing pinned packages and test tools into .venv (about a minute, once) …"
	@$(PIP) --require-hashes -r requirements/test.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/product
