# Every command of the project. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# $(call install,.venv/bin,local): exactly what requirements/local.txt names. The file is the constraint as well: without one, pip
# before 23.3 takes the newest release of a package that another one asks for with an extra, and then refuses it.
install = $(1)/python -m pip --disable-pip-version-check install --quiet --require-hashes \
  --constraint requirements/$(2).txt --requirement requirements/$(2).txt
# $(call install_tools,.openapi/venv,openapi): the same into an environment that only tests use, in a tenth of the time.
install_tools = rm -rf $(1) && $(BIN)/uv venv --quiet --python $(BIN)/python $(1) \
  && $(BIN)/uv pip install --quiet --python $(1)/bin/python --require-hashes --requirement requirements/$(2).txt
# $(call install_node,.axe): what the files that the target needs name, for Node.
install_node = mkdir -p $(1) && cp $^ $(1) && cd $(1) && npm ci --silent
# What it needs is installed by then, with hashes; the builder too.
LIBRARY := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable shared \
  && echo "$(CURDIR)" > $(VENV)/folder

.DEFAULT_GOAL := help
.PHONY: help run demo identity posts up down roll test check format bench migrate new-migration docs lock wheel wheel-test clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

local_ports = $(if $(IDENTITY_PORT),--identity-port $(IDENTITY_PORT)) $(if $(POSTS_PORT),--posts-port $(POSTS_PORT))

local_admin = $(if $(call argument,ADMIN),--admin "$(call argument,ADMIN)")

run: $(VENV)/local ## Run both services with an embedded PostgreSQL; Ctrl-C ends all, data stays in .local/; ADMIN=name: the first administrator
	@$(BIN)/python -m deploy.local run $(local_ports) $(local_admin)

.PHONY: dev
dev: $(VENV)/local ## The same as make run, but the services restart when their code changes
	@$(BIN)/python -m deploy.local dev $(local_ports) $(local_admin)

demo: $(VENV)/local ## Add demo accounts and posts to what `make run` runs; N=1000000: so many more posts, with likes
	@$(BIN)/python -m deploy.local demo $(if $(call argument,N),--posts "$(call argument,N)")

identity: $(VENV)/local ## A command of the identity service: make identity DO="users set-roles ada user moderator"
	@$(BIN)/python -m deploy.local service identity $(DO)

posts: $(VENV)/local ## A command of the posts service: make posts DO="--help"
	@$(BIN)/python -m deploy.local service posts $(DO)

# The value of a variable from the command line only: in the environment these names may mean something else.
argument = $(if $(findstring command,$(origin $(1))),$($(1)))

up: ## Run everything in containers: make up, or make up IDENTITY=2 POSTS=3 MAIL=1 (with a mailbox); needs Docker
	@$(PYTHON) -m deploy.compose up --identity $(or $(call argument,IDENTITY),1) --posts $(or $(call argument,POSTS),1) \
	  $(if $(filter 1,$(call argument,MAIL)),--mail) $(local_admin) \
	  $(if $(call argument,ADMIN_EMAIL),--admin-email "$(call argument,ADMIN_EMAIL)")

down: ## Stop what `make up` runs; with VOLUMES=1 delete its data, image and secrets too
	@$(PYTHON) -m deploy.compose down $(if $(filter 1,$(call argument,VOLUMES)),--volumes)

roll: ## Replace the replicas of `make up` one by one: make roll, or make roll SERVICE=posts
	@$(PYTHON) -m deploy.compose roll $(or $(call argument,SERVICE),identity posts)

# Containers are tested under load, and have the machine to themselves.
test: $(VENV)/development ## Run every test but the wheel's, or some: make test ARGS="tests/posts -k draft"
	@$(BIN)/python -m pytest $(or $(ARGS),-n 2 --ignore tests/compose --ignore tests/wheel)
	@$(if $(ARGS),,$(BIN)/python -m pytest tests/compose)

# Apart from the tests, since measuring doubles their work.
.PHONY: coverage
coverage: $(VENV)/development ## Run every test but the wheel's and the containers', and report the lines that none ran
	@$(BIN)/python -m pytest -n 2 --cov --cov-report= --ignore tests/compose --ignore tests/wheel
	@$(BIN)/coverage report | sed -n '1,12p; /^TOTAL/p'

check: $(VENV)/development ## Formatter, linter, strict types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/development ## Format the code and sort its imports
	@$(BIN)/ruff check --fix --select I .
	@$(BIN)/ruff format .

bench: $(VENV)/development ## Measure beside the peers: make bench, or ARGS="reads"; with ARGS="--write reads" into docs/performance.md
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: soak
soak: $(VENV)/development ## A thousand streams and WebSockets, sign-outs and churn: make soak, or ARGS="60"; memory in an hour: ARGS="memory"
	@$(BIN)/python -m tests.soak $(ARGS)

migrate: $(VENV)/local ## Bring both schemas of what `make run` runs to the newest revision
	@$(BIN)/python -m deploy.local service identity migrate
	@$(BIN)/python -m deploy.local service posts migrate

new-migration: $(VENV)/local ## Write a migration from the models: make new-migration SERVICE=posts MESSAGE="add tags"
	@$(BIN)/python -m deploy.local service $(SERVICE) new-migration "$(MESSAGE)"

docs: $(VENV)/development ## Write the tables of settings into the README, and docs/performance.md from what was measured
	@$(BIN)/python -m docs.settings_table
	@$(BIN)/python -m docs.performance_page

lock: $(VENV)/development ## Compile requirements/*.in anew, with hashes and without addresses
	@for set in runtime local development openapi openid bench; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --annotation-style line requirements/$$set.in -o requirements/$$set.txt \
	  || exit 1; done

wheel: $(VENV)/local ## Build the library into dist/, without a network
	@mkdir -p "$(or $(DIST),dist)"
	@folder=$$(cd "$(or $(DIST),dist)" && pwd) && cd shared && ../$(BIN)/python -m hatchling build -d "$$folder"

wheel-test: $(VENV)/development ## Install the wheel in clean environments and use it there, also with its oldest dependencies
	@$(BIN)/python -m pytest -n 2 tests/wheel

clean: ## Remove the virtual environments and the caches; .local/ stays
	@rm -rf $(VENV) .openapi .openid .bench .axe .lighthouse .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# An environment contains the path of its folder: it is of no use after the folder was moved or copied, and is made again.
moved := $(shell test ! -e $(VENV)/folder || test "$$(cat $(VENV)/folder)" = "$(CURDIR)" || { rm -rf $(VENV) .openapi .openid .bench .axe .lighthouse && echo yes; })
$(if $(moved),$(info This folder was moved or copied: its virtual environment is made again.))

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'The module venv is incomplete; on Debian: apt install python3-venv'; exit 1; }

$(VENV)/local: requirements/local.txt shared/pyproject.toml | $(BIN)/python
	@echo 'Installing what the services need ...'
	@$(call install,$(BIN),local)
	@$(LIBRARY)
	@touch $@

$(VENV)/development: requirements/development.txt shared/pyproject.toml | $(BIN)/python
	@echo 'Installing what the checks and tests need ...'
	@$(call install,$(BIN),development)
	@$(LIBRARY)
	@touch $@ $(VENV)/local

# What reads the OpenAPI documents, apart from everything else: tests/openapi asks for it.
.PHONY: openapi-tools
openapi-tools: .openapi/python .openapi/node

.openapi/python: requirements/openapi.txt | $(VENV)/development
	@$(call install_tools,.openapi/venv,openapi)
	@touch $@

TYPESCRIPT := tests/openapi/typescript
.openapi/node: $(TYPESCRIPT)/package.json $(TYPESCRIPT)/package-lock.json $(TYPESCRIPT)/.npmrc
	@$(call install_node,.openapi/typescript)
	@touch $@

# Clients of other people, which sign in at identity: tests/openid asks for them.
.PHONY: openid-clients
openid-clients: .openid/python .openid/node

.openid/python: requirements/openid.txt | $(VENV)/development
	@$(call install_tools,.openid/venv,openid)
	@touch $@

OPENID := tests/openid/javascript
.openid/node: $(OPENID)/package.json $(OPENID)/package-lock.json $(OPENID)/.npmrc
	@$(call install_node,.openid/javascript)
	@touch $@

# What looks for barriers in the pages: tests/browser asks for it.
AXE := tests/browser/axe
.axe/node: $(AXE)/package.json $(AXE)/package-lock.json $(AXE)/.npmrc
	@$(call install_node,.axe)
	@touch $@

# What grades the pages: tests/browser asks for it.
LIGHTHOUSE := tests/browser/lighthouse
.lighthouse/node: $(LIGHTHOUSE)/package.json $(LIGHTHOUSE)/package-lock.json $(LIGHTHOUSE)/.npmrc
	@$(call install_node,.lighthouse)
	@touch $@

.PHONY: pictures
pictures: $(VENV)/development ## Take the pictures of the pages anew: docs/pictures
	@$(BIN)/python -m pytest tests/browser -k barrier --pictures

# What is measured and what it is measured beside, apart from everything else: tests/bench asks for it.
.bench/python: requirements/bench.txt
	@rm -rf .bench/venv && $(PYTHON) -m venv .bench/venv
	@$(call install,.bench/venv/bin,bench)
	@touch $@

# What `make run` installs and nothing else, since some packages load more if they find others.
.bench/services: requirements/local.txt
	@rm -rf .bench/local && $(PYTHON) -m venv .bench/local
	@$(call install,.bench/local/bin,local)
	@touch $@

PROVIDER := tests/bench/peers/oidc_provider
.bench/node: $(PROVIDER)/package.json $(PROVIDER)/package-lock.json $(PROVIDER)/.npmrc
	@$(call install_node,.bench/oidc_provider)
	@touch $@
