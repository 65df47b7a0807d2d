# make demo, make test, make check or make lint sets up what it needs first. STACK picks
# the OpenMMLab family: lite (the default), onedl or official.
PYTHON ?= python3
STACK ?= lite
VENV ?= .venv$(if $(filter-out lite,$(STACK)),-$(STACK))
PY := $(VENV)/bin/python
PINS := requirements/$(STACK).txt
STAMP := $(VENV)/.installed

$(if $(wildcard $(PINS)),,$(error STACK=$(STACK): write lite, onedl or official))

.PHONY: demo test check lint format

demo: $(STAMP)
	$(PY) tools/shapes/evaluate.py

# Two processes of a thread each; a file's tests share what is costly to make.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

# Before a commit: all but what is marked as slow.
check: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile -m 'not slow' \
		$(PYTEST_ARGS)

lint: $(STAMP)
	$(PY) -m ruff check
	$(PY) -m ruff format --check

format: $(STAMP)
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

# The stamp comes last: what failed half-way is tried again. common.txt goes
# ahead because the official mmcv is compiled against the torch in it.
$(STAMP): requirements/common.txt $(PINS) setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	"Python >= 3.10 is needed, $(PYTHON) is " + sys.version.split()[0] + \
	"; name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -r requirements/common.txt
	$(PY) -m pip install -r $(PINS) \
		$(if $(filter official,$(STACK)),--no-build-isolation)
	$(PY) -m pip install --no-deps --no-build-isolation -e .
	touch $@
