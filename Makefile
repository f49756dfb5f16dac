# make demo   sets everything up and scans the bundled packages, site and policy
# make test   sets everything up and runs all tests
# make fuzz   fuzzes every parser (FUZZ_SECONDS=60, FUZZ_JOBS=2, FUZZ_TARGETS="dex axml")
# make compare  compares every package of the corpus with androguard whole (some ten minutes, 2 GB)
# make check  lint, types, tests on the built wheel, generated files up to date
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
STAMP := .venv/.installed
PYTEST_ARGS ?= -q -n 2 --dist loadgroup

.PHONY: help setup system corpus demo test check lint types generated wheel-test docs bench fuzz compare clean

help:
	@grep -E '^# make' Makefile | sed 's/^# //'

$(STAMP): requirements.lock pyproject.toml
	bash tools/install_debian.sh python
	python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

setup: $(STAMP)

system:
	bash tools/install_debian.sh

corpus: setup
	$(PY) tools/fetch_corpus.py

demo: setup
	bash tools/demo.sh

# Pages that attack a browser are judged by its time budget, so browser tests run alone; a browser that the machine
# starved gets a second chance, a real fault fails twice.
test: system setup corpus
	$(PY) -m pytest $(PYTEST_ARGS) -m "not browser"
	$(PY) -m pytest -q -m browser || $(PY) -m pytest -q -m browser --last-failed

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: setup
	.venv/bin/mypy

docs: setup
	$(PY) tools/gen_docs.py
	$(PY) tools/gen_schema.py
	$(PY) tools/build_fixture_readme.py
	$(PY) tools/build_docx_template.py

wheel-test: setup
	bash tools/wheel_test.sh

generated: setup
	$(PY) tools/gen_docs.py --check
	$(PY) tools/gen_schema.py --check
	$(PY) tools/build_fixture_readme.py --check
	$(PY) tools/build_docx_template.py --check

check: lint types generated wheel-test test

bench: setup corpus
	$(PY) bench/run.py

fuzz: setup
	bash fuzz/all.sh $(FUZZ_TARGETS)

compare: setup corpus
	$(PY) tools/compare_androguard.py

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
