# Needs Python 3.11+ and make; everything else is made in .venv. Another Python: make PYTHON=/path/to/python3.12 ...
.DEFAULT_GOAL := help
.PHONY: help run test mutants oracle lint bench screenshots clean ci

PYTHON ?= python3
PY := .venv/bin/python
PYTEST_ARGS ?=
EMBEDDED := -u DATABASE_URL -u REDIS_URL

help:  ## list every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run:  ## serve the demonstration until Ctrl-C (PORT=8000; DATABASE_URL, REDIS_URL for PostgreSQL and Redis)
	@PORT="$(PORT)" $(PYTHON) bin/run.py

test:  ## run the whole test suite (PYTEST_ARGS="-k entry")
	@$(PYTHON) bin/setup.py --dev
	$(PY) -m pytest -ra -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

mutants:  ## a small fault at a time in the files that decide: does a test fail? (SEED=1 COUNT=200|all FILES="…" JOBS=2)
	@$(PYTHON) bin/setup.py --dev
	@env $(EMBEDDED) SEED="$(SEED)" COUNT="$(COUNT)" FILES="$(FILES)" JOBS="$(JOBS)" $(PY) -m tests.mutants.run

lint: export DATA_DIR ?= $(CURDIR)/var/lint
lint:  ## every static check: code, types, templates, migrations, deployment
	@$(PYTHON) bin/setup.py --dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	env $(EMBEDDED) DEBUG=on .venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet templates
	! LC_ALL=C.UTF-8 grep -rnE '.{161}' templates  # no template line over 160 characters
	env $(EMBEDDED) DEBUG=on $(PY) manage.py makemigrations --check --dry-run
	env $(EMBEDDED) DEBUG=off ALLOWED_HOSTS=portal.example SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		$(PY) manage.py check --deploy --fail-level WARNING
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv/bin/hadolint --failure-threshold info Dockerfile
	bash -n .ci/run

oracle:  ## compare random worlds with an independent model (WORLDS=100 SEED=0 MINUTES=60; PostgreSQL: DATABASE_URL)
	@$(PYTHON) bin/setup.py --dev
	WORLDS="$(WORLDS)" SEED="$(SEED)" MINUTES="$(MINUTES)" $(PY) -m tests.oracle.run

bench:  ## measure speed and size (PostgreSQL: DATABASE_URL)
	@$(PYTHON) bin/setup.py --dev
	$(PY) -m tests.bench.run

screenshots:  ## make the pictures of README and user guide (needs Chromium)
	@$(PYTHON) bin/setup.py --dev
	$(PY) -m tests.browser.screenshots

clean:  ## remove .venv, caches and built files; the data in var/ stays
	rm -rf .venv staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis var/lint
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ci:  ## everything that must hold before a merge (installs what it needs; under 25 minutes)
	.ci/run
