# Every target sets up what it needs; a second run is quick. Only Python 3.11 or later must be there.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
RUN := .venv/bin/
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help demo demo-distributed check test test-cluster lint types check-imports mutants bench bench-distributed setup browser java kafka postgres schemas samples clean prometheus buildah image chart dashboards

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

demo: setup ## Watch the main job on the samples: files in, matches, e-mails out
	@$(RUN)pullcord demo

demo-distributed: setup java ## The same on Apache Kafka and PostgreSQL, each role a process; one is killed
	@$(RUN)python -m scripts.demo_distributed

test: setup lint types check-imports browser java prometheus buildah ## Lint, types, import rules, and every test
	$(RUN)pytest

CHECKED_SCENARIOS := tests/scenarios/records tests/scenarios/cases tests/scenarios/oversight

check: setup lint types check-imports ## Lint, types, import rules, and the quick tests, in about three minutes
	$(RUN)pytest -q -n 2 --dist worksteal tests/guards tests/unit tests/property tests/contracts $(CHECKED_SCENARIOS)

test-cluster: setup ## The chart on a real Kubernetes control plane, built once from its Go modules
	@$(RUN)python -m scripts.cluster
	$(RUN)pytest tests/cluster

lint: setup ## Style and format
	$(RUN)ruff check .
	$(RUN)ruff format --check .

types: setup ## Types, strictly
	$(RUN)mypy

check-imports: setup ## Who may import whom
	$(RUN)lint-imports

mutants: .tools/mutants/.ready ## Change the rules one small fault at a time: a test must fail for each
	@.tools/mutants/bin/python -m scripts.mutants

bench: setup ## Measure ingest, matching and telephone normalisation
	$(RUN)python -m benchmarks

bench-distributed: setup java .tools/peers/.ready ## Measure the distributed runner beside Faust tables and Quix Streams
	$(RUN)python -m benchmarks.distributed

schemas: setup ## Write schemas/published anew
	$(RUN)python -m scripts.publish_schemas

samples: setup ## Write samples/ anew
	$(RUN)python -m scripts.make_samples

java: ## Java and Maven for the tests with Kafka
	@scripts/java.sh

kafka: setup java ## A real Apache Kafka broker, until Ctrl-C
	@$(RUN)python -m scripts.kafka

postgres: setup ## A real PostgreSQL server, until Ctrl-C
	@$(RUN)python -m scripts.postgres

prometheus: ## Prometheus and Alertmanager for the tests of rules
	@scripts/prometheus.sh

buildah: ## buildah and mmdebstrap for the tests of the image
	@scripts/buildah.sh

image: setup buildah ## The image, over Debian's own packages: no container engine, no registry of images
	@$(RUN)python -m scripts.image

dashboards: setup ## Write deploy/grafana/dashboards anew
	$(RUN)python -m scripts.dashboards

chart: setup ## Write the chart's copies and its table of values anew
	@$(RUN)python -m scripts.chart

browser: ## Chromium for the tests of pages
	@scripts/browser.sh

setup: .venv/.ready

.venv/.ready: uv.lock pyproject.toml $(UV)
	$(UV) sync --frozen --quiet --compile-bytecode --all-extras --python "$$(command -v $(PYTHON))"
	@touch $@

.tools/peers/.ready: benchmarks/peers/uv.lock benchmarks/peers/pyproject.toml $(UV)
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/peers" $(UV) sync --frozen --quiet --project benchmarks/peers --python "$$(command -v $(PYTHON))"
	@touch $@

.tools/mutants/.ready: tests/mutants/uv.lock tests/mutants/pyproject.toml pyproject.toml $(UV)
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/mutants" $(UV) sync --frozen --quiet --project tests/mutants --python "$$(command -v $(PYTHON))"
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	@$(PYTHON) -m venv .tools/uv || { echo "the venv module is missing: install python3-venv" >&2; exit 1; }
	@.tools/uv/bin/pip install --quiet uv==$(UV_VERSION)

clean: ## Remove what was set up and made
	rm -rf .venv .tools var mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
