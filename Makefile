# newsfeed: `make help` lists what there is. Every target makes what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
NEWSFEED := $(BIN)/newsfeed
# Where Python is told to keep no bytecode, each run would compile the plugins of pytest anew, for three seconds.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
# A failing feed is named and no reason for make to complain (exit code 1: done, with failures named).
NAMED := || [ $$? -eq 1 ]

.PHONY: help digest refresh serve demo team test test-slow check lint types fix model golden bench wheel crash crash-team fuzz fuzz-atheris clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

digest: $(BIN)/.installed ## Pull feeds.opml and build today's page
	@$(NEWSFEED) --home "$(CURDIR)" digest $(ARGS) $(NAMED)

refresh: $(BIN)/.installed ## Ask every feed now; today's page takes in what can't wait
	@$(NEWSFEED) --home "$(CURDIR)" refresh $(ARGS) $(NAMED)

serve: $(BIN)/.installed ## The page live in your browser: read, keep, teach, refresh, search; until Ctrl-C
	@$(NEWSFEED) --home "$(CURDIR)" serve $(ARGS)

demo: $(BIN)/.installed ## A page from sample sources, no internet needed
	@$(NEWSFEED) demo newsfeed-demo $(ARGS) $(NAMED)

team: $(BIN)/.team ## Try it for many readers on this machine: PostgreSQL, a worker, the web page; until Ctrl-C
	@$(NEWSFEED) --home "$(CURDIR)/newsfeed-team" team trial $(ARGS)

test: $(BIN)/.developing ## Run the tests, offline
	@$(PYTEST) -n auto --dist worksteal -m "not slow" $(ARGS)

test-slow: $(BIN)/.developing ## Run those that take long: training, killed processes, whole weeks
	@$(PYTEST) -n auto --dist worksteal -m slow $(ARGS)

crash: $(BIN)/.developing ## Kill running processes 200 times at random moments; nothing may be lost or doubled
	@NEWSFEED_CRASHES=$${NEWSFEED_CRASHES:-200} $(PYTEST) -q -s tests/live/test_crash.py tests/test_store_care.py -k "killed or kill_9" $(ARGS)

crash-team: $(BIN)/.developing ## Kill a team's workers 100 times at random moments; nothing may be lost or doubled
	@NEWSFEED_KILLS=$${NEWSFEED_KILLS:-100} $(PYTEST) -q -s tests/test_team_crashes.py $(ARGS)

fuzz: $(BIN)/.developing ## Read for an hour what nobody would write
	@export NEWSFEED_FUZZ=$${NEWSFEED_FUZZ:-3600} NEWSFEED_FUZZ_SEED=$${NEWSFEED_FUZZ_SEED:-$$(date +%s)}; \
	echo "NEWSFEED_FUZZ_SEED=$$NEWSFEED_FUZZ_SEED"; $(PYTEST) -q -n auto tests/test_fuzz.py $(ARGS) && \
	$(PYTEST) -q -n auto -m "hypothesis and not slow" --hypothesis-profile thorough

fuzz-atheris: $(BIN)/.developing ## The same targets led by the code they reach, where atheris is installed
	@$(BIN)/python -c "import atheris" 2>/dev/null || { echo "newsfeed: atheris is not there: install it into $(VENV) ('pip install atheris'; Linux, Python 3.11 to 3.13)." >&2; exit 2; }
	@$(BIN)/python tests/guided.py $(ARGS)

check: lint types test test-slow ## Everything that CI checks before the wheel

lint: $(BIN)/.developing
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(BIN)/.developing
	@$(BIN)/mypy

fix: $(BIN)/.developing ## Fix what the linter can, and format
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

model: $(BIN)/.developing ## Make the shipped topic weights from lexicon and seeds
	@$(BIN)/python -m newsfeed.topics.build

golden: $(BIN)/.developing ## Draw the golden pages anew; read the diff before you commit it
	@$(PYTEST) -q tests/test_render_golden.py --golden

bench: $(BIN)/.developing ## What reading and refreshing cost, beside feedparser (and READER=ENV/bin/python)
	@$(BIN)/python bench/reading.py && $(BIN)/python bench/refresh.py --feeds $${FEEDS:-100} --reader "$(READER)"

wheel: $(BIN)/.developing ## Build the wheel and try it in a fresh environment from an empty folder
	@.ci/wheel

clean: ## Remove what make made; your feeds.opml, newsfeed.toml and database stay
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage newsfeed-demo

# One sentence for each thing that may be missing; uv if it is there, else the newest suitable Python.
$(BIN)/.installed: pyproject.toml
	@.ci/install && touch $@

$(BIN)/.team: pyproject.toml
	@.ci/install --team && touch $@ $(BIN)/.installed

$(BIN)/.developing: pyproject.toml dev.lock
	@.ci/install --dev && touch $@ $(BIN)/.installed
