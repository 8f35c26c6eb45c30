# Two commands: `make demo` runs a simulated farm, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# what has been compiled is kept, whatever the machine says: the tests start hundreds of processes
export PYTHONDONTWRITEBYTECODE =
# matrices here are small: a second thread only waits, at full speed, for a core that another test could use
export OPENBLAS_NUM_THREADS = 1

.PHONY: demo test check format lock clean score faults

demo: $(VENV)/.installed
	@$(BIN)/farmloop demo $(ARGS)

test: $(VENV)/.tested
	@sh tests/install-servers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# hours on two cores with every seed, kept in .scores as they end; SEEDS=2 for two of each, ARGS="s01_cold_front" for some
score: $(VENV)/.tested
	$(BIN)/farmloop score $(ARGS) --keep .scores $(if $(SEEDS),--seeds $(SEEDS)) --page docs/simulator/scores.md

# the long campaigns that `make test` does a little of; SEED=2 for another one
faults: $(VENV)/.tested
	FARMLOOP_FUZZ=100000 FARMLOOP_FAULTS=2000 FARMLOOP_NIGHTLY=1 FARMLOOP_SEED=$(or $(SEED),1) FARMLOOP_DAYS=30 \
		$(BIN)/pytest tests/rules/test_fuzz.py tests/panel/test_fuzz.py tests/simulator/test_books.py tests/faults tests/history/test_kill.py --timeout 3600 -n 2 -rP $(ARGS)
	$(BIN)/python -m tests.mutations

format: $(VENV)/.tested
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

lock: $(VENV)/bin/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Farmloop needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed requirements-test.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@
