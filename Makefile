# make demo, make test, make check, make lint or make docs sets up what it needs first. STACK picks
# the OpenMMLab family: lite (the default), onedl or official.
PYTHON ?= python3
STACK ?= lite
VENV ?= .venv$(if $(filter-out lite,$(STACK)),-$(STACK))
PY := $(VENV)/bin/python
PINS := requirements/$(STACK).txt
STAMP := $(VENV)/.installed

$(if $(wildcard $(PINS)),,$(error STACK=$(STACK): write lite, onedl or official))

.PHONY: demo test check lint format docs

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

# The pages and the docstrings as a site, anew each time; a warning fails it.
docs: $(VENV)/.docs
	rm -rf site docs/sphinx/api
	OMP_NUM_THREADS=1 $(PY) -m sphinx -q -W -E -d build/doctrees -c docs/sphinx . site
	cp site/README.html site/index.html

$(VENV)/.docs: requirements/docs.txt $(STAMP)
	$(PY) -m pip install -r requirements/docs.txt
	touch $@

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
