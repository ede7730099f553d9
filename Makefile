# Every target sets up what it needs; a second run is quick. Only Python 3.11 or later must be there.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
RUN := .venv/bin/
export UV_PROJECT_ENVIRONMENT := .venv

# Targets install into the same folders: with `make -j` they still come one after another.
.NOTPARALLEL:
.PHONY: help demo demo-distributed check test test-cluster clients lint types check-imports mutants bench bench-distributed bench-matching soak simulate setup tools tools-in-place browser java kafka postgres schemas samples clean prometheus buildah image chart dashboards

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

demo: setup ## Watch the main job on the samples: files in, matches, e-mails out
	@$(RUN)pullcord demo

demo-distributed: setup java ## The same on Apache Kafka and PostgreSQL, each role a process; one is killed
	@$(RUN)python -m scripts.demo_distributed

# Cheapest first. Two processes run the tests of the first list side by side, as these share nothing, and the files of the second,
# as the tests of a file share servers. What needs the machine for itself runs alone. docs/testing.md has the budgets.
SIDE_BY_SIDE := guards unit property contracts scenarios console chart hostile simulation
BY_FILE := monitoring interleavings conformance distributed
ALONE := image chaos
# A sample of the scenarios, and no slow tests: all of them would take longer than three minutes.
CHECKED := guards unit property contracts scenarios/cases
TWO_PROCESSES := -n 2 --dist worksteal
TWO_OF_FILES := -n 2 --dist loadfile
TIMES := .pytest_cache/folder-times.json

test: tools-in-place setup clients lint types check-imports ## Lint, types, import rules, and every test
	@rm -f $(TIMES)
	@failed=0; \
	$(RUN)pytest -q --folder-times $(TIMES) $(TWO_PROCESSES) $(addprefix tests/,$(SIDE_BY_SIDE)) || failed=1; \
	$(RUN)pytest -q --folder-times $(TIMES) $(TWO_OF_FILES) $(addprefix tests/,$(BY_FILE)) || failed=1; \
	$(RUN)pytest --folder-times $(TIMES) $(addprefix tests/,$(ALONE)) || failed=1; \
	exit $$failed

check: setup clients lint types check-imports ## Lint, types, import rules, and the quick tests, in about three minutes
	$(RUN)pytest -q -m "not slow" $(TWO_PROCESSES) $(addprefix tests/,$(CHECKED))

test-cluster: setup ## The chart on a real Kubernetes control plane, built once from its Go modules
	@$(RUN)python -m scripts.servers.cluster
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

ROWS ?= 20000

bench-matching: setup .tools/matching-peers/.ready ## Measure the quality of the matching beside two peers, on ROWS=20000; SEED= makes other rows
	@$(RUN)python -m benchmarks.matching --seed $(or $(SEED),31) --rows $(ROWS) --peers

MINUTES ?= 60

soak: setup java ## Watch the memory of the roles under a steady load, for MINUTES=60
	$(RUN)python -m benchmarks.distributed.soak --minutes $(MINUTES)

MONTHS ?= 1000

simulate: setup ## Simulate MONTHS=1000 months of faults on virtual time; SEED= repeats a run, RESUME= names its file
	@$(RUN)python -m tests.simulation --months $(MONTHS) $(if $(SEED),--seed $(SEED)) $(if $(RESUME),--resume $(RESUME))

schemas: setup ## Write schemas/published anew
	$(RUN)python -m scripts.publish_schemas

samples: setup ## Write samples/ anew
	$(RUN)python -m scripts.make_samples

# The programs of the system that tests start, by the script that installs each.
TOOLS := browser java prometheus buildah

tools: ## Install what tests need of the system: root, on Debian or Ubuntu; once
	@failed=0; for tool in $(TOOLS); do scripts/install/$$tool.sh || failed=1; done; exit $$failed

tools-in-place:
	@missing=0; for tool in $(TOOLS); do scripts/install/$$tool.sh --check || missing=1; done; exit $$missing

java: ## Java and Maven for the tests with Kafka
	@scripts/install/java.sh

kafka: setup java ## A real Apache Kafka broker, until Ctrl-C
	@$(RUN)python -m scripts.servers.kafka

postgres: setup ## A real PostgreSQL server, until Ctrl-C
	@$(RUN)python -m scripts.servers.postgres

prometheus: ## Prometheus and Alertmanager for the tests of rules
	@scripts/install/prometheus.sh

buildah: ## buildah and mmdebstrap for the tests of the image
	@scripts/install/buildah.sh

image: setup buildah ## The image, over Debian's own packages: no container engine, no registry of images
	@$(RUN)python -m scripts.image

dashboards: setup ## Write deploy/grafana/dashboards anew
	$(RUN)python -m scripts.dashboards

chart: setup ## Write the chart's copies and its table of values anew
	@$(RUN)python -m scripts.chart

browser: ## Chromium for the tests of pages
	@scripts/install/browser.sh

setup: .venv/.ready

# The version of the package stands in the changelog.
.venv/.ready: uv.lock pyproject.toml CHANGELOG.md $(UV)
	$(UV) sync --frozen --quiet --compile-bytecode --all-extras --python "$$(command -v $(PYTHON))"
	@touch $@

.tools/peers/.ready: benchmarks/peers/uv.lock benchmarks/peers/pyproject.toml $(UV)
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/peers" $(UV) sync --frozen --quiet --project benchmarks/peers --python "$$(command -v $(PYTHON))"
	@touch $@

# Two environments, because the peers need different versions of Splink.
MATCHING_PEERS := benchmarks/matching/peers
.tools/matching-peers/.ready: $(MATCHING_PEERS)/uv.lock $(MATCHING_PEERS)/pyproject.toml $(UV)
	@for peer in splink addresses; do \
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/matching-peers/$$peer" $(UV) sync --frozen --quiet --group $$peer --project $(MATCHING_PEERS) --python "$$(command -v $(PYTHON))"; \
	done
	@touch $@

.tools/mutants/.ready: tests/mutants/uv.lock tests/mutants/pyproject.toml pyproject.toml $(UV)
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/mutants" $(UV) sync --frozen --quiet --project tests/mutants --python "$$(command -v $(PYTHON))"
	@touch $@

clients: .tools/clients/.ready ## The generators of API clients for the tests, with a Node.js of their own

# A folder apart: the generators need other versions of our libraries. No script of a package is run.
GENERATORS := tests/contracts/clients
.tools/clients/.ready: $(GENERATORS)/uv.lock $(GENERATORS)/pyproject.toml $(GENERATORS)/package-lock.json $(UV)
	UV_PROJECT_ENVIRONMENT="$(CURDIR)/.tools/clients" $(UV) sync --frozen --quiet --project $(GENERATORS) --python "$$(command -v $(PYTHON))"
	@mkdir -p .tools/clients/js
	@cp $(GENERATORS)/package.json $(GENERATORS)/package-lock.json .tools/clients/js
	@cd .tools/clients/js && PATH="$(CURDIR)/.tools/clients/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	@$(PYTHON) -m venv .tools/uv || { echo "the venv module is missing: install python3-venv" >&2; exit 1; }
	@.tools/uv/bin/pip install --quiet uv==$(UV_VERSION)

clean: ## Remove what was set up and made
	rm -rf .venv .tools var mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
