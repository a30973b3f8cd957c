# Isotherm. `make` lists what there is; nothing but git, make and Python 3.11 is needed beforehand.
.DEFAULT_GOAL := help
.PHONY: help setup demo test run up down bench backup restore screenshots messages lock
.SILENT:

SERVE ?= 1
PATIENTS ?= 306
TESTS ?=
TO ?=
FROM ?=

# The first Python that is new enough. A virtual environment that is there keeps its own.
PYTHON ?= $(shell for python in python3 python3.12 python3.11 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
DEV = .venv/bin/python -m dev

help:  ## list the commands
	awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup:  ## install everything (does nothing when it is all there)
	test -n "$(PYTHON)" || { echo "isotherm: Python 3.11 or later is needed; none was found." >&2; exit 1; }
	$(PYTHON) -m dev.environment

demo: setup  ## a whole simulated study in the browser (SERVE=0: only the table; PATIENTS=60: small)
	exec $(DEV) demo --patients $(PATIENTS) $(if $(filter 0,$(SERVE)),--no-serve)

test: setup  ## every check (TESTS=tests/imaging: only those tests)
	exec $(DEV) test $(TESTS)

run: setup  ## web server and worker, until Ctrl-C
	exec $(DEV) run

up: setup  ## the embedded servers alone, until make down
	exec $(DEV) up

down:  ## stop the embedded servers
	if test -x .venv/bin/python; then exec $(DEV) down; fi

bench: setup  ## timed runs beside what one would pick instead
	exec $(DEV) exec -- .venv/bin/python -m benchmarks

backup: setup  ## database and files into a new folder (TO=folder)
	exec $(DEV) backup $(if $(TO),--to "$(TO)")

restore: setup  ## a backup into an empty database and storage (FROM=folder)
	exec $(DEV) restore --from "$(FROM)"

screenshots: setup  ## each page, wide and narrow, light and dark, into docs/screenshots (needs chromium)
	exec $(DEV) screenshots

messages: setup  ## gather what the product says into locale/, for translators
	exec $(DEV) messages

lock: setup  ## write requirements.lock anew from pyproject.toml
	exec $(DEV) lock
