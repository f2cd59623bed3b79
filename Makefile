# Every target does all of its own set-up: nothing but Python 3.11+, pip and make is needed.
# Settings of a run: make run UPSTREAM=https://api.example.com PORT=9000

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
SDK := .venv-sdk-1.x
BIN := $(VENV)/bin
JOBS ?= 2

# The first interpreter that is new enough; make PYTHON=/path/to/python names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

INTO := requirements/install.sh "$(PYTHON)"

# Offline, and without the theme's announcement of its successor.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

SERVE := $(if $(UPSTREAM),--upstream $(UPSTREAM)) $(if $(PORT),--listen 127.0.0.1:$(PORT)) $(if $(DATA),--data $(DATA))

.PHONY: help install run test test-oldest lint docs pictures bench chaos eval lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

install: $(VENV)/.dev $(if $(wildcard requirements/sdk-1.x.lock),$(SDK)/.done) ## the environment for developing, in .venv

run: $(VENV)/.run ## start revenuer: UPSTREAM=https://... PORT=8080 DATA=folder; without UPSTREAM a demo
	@exec $(BIN)/revenuer serve $(SERVE) $(ARGS)

test: install ## the whole test suite; REVENUER_TEST_BROWSER names a Chromium, or is off
	@requirements/browser.sh
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-oldest: install ## contracts and stores on the system's own servers: Debian 12 has Postgres 15 and Redis 7.0
	@command -v redis-server >/dev/null && ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || \
		apt-get install -y -qq --no-install-recommends postgresql redis-server >/dev/null || \
		{ echo "install Debian's postgresql and redis-server, as root" >&2; exit 1; }
	REVENUER_TEST_SERVERS=system $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup tests/servers tests/contracts \
		tests/service/backends/sql tests/service/backends/redis $(ARGS)

lint: install ## ruff, mypy, and the site of the documents, whose warnings are errors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(SITE)

docs: install ## the site in build/site, and its reference pages anew from the code
	$(BIN)/python -m tests.site
	$(SITE)

pictures: install ## the console's pictures in docs/images, from the demo's data
	@requirements/browser.sh
	$(BIN)/python -m tests.console.pictures docs/images

bench: install ## what the gateway and the worker cost, beside nginx and LiteLLM where installed
	$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: install ## kill -9 at random, the long form
	$(BIN)/python -m tests.chaos $(ARGS)

eval: install ## traces replayed, then the suites of the bench: TRACES=folder CORPORA=folder SUITES=... OUT=folder
	$(BIN)/python -m tests.eval $(if $(TRACES),--traces $(TRACES)) $(ARGS)
	$(BIN)/revenuer bench $(SUITES) $(if $(CORPORA),--corpora $(CORPORA)) $(if $(TRACES),--traces $(TRACES)) \
		$(if $(OUT),--out $(OUT))

lock: $(VENV)/.uv ## the lock files anew, from pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --group build pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile $(LOCK) --group build --group test --group dev -c requirements/run.lock pyproject.toml \
		-o requirements/dev.lock

clean: ## everything that make made; revenuer-data stays
	rm -rf $(VENV) $(SDK) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Hashes, one lock for every platform and Python, and no address of any index.
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

$(VENV)/.run: requirements/run.lock pyproject.toml
	@echo "installing into $(VENV) (once) ..."
	@$(INTO) $(VENV) --require-hashes -r requirements/run.lock
	@$(INTO) $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	@echo "installing the tools for developing into $(VENV) (once) ..."
	@$(INTO) $(VENV) --require-hashes -r requirements/dev.lock
	@touch $@

# The SDKs' 1.x generation beside the current one; only the tests use it.
$(SDK)/.done: requirements/sdk-1.x.lock
	@echo "installing the 1.x SDKs into $(SDK) (once) ..."
	@$(INTO) $(SDK) --require-hashes -r $<
	@touch $@

$(VENV)/.uv: $(VENV)/.dev
	@$(INTO) $(VENV) uv==0.13.9
	@touch $@
