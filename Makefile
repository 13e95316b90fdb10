PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
LOWEST := .venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable

.PHONY: demo test test-slow test-plugins test-lowest test-clients check release-check docs clean

demo: $(INSTALLED)  ## 5,000 synthetic threes in ./demo-output
	$(BIN)/ganaug synth --class 3 --n 5000 --out demo-output --overwrite

test: $(INSTALLED)  ## the default suite
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(INSTALLED)  ## learning quality: minutes of CPU
	$(BIN)/python -m pytest -m slow

test-plugins: $(INSTALLED)  ## what has a distribution of its own
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-inception[dev]"
	cd plugins/ganaug-inception && ../../$(BIN)/python -m pytest

test-lowest:  ## the default suite on the oldest releases allowed: tables only, then with every extra
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	$(LOWEST) ".[test]"
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" .venv-lowest/bin/python -m pytest -m "not slow"
	$(LOWEST) ".[all,test]"
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" .venv-lowest/bin/python -m pytest -m "not slow"

test-clients:  ## the libraries that users join ganaug with; an environment of its own, several GB
	$(PYTHON) -m venv .venv-clients
	.venv-clients/bin/python -m pip install --quiet --editable ".[all,clients,test]"
	.venv-clients/bin/python -m pytest tests/contracts/clients

release-check:  ## build sdist and wheel, check what an index would show, install the wheel and use it
	rm -rf dist .venv-release
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet build twine
	.venv-release/bin/python -m build --outdir dist
	.venv-release/bin/twine check --strict dist/*
	.venv-release/bin/python -m pip install --quiet "$$(ls dist/*.whl)[test]"
	.venv-release/bin/pytest tests/unit/test_extras.py  # the program, which does not see this folder

check: $(INSTALLED)  ## style, types, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate_cli.py --check

docs: $(INSTALLED)  ## regenerate docs/cli.md from the program
	$(BIN)/python docs/generate_cli.py

clean:
	rm -rf .venv .venv-lowest .venv-clients .venv-release dist demo-output

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
