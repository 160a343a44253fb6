# The commands of a working day; CONTRIBUTING.md says when to use which.
PYTHON ?= $(shell command -v python3.11 || echo python3)
PIP_OPTIONS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BLENDER_VERSIONS := 4.2 4.5
# Blender 5.1 and later bring Python 3.13, so that their bpy module needs one.
BLENDER_VERSIONS_313 := 5.2
BLENDER_TESTS := $(BLENDER_VERSIONS:%=test-blender-%) $(BLENDER_VERSIONS_313:%=test-blender-%)
PYTHON313 ?= python3.13
HAS_PYTHON313 = $(PYTHON313) -c "import sys; sys.exit(sys.version_info[:2] != (3, 13))"

.PHONY: demo test test-core test-addon test-assets test-extension lint bench figures assets extension \
	test-blender-versions $(BLENDER_TESTS) test-gui clean

# Two commands do all the set-up: whichever comes first makes the virtual environment.
demo: $(READY)
	$(BIN)/python tests/demo/make_demo.py --out demo

test: lint test-core test-addon test-assets test-extension

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) --no-deps --editable .
	touch $@

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test-core: $(READY)
	$(BIN)/python -m pytest tests/core -m "not assets"

test-addon: $(READY)
	$(BIN)/python -m pytest tests/addon

test-assets: $(READY)
	$(BIN)/python -m pytest tests/core -m assets

# The zips as an artist gets them; one is installed into a Blender that has nothing else.
test-extension: $(READY)
	$(BIN)/python -m pytest tests/extension

# One zip per platform in dist/. The wheels in them are fetched once.
extension: $(READY)
	$(BIN)/python tools/build_extension.py

# docs/figures/ again: minutes of measuring, of which no other program should take part.
TASK_FILE ?=
figures: $(READY) .venv-mediapipe/.ready build/figures/footage.mp4
	$(BIN)/mien bench build/figures/footage.mp4 --out docs/figures \
		$(if $(TASK_FILE),--task $(TASK_FILE))
	$(BIN)/python tests/bench/draw_figures.py docs/figures/bench.json --out docs/figures
	$(BIN)/python tests/bench/bench_one_euro.py --figure docs/figures/one_euro.svg

build/figures/footage.mp4: | $(READY)
	$(BIN)/python tests/demo/make_demo.py --out $(@D) --frames 600 --footage-only

# MediaPipe beside Mien: it asks for older packages than ours. Nothing but the bench uses it.
.venv-mediapipe/.ready: requirements-mediapipe.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r $<
	touch $@

bench: $(READY)
	for script in tests/bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

assets: $(READY)
	$(BIN)/python -m mien.core.convert.build_assets --out assets

# The add-on ring in other Blenders, and in 5.0 by test-addon. A shim of pyenv that leads to no
# Python 3.13 counts as none.
test-blender-versions: test-addon
	for version in $(BLENDER_VERSIONS); do $(MAKE) test-blender-$$version || exit 1; done
	@if $(HAS_PYTHON313) 2>/dev/null; then \
		for version in $(BLENDER_VERSIONS_313); do $(MAKE) test-blender-$$version || exit 1; done; \
	else \
		echo "Left out: Blender $(BLENDER_VERSIONS_313). It needs Python 3.13, and" \
			"'$(PYTHON313)' is none: name one by PYTHON313=/path/to/python3.13."; \
	fi

# bpy 4.2 crashes when its process ends after a glTF export: run_in_blender.py leaves without that.
$(BLENDER_TESTS): test-blender-%: .venv-blender-%/.ready
	.venv-blender-$*/bin/python tests/run_in_blender.py -- tests/addon

# The panel in a Blender with a window, by mouse and keyboard; tests/gui/README.md says what it needs.
test-gui: $(READY) extension demo/footage.mp4
	$(BIN)/python tests/gui/run_gui.py

demo/footage.mp4: | $(READY)
	$(BIN)/python tests/demo/make_demo.py --out $(@D) --footage-only

$(BLENDER_VERSIONS_313:%=.venv-blender-%/.ready): override PYTHON = $(PYTHON313)

.venv-blender-%/.ready: requirements-blender-%.txt pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) .venv-blender-* .venv-mediapipe demo build dist
