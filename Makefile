# All that anyone needs; CI runs the same. As root, or with sudo where a machine's packages are touched.
PYTHON := .venv/bin/python
SERVER ?= $(shell tests/find-server)
WHEELS := .cache/wheels

.PHONY: help unit test lint demo chaos soak attack reference machine venv wheel clean

help:
	@echo "make demo   play a broadcast in a container, break it, measure it   (SERVER=srs|nginx-rtmp)"
	@echo "make chaos  every fault while a broadcast runs, one after another   (SERVER=srs|nginx-rtmp, FAULT=name)"
	@echo "make soak   drops and returns at random, memory and descriptors     (MINUTES=30, SERVER=, SEED=)"
	@echo "make unit   the tests of the rooms, in seconds and without root   (ROOM=stream)"
	@echo "make test   every test, on a real systemd with real media"
	@echo "make lint   ruff, mypy and the import contracts"
	@echo "make attack 100,000 bad hooks and 500 idle connections against the listener"
	@echo "make reference   docs/configuration.md, the schema and examples/full.toml from the models"

demo: machine wheel
	$(PYTHON) -m tests.demo --server $(SERVER) --out demo-report

# On nginx-rtmp, and on SRS where it is found, unless SERVER= chooses; FAULT= plays one fault.
CHOSEN = $(if $(filter-out file default,$(origin SERVER)),--server $(SERVER))
MINUTES ?= 30

chaos: machine wheel
	$(PYTHON) -m tests.chaos $(CHOSEN) $(if $(FAULT),--fault $(FAULT)) --out chaos-report

soak: machine wheel
	$(PYTHON) -m tests.chaos.soak --minutes $(MINUTES) --server $(SERVER) $(if $(SEED),--seed $(SEED)) --out soak-report

attack: machine wheel
	$(PYTHON) -m tests.attack

# Seconds, without root: what a change of one room needs first. One room: make unit ROOM=stream
unit: venv
	$(PYTHON) -m pytest tests/unit$(if $(ROOM),/$(ROOM))

test: machine wheel
	$(PYTHON) -m pytest

lint: venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

reference: venv
	$(PYTHON) -c 'import pathlib, restream_agent.config.reference as r; [pathlib.Path(p).write_text(t) for p, t in r.generate().items()]'

machine:
	tests/install-packages

venv: .venv/.made
.venv/.made: pyproject.toml constraints.txt
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# The wheel, and the wheels of what it needs, so that a container without a network can install it.
wheel: venv
	rm -rf dist $(WHEELS)
	.venv/bin/pip wheel --use-pep517 --quiet --disable-pip-version-check --constraint constraints.txt --wheel-dir $(WHEELS) .
	mkdir -p dist && mv $(WHEELS)/restream_agent-*.whl dist/

clean:
	rm -rf .venv .cache dist demo-report chaos-report soak-report
