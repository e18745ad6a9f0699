# Every command of the project; CI runs the same targets. Run as root, or as a user with sudo for the packages.
PYTHON := .venv/bin/python
SERVER ?= $(shell tests/find-server)
WHEELS := .cache/wheels

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help deb install local release unit test lint demo bench chaos publishers night soak fuzz attack vm reference pictures machine venv wheel clean

help:
	@echo "make install    build the Debian package, install it with apt, and run restream-agent init"
	@echo "make deb        build the Debian package in dist/, for this machine or another release   (DIST=trixie)"
	@echo "make release    build package, wheel and source in dist/release/, with their checksums   (DIST=trixie)"
	@echo "make unit       run the unit tests: seconds, without root                  (ROOM=stream)"
	@echo "make test       run every test, on a real systemd with real media"
	@echo "make lint       run ruff, mypy and the import contracts"
	@echo "make demo       play a broadcast in a container, break it, measure it      (SERVER=srs|nginx-rtmp)"
	@echo "make chaos      cause every fault during a broadcast, one after another    (SERVER=srs|nginx-rtmp, FAULT=name)"
	@echo "make publishers send what real publishers send, judge what a platform received    (SERVER=, CASE=beginning)"
	@echo "make night      let publishers of every kind come and go at random         (MINUTES=30, SERVER=, SEED=)"
	@echo "make soak       drop and return at random, watch memory and descriptors    (MINUTES=30, SERVER=, SEED=)"
	@echo "make fuzz       publish hostile streams with a valid key, and an honest one   (MINUTES=30, SERVER=, SEED=)"
	@echo "make attack     attack the public port and the listener of hooks               (SERVER=srs|nginx-rtmp)"
	@echo "make bench      measure beside the tools that people use today, write docs/performance.md   (QUICK=1, ONLY=hooks)"
	@echo "make vm         boot Debian with its own kernel: limits, walls, power, clock (DIST=trixie, SERVER=, CHECK=name)"
	@echo "make reference  generate the docs of every key, JSON schemas, man pages and completions"
	@echo "make pictures   draw the pictures of the README from a broadcast in a container"
	@echo "make wheel      build the wheel and its dependencies in dist/, with a list of their hashes"
	@echo "make local      install what make wheel has built, without a package          (PREFIX=, OPT=)"
	@echo "make clean      delete what make has built"

demo: machine wheel
	$(PYTHON) -m tests.demo --server $(SERVER) --out demo-report

# Without SERVER= on nginx-rtmp, and on SRS too if it is installed. FAULT= plays one fault.
CHOSEN = $(if $(filter-out file default,$(origin SERVER)),--server $(SERVER))
MINUTES ?= 30

chaos: machine wheel
	$(PYTHON) -m tests.chaos $(CHOSEN) $(if $(FAULT),--fault $(FAULT)) --out chaos-report

# CASE= plays the cases whose names begin so; `python -m tests.publishers --list` shows them.
publishers: machine wheel
	$(PYTHON) -m tests.publishers $(CHOSEN) $(if $(CASE),--case $(CASE)) --out publishers-report

night: machine wheel
	$(PYTHON) -m tests.publishers.night --minutes $(MINUTES) --server $(SERVER) $(if $(SEED),--seed $(SEED)) --out publishers-report

soak: machine wheel
	$(PYTHON) -m tests.chaos.soak --minutes $(MINUTES) --server $(SERVER) $(if $(SEED),--seed $(SEED)) --out soak-report

fuzz: machine wheel
	$(PYTHON) -m tests.attack.fuzz --minutes $(MINUTES) --server $(SERVER) $(if $(SEED),--seed $(SEED)) --out fuzz-report

attack: machine wheel
	$(PYTHON) -m tests.attack $(CHOSEN)

# Installs what it compares with: liquidsoap and node-media-server for this, Flask in a venv. ONLY= measures one section.
bench: machine wheel
	$(PYTHON) -m benchmarks $(if $(QUICK),--quick) $(ONLY:%=--only %)

# On Debian 12 and 13, or on one of them with DIST=; takes hours where the processor cannot run a machine itself.
# Not for CI: it installs qemu and fetches a Debian. CHECK= plays one check.
vm: machine venv
	@command -v qemu-system-x86_64 >/dev/null && command -v mmdebstrap >/dev/null || \
		{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install --yes --no-install-recommends qemu-system-x86 qemu-utils mmdebstrap; }
	for dist in $(or $(DIST),bookworm trixie); do $(MAKE) --no-print-directory deb DIST=$$dist || exit 1; done
	$(PYTHON) -m tests.vm $(DIST:%=--dist %) $(CHOSEN) $(if $(CHECK),--check $(CHECK)) --out vm-report

# The first tests to run after a change: under a minute, without root, in four
# processes, as tests mostly wait. For one room: make unit ROOM=stream
unit: venv
	$(PYTHON) -m pytest --quiet --numprocesses 4 tests/unit$(if $(ROOM),/$(ROOM))

# Tests mostly wait, so several run at once: those in a container by file, as the tests of a file share containers.
test: machine wheel deb
	$(PYTHON) -m pytest --numprocesses 4 tests/unit tests/golden
	$(PYTHON) -m pytest --numprocesses 3 --dist loadfile tests/system tests/media

lint: venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Everything that is made from the code: tests/unit/cli/test_generated.py says whether it is current.
reference: venv
	$(PYTHON) -m restream_agent.cli.generated

pictures: machine wheel
	$(PYTHON) -m tests.demo.pictures

machine:
	tests/install-packages

venv: .venv/.made
.venv/.made: pyproject.toml constraints.txt
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,ansible]'
	touch $@

# Our wheel and those of its dependencies, whose hashes are in requirements.txt. dist/ is all that another machine with
# the same release of Debian needs; the containers of the tests install from it without a network.
PIP_WHEEL = .venv/bin/pip wheel --use-pep517 --quiet --disable-pip-version-check
wheel: venv
	rm -rf dist/*.whl dist/requirements.txt $(WHEELS)
	$(PIP_WHEEL) --require-hashes --requirement requirements.txt --wheel-dir $(WHEELS)
	$(PIP_WHEEL) --no-deps --constraint constraints.txt --wheel-dir dist .
	cp $(WHEELS)/*.whl dist/
	$(PYTHON) -m tests.demo.wheelhouse dist

# The package is for this machine's Debian, or with DIST= for another release, in a root that mmdebstrap makes and removes.
# Only what fills the build needs a network: Debian's mirror for its tools, pip's index for the dependencies.
RELEASE = $(PYTHON) -m release $(if $(filter release,$@),all,deb)

deb release: venv
ifdef DIST
	@command -v mmdebstrap >/dev/null || $(SUDO) apt-get install --yes --no-install-recommends mmdebstrap
	mmdebstrap --quiet --variant=apt --include=debhelper,python3 --customize-hook='$(RELEASE) --root "$$1"' $(DIST) /dev/null
else
	@command -v dh >/dev/null || $(SUDO) apt-get install --yes --no-install-recommends debhelper
	$(RELEASE)
endif

install: deb
	$(SUDO) apt-get install --yes "./$$(ls -t dist/restream-agent_*.deb | head -n 1)"
	$(SUDO) restream-agent init

# Without a package, on any system with systemd: what `make wheel` has built.
# OPT= is where the program and its dependencies are, PREFIX= where people, shells, man and editors look. fish looks
# there only for a user whose session sets XDG_DATA_DIRS, hence FISH=, which it always reads (fish(1), complete).
PREFIX ?= /usr/local
OPT ?= /opt/restream-agent
FISH ?= /etc/fish/completions
COPY = install -D -m 644
# The man page and the examples name the schema where Debian's package has it.
HERE = sed -i 's|/usr/share/restream-agent/|$(PREFIX)/share/restream-agent/|'
files = $(shell cd $(1) && find . -type f)

local:
	@test -f dist/requirements.txt || { echo "make local: dist has no wheel; first run: make wheel" >&2; exit 1; }
	umask 022; python3 -m venv $(OPT)
	umask 022; $(OPT)/bin/pip install --quiet --disable-pip-version-check --no-index --find-links dist \
		--require-hashes --requirement dist/requirements.txt
	umask 022; install -d $(PREFIX)/bin; ln -sfn $(OPT)/bin/restream-agent $(PREFIX)/bin/restream-agent
	umask 022; set -e; for file in $(call files,share); do $(COPY) share/$$file $(PREFIX)/share/$$file; done
	$(HERE) $(PREFIX)/share/man/man1/restream-agent.1 $(PREFIX)/share/man/man5/restream.toml.5
	umask 022; set -e; for file in $(call files,examples); do \
		$(COPY) examples/$$file $(PREFIX)/share/doc/restream-agent/examples/$$file; done
	$(HERE) $(PREFIX)/share/doc/restream-agent/examples/*.toml
	umask 022; $(COPY) docs/restream.schema.json $(PREFIX)/share/restream-agent/restream.schema.json
	umask 022; $(COPY) share/fish/vendor_completions.d/restream-agent.fish $(FISH)/restream-agent.fish

clean:
	rm -rf .venv .cache dist demo-report chaos-report fuzz-report soak-report attack-report publishers-report vm-report
