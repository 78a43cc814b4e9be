# The only runner of this project. Every target sets up what it needs, says what it does, and is quick the second time.
#
#   PYTHON=/path/to/python3   which Python makes the environment (3.11 or newer)
#   CHROMIUM=/path/to/chrome  which browser the tests drive
#   DOWNLOAD=1                take official Kubernetes and etcd binaries instead of building them
#   KUBEBUILDER_ASSETS=DIR    take etcd, kube-apiserver and kubectl from there
#   ARGS="..."                further arguments of `clusterdesk-playground up`, `make bench` or `make fuzz`
#   PYTEST_ARGS="..."         further arguments of pytest
#   JOBS=2                    run so many tests at a time, a file in each process, each with a control plane of its own,
#                             and beside them, in one more process, those that mostly wait
#   TRIES=2                   run the tests that failed once more, with everything started anew, as CI does: real
#                             programs meet a slow machine now and then. The first run's log names them all the same.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	if $$p -c '$(ENOUGH)' >/dev/null 2>&1; then command -v $$p; break; fi; done)
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || \
	command -v google-chrome-stable || ls "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" 2>/dev/null)
export CHROMIUM

# Ours alone: an environment that happens to be active must not get our packages.
unexport VIRTUAL_ENV
unexport PYTHONPATH PYTHONHOME

.PHONY: help setup playground down status test bench fuzz programs lint types imports fmt generate chromium openssl clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.synced ## Make the Python environment

playground: $(VENV)/.synced ## Start everything on this machine: control plane, service, a local Slack
	@$(BIN)/clusterdesk-playground up $(ARGS)

down: $(VENV)/.synced ## Stop a playground that runs in another terminal
	@$(BIN)/clusterdesk-playground down

status: $(VENV)/.synced ## Say what of the playground runs
	@$(BIN)/clusterdesk-playground status

test: lint types imports chromium openssl programs ## Run everything that checks the project: lint, types, import rules, all tests
	@export CHROMIUM="$${CHROMIUM:-$$(command -v chromium)}"; $(BIN)/pytest $(if $(JOBS),-n $$(($(JOBS) + 1))) $(PYTEST_ARGS) || \
	{ [ $$? = 1 ] && [ "$(TRIES)" = 2 ] && echo "What failed is run once more, alone. What passes now wants mending." && \
	$(BIN)/pytest --last-failed; }

bench: $(VENV)/.synced programs ## Measure speed and cost on a real control plane (about 40 minutes; ARGS="--help" says what else)
	@$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/.synced ## Send a million made-up reviews to the webhooks (about an hour; ARGS="--help" says what else)
	@$(BIN)/uv sync --quiet --locked --all-extras --group fuzz --inexact
	@$(BIN)/python -m tests.fuzz $(ARGS)

programs: $(VENV)/.synced ## Build etcd, Kubernetes, Cluster API and Helm into the per-user cache (minutes, once)
	@$(BIN)/clusterdesk-playground build

lint: $(VENV)/.synced ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.synced ## Check types
	@$(BIN)/mypy

imports: $(VENV)/.synced ## Check which package may import which
	@$(BIN)/lint-imports

fmt: $(VENV)/.synced ## Format the code and mend what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: $(VENV)/.synced ## Make the chart's generated files from the code
	@$(BIN)/python charts/generate.py

clean: ## Stop the playground and remove what was made in this folder (the per-user cache of binaries stays)
	@if [ -x $(BIN)/clusterdesk-playground ]; then $(BIN)/clusterdesk-playground down; fi
	@rm -rf $(VENV) .playground .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

chromium:
	@if [ -n "$$CHROMIUM" ] && [ -x "$$CHROMIUM" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "The tests drive a browser and there is none: installing Chromium with apt-get."; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium fonts-noto-color-emoji >/dev/null; \
	else \
		echo "The tests drive a browser and there is none. Install Chromium (on Debian: sudo apt-get install chromium)"; \
		echo "or name one: make test CHROMIUM=/path/to/chrome"; exit 1; \
	fi

openssl:
	@if command -v openssl >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "The tests walk a page that uses openssl and there is none: installing it with apt-get."; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y openssl >/dev/null; \
	else \
		echo "The tests walk a page that uses openssl and there is none. Install it (on Debian: sudo apt-get install openssl)"; \
		exit 1; \
	fi

# An environment made by somebody's own uv or venv is kept, if its Python is new enough.
$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and none was found."; \
		echo "Install it (on Debian: sudo apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3"; \
		exit 1; \
	fi
	@if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "This Python cannot make environments: installing python3-venv with apt-get."; \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null; \
		else \
			echo "This Python cannot make environments. Install the missing part: sudo apt-get install python3-venv"; exit 1; \
		fi; \
	fi
	@if ! $(BIN)/python -c '$(ENOUGH)' >/dev/null 2>&1; then \
		echo "Making a Python environment in $(VENV)"; rm -rf $(VENV); "$(PYTHON)" -m venv $(VENV); \
	fi
	@touch $@

# --inexact, or uv would remove itself from the environment again. Compiled now, or the first start would do it.
$(VENV)/.synced: $(VENV)/.made pyproject.toml uv.lock
	@if ! [ -x $(BIN)/uv ]; then \
		echo "Installing uv into it"; \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'; \
	fi
	@echo "Installing the packages of uv.lock"
	@$(BIN)/uv sync --quiet --locked --all-extras --inexact --compile-bytecode
	@touch $@
