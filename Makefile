# Every door into this project. It needs Python 3.11 or newer with pip (22.3 or newer), make and git,
# and writes nothing outside of this checkout. Another Python: make PYTHON=python3.13 test
#
# There are two environments, because they are for two things. `.venv` is an installation like any
# other, with the app folder that `make run` makes in it: no test ever touches it. `.venv-test` holds
# the tools and this checkout itself (editable), and can be thrown away at any time.

SHELL = /bin/bash
PYTHON = python3
RUN = .venv
TEST = .venv-test
WORKERS = 2

PIP = $(PYTHON) -m pip --disable-pip-version-check --quiet
LOCKED = --require-hashes --no-deps
RUFF = $(TEST)/bin/ruff
TESTPY = $(TEST)/bin/python
SOURCES = $(shell find src -name '*.py') pyproject.toml README.md LICENSE
UV_COMPILE = pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	--custom-compile-command "make lock"

.DEFAULT_GOAL = help
.PHONY: help run test programs test-long lint types docs golden format bench faults lock clean migrations

help: ## Show what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: $(RUN)/.installed ## Install into .venv; the first time, make a sample shop and print a password; serve it. Ctrl-C stops it.
	@$(RUN)/bin/rattail setup --sample --admin admin < /dev/null
	@exec $(RUN)/bin/rattail serve

test: lint types programs ## Everything a change has to pass; the last line is pytest's summary.
	@$(TESTPY) -m pytest -q -n $(WORKERS) --dist loadgroup -m "not long"

test-long: $(TEST)/.installed ## The tests that take minutes.
	@$(TESTPY) -m pytest -q -m long

programs: ## Install the programs that tests ask for, where root and apt-get are there.
	@requirements/system.sh

lint: $(TEST)/.installed ## Format, lint and import contracts.
	@$(RUFF) format --check --quiet . || { echo "formatting differs: run 'make format'"; exit 1; }
	@$(RUFF) check --quiet .
	@$(TEST)/bin/lint-imports --no-cache > $(TEST)/imports.log || { cat $(TEST)/imports.log; exit 1; }

types: $(TEST)/.installed ## mypy --strict.
	@$(TEST)/bin/mypy --no-error-summary

format: $(TEST)/.installed ## Format the code and mend what ruff can mend.
	@$(RUFF) check --quiet --fix-only .
	@$(RUFF) format .

docs: $(TEST)/.installed ## Write the generated pages of docs/reference anew.
	@$(TESTPY) -m tests.docs.generate

golden: $(TEST)/.installed ## Write the golden files of the tests anew; read the difference before you commit it.
	@RATTAIL_TEST_GOLDEN=write $(TESTPY) -m pytest -q -m golden

bench: $(TEST)/.installed ## Measure, as ratios within one run.
	@for each in $(filter-out bench/faults.py,$(wildcard bench/*.py)); do $(TESTPY) "$$each" || exit 1; done

faults: $(TEST)/.installed ## Let every call of making and restoring backups fail, in every way: hours.
	@$(TESTPY) bench/faults.py

migrations: $(TEST)/.installed ## Write migrations for what changed in the models.
	@$(TESTPY) -m tests.kit.migrations

lock: ## Renew the lock files in requirements/.
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv --without-pip "$$scratch"; \
	$(PIP) --python "$$scratch/bin/python" install uv; \
	"$$scratch/bin/uv" $(UV_COMPILE) pyproject.toml -o requirements/run.txt; \
	"$$scratch/bin/uv" $(UV_COMPILE) requirements/build.in -o requirements/build.txt; \
	"$$scratch/bin/uv" $(UV_COMPILE) pyproject.toml requirements/test.in \
		-c requirements/run.txt -c requirements/build.txt -o requirements/test.txt

clean: ## Remove the test environment and every cache; .venv and the app folder in it stay.
	@rm -rf $(TEST) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.12 run")'
	@$(PYTHON) -m venv --without-pip $(RUN)
	@touch $@

$(TEST)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.12 test")'
	@$(PYTHON) -m venv --without-pip $(TEST)
	@touch $@

$(RUN)/.locked: $(RUN)/.made requirements/run.txt requirements/build.txt
	@$(PIP) --python $(RUN)/bin/python install $(LOCKED) -r requirements/run.txt -r requirements/build.txt
	@touch $@

$(RUN)/.installed: $(RUN)/.locked $(SOURCES)
	@$(PIP) --python $(RUN)/bin/python install --no-deps --no-build-isolation --force-reinstall .
	@touch $@

$(TEST)/.locked: $(TEST)/.made requirements/test.txt
	@$(PIP) --python $(TEST)/bin/python install $(LOCKED) -r requirements/test.txt
	@touch $@

$(TEST)/.installed: $(TEST)/.locked pyproject.toml
	@$(PIP) --python $(TEST)/bin/python install --no-deps --no-build-isolation --editable .
	@touch $@
