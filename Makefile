# make run: the dashboard.  make test: every test.  Both install what they need into .venv first.
PYTHON ?= python3
VENV := .venv

.PHONY: run test clean

run: $(VENV)/installed
	$(VENV)/bin/streamlit run dashboard.py

test: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	@# two at a time, as browser tests wait a lot; a file stays together, as its tests share servers and models
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/installed-test: $(VENV)/installed pyproject.toml
	$(VENV)/bin/python -m pip install --quiet -e '.[test]'
	touch $@

clean:
	rm -rf $(VENV)
