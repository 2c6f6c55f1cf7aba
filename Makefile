# Every target is a short call of a script in tools/; a bare `make` lists them.
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo teardown test lint unit kernel oracle modules sites driver molecule vm bench dev build sanity collection clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: ## a bare host to a page served by nginx from a container
	@tools/prepare demo
	@tools/playbook playbooks/static_web.yml $(ARGS)

teardown: ## remove what `make demo` made
	@tools/prepare demo
	@tools/playbook playbooks/teardown.yml $(ARGS)

test: ## with a summary: lint unit kernel oracle modules sites driver sanity collection molecule vm
	@tools/prepare test
	@tools/suites lint unit kernel oracle modules sites driver sanity collection molecule vm

dev: ## install what the tests need (Debian packages as root, and .venv)
	@tools/prepare test

lint: dev ## ruff, mypy --strict, changelog fragments, documentation links
	@tools/suites lint

unit: dev ## pure tests; also on Python 3.9 where it is present
	@tools/suites unit

kernel: dev ## the real kernel, as root
	@tools/suites kernel

oracle: dev ## the same on Docker and on Skiff, compared
	@tools/suites oracle

modules: dev ## playbooks against the real engine
	@tools/suites modules

sites: dev ## the playbooks of playbooks/, used, damaged and taken down
	@tools/suites sites

driver: dev ## roles tested by Molecule with the driver of this checkout
	@tools/suites driver

molecule: dev ## every scenario on Debian VMs made from packages; seconds by phase
	@tools/scenarios

sanity: dev ## ansible-test sanity of the staged collection
	@tools/suites sanity

collection: dev ## ansible-lint (production profile) and antsibull-docs' linter
	@tools/suites collection

vm: dev ## power cuts, clock jumps and networks of Debian's kernel in VMs; CUTS=20 for more than four of each operation
	@CUTS=$(CUTS) tools/suites vm

bench: dev ## figures side by side with Docker, Podman and runc
	@tools/prepare bench
	@.venv-bench/bin/python -m tests.bench $(ARGS)

build: dev ## the collection's artifact and the Python distribution, in dist/
	@tools/stage
	@.venv/bin/ansible-galaxy collection build --force --output-path dist build/ansible_collections/skiff/containers

clean: ## delete what the targets above made in the checkout
	rm -rf build dist *.egg-info .venv .venv39 .venv-bench .pytest_cache .mypy_cache .ruff_cache
