# The one door: `make help` says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Tests that wait for telephones leave room for two more beside as many as there are processors.
WORKERS ?= $(shell n=$$(( $$(getconf _NPROCESSORS_ONLN) + 2 )); echo $$(( n < 4 ? n : 4 )))
# pip names each package as it takes it, and says when it unpacks them; nothing else unless it fails.
SHOW := sed -u -n -E -e 's/^ *Collecting ([^ ]+).*/  \1/p' -e 's/^Installing collected packages.*/  unpacking them/p'

.PHONY: help run test lint bench clean

help:
	echo "make run     install into .venv and start the hotline (Ctrl-C stops it)"
	echo "make test    run the tests; installs what they need where it may"
	echo "make lint    format, style, types and import rules"
	echo "make bench   measure this machine; TICKETS=1000000 with a million tickets (40 minutes more)"
	echo "make clean   remove .venv; var/ with its records stays"

run: .venv/installed
	exec $(BIN)/hotline serve

test: .venv/installed-for-tests
	bash tests/support/install_needs.sh $(BIN)/python
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: .venv/installed-for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-for-tests
	$(BIN)/python -m benchmarks $(if $(TICKETS),--tickets $(TICKETS)) $(ARGS)

clean:
	rm -rf .venv

# --- .venv: made once, and again only when setup.cfg asks for something else -----------------

.venv/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make run PYTHON=python3.12" >&2
		exit 1
	}
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || {
		echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv" >&2
		exit 1
	}
	echo "Creating .venv"
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: .venv/created setup.cfg
	echo "Installing the hotline into .venv (once; a minute or two)"
	$(PIP) install --progress-bar off --editable . | $(SHOW)
	touch $@

.venv/installed-for-tests: .venv/installed
	echo "Installing the tools of the tests into .venv (once)"
	$(PIP) install --progress-bar off --editable '.[test,lint]' | $(SHOW)
	touch $@
