PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-slow test-plugins check docs clean

demo: $(INSTALLED)  ## 5,000 synthetic threes in ./demo-output
	$(BIN)/ganaug synth --class 3 --n 5000 --out demo-output --overwrite

test: $(INSTALLED)  ## the default suite, by two processes: minutes (`pytest -m "not slow"`: one process)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(INSTALLED)  ## learning quality: minutes of CPU
	$(BIN)/python -m pytest -m slow

test-plugins: $(INSTALLED)  ## what has a distribution of its own
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-inception[dev]"
	cd plugins/ganaug-inception && ../../$(BIN)/python -m pytest

check: $(INSTALLED)  ## style, types, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate_cli.py --check

docs: $(INSTALLED)  ## regenerate docs/cli.md from the program
	$(BIN)/python docs/generate_cli.py

clean:
	rm -rf .venv demo-output

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
