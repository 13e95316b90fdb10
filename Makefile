PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-slow test-plugins check docs clean

demo: $(INSTALLED)  ## 5,000 synthetic threes in ./demo-output
	$(BIN)/ganaug synth --class 3 --n 5000 --out demo-output --overwrite

test: $(INSTALLED)  ## the default suite
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(INSTALLED)  ## learning quality: minutes of CPU
	$(BIN)/python -m pytest -m slow

test-plugins: $(INSTALLED)  ## what has a distribution of its own
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-inception[dev]"
	cd plugins/ganaug-inception && ../../$(BIN)/python -m pytest

check: $(INSTALLED)  ## style, types, spelling, links, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/interrogate --quiet ganaug
	$(BIN)/codespell ganaug docs examples plugins *.md
	$(BIN)/python docs/generate_cli.py --check
	$(BIN)/python docs/check_links.py

docs: $(INSTALLED)  ## docs/cli.md from the program, then the site: docs/_build/html/index.html
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	$(BIN)/python docs/check_links.py docs/_build/html

clean:
	rm -rf .venv demo-output docs/_build docs/examples docs/api/generated docs/distributions

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
