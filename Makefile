# Every target works in a fresh checkout: the environment in .venv is made on first use.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-all check format build bench gl cpp
.DEFAULT_GOAL := test

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -e '.[dev]'
	@touch $@

demo: $(INSTALLED) gl
	$(BIN)/hacpo-robot train --preset demo --run-dir runs/demo-$$(date +%Y%m%d-%H%M%S)

# The fast tests run without OpenGL, as training does.
test: $(INSTALLED)
	MUJOCO_GL=disabled $(BIN)/python -m pytest -q -n auto -m "not slow"

test-all: $(INSTALLED)
	$(BIN)/python -m pytest -q

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/codespell

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The wheel must work in an environment that has never seen this checkout.
build: $(INSTALLED)
	rm -rf build dist
	$(BIN)/python -m build --wheel
	fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && unset PYTHONPATH \
	    && $(PYTHON) -m venv "$$fresh" \
	    && "$$fresh/bin/pip" install --quiet dist/*.whl \
	    && cp tests/smoke.py "$$fresh" && cd "$$fresh" && MUJOCO_GL=disabled bin/python smoke.py

bench: $(INSTALLED)
	$(BIN)/hacpo-robot bench --json benchmarks/speed.json

# Pictures need OpenGL, training does not: a missing library is worth a sentence, never a failure.
HAS_GL = test "$$(uname)" != Linux || $(BIN)/python -c "import ctypes; ctypes.CDLL('libEGL.so.1')" 2>/dev/null
GL_PACKAGES := libegl1 libgl1-mesa-dri

# Installs Debian packages where this is root's machine; fails anywhere else.
apt = { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
    && { apt-get install -y --no-upgrade $(1) || { apt-get update && apt-get install -y --no-upgrade $(1); }; }; }

gl: $(INSTALLED)
	@$(HAS_GL) || $(call apt,$(GL_PACKAGES)) \
	    || echo "No OpenGL library here: training works, videos need the packages $(GL_PACKAGES)."

# The C++ example, built and run. Other targets skip it where its packages are missing; this one does not.
CONFIGURE_CPP = cmake -S examples/cpp -B build/cpp
CPP_PACKAGES := cmake g++ libopencv-dnn-dev nlohmann-json3-dev

cpp: $(INSTALLED)
	@$(CONFIGURE_CPP) >/dev/null 2>&1 || $(call apt,$(CPP_PACKAGES)) \
	    || echo "The C++ example needs the packages $(CPP_PACKAGES)."
	$(CONFIGURE_CPP)
	MUJOCO_GL=disabled $(BIN)/python -m pytest -q tests/export/test_cpp_example.py
