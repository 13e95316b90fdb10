PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
LOWEST := .venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable

.PHONY: demo test test-slow test-plugins test-lowest test-clients check release-check notebooks docs clean

demo: $(INSTALLED)  ## 5,000 synthetic threes in ./demo-output
	$(BIN)/ganaug synth --class 3 --n 5000 --out demo-output --overwrite

test: $(INSTALLED)  ## the default suite, by two processes: minutes (`pytest -m "not slow"`: one process)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(INSTALLED)  ## learning quality: minutes of CPU
	$(BIN)/python -m pytest -m slow

test-plugins: $(INSTALLED)  ## what has a distribution of its own
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-inception[dev]"
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-series[dev]"
	cd plugins/ganaug-inception && ../../$(BIN)/python -m pytest
	$(BIN)/python -m pip install --quiet --editable "plugins/ganaug-translate[dev]"
	cd plugins/ganaug-translate && ../../$(BIN)/python -m pytest
	cd plugins/ganaug-series && ../../$(BIN)/python -m pytest

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

check: $(INSTALLED)  ## style, types, spelling, links, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/interrogate --quiet ganaug
	$(BIN)/codespell ganaug docs examples plugins *.md
	$(BIN)/python docs/generate_cli.py --check
	$(BIN)/python docs/check_links.py

notebooks: $(INSTALLED)  ## run the notebooks, and write them with what they show
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/jupytext --quiet --to ipynb --execute --run-path .venv examples/notebooks/*.py

docs: $(INSTALLED)  ## docs/cli.md from the program, then the site: docs/_build/html/index.html
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	$(BIN)/python docs/check_links.py docs/_build/html

clean:
	rm -rf .venv .venv-lowest .venv-clients .venv-release dist demo-output
	rm -rf docs/_build docs/examples docs/api/generated docs/distributions

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
