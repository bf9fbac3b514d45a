# Everything the course can do. `make help` lists it; CI calls the same targets.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
WORKERS ?= 2
# One thread a process: the tests run side by side, and results don't depend on the number of cores.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(ONE_THREAD) UNROLLED_QUIET=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help book serve test check lint lab slides pdf site.zip pictures screenshots exercises notebooks experiments \
	overlay grade class bench lighthouse repository release lock \
	clean book-environment environment python

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

book: book-environment  ## build the online book into _build/html (executes nothing, needs no torch)
	@$(BIN)/python utils/build/site.py

serve: book  ## build the book and open it on http://localhost:8000 (PORT=n for another port)
	@$(BIN)/python utils/build/site.py --serve $(PORT)

test: environment lint  ## run all tests: package, notebooks, grading, Colab, slides, JupyterLab, browser
	@$(BIN)/python utils/build/chromium.py
	$(PYTEST) --nbval --nbval-sanitize-with tests/nbval.cfg tests book lectures solutions

check: environment lint  ## the quick tests (under two minutes): style, package, equations, changed notebooks
	$(PYTEST) --nbval --nbval-sanitize-with tests/nbval.cfg tests/package tests/notebooks \
		$$(git diff --name-only --diff-filter=d HEAD -- book lectures solutions | grep '\.ipynb$$')

lint: environment  ## check the style of code and notebooks
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .

lab: environment  ## open JupyterLab on the lectures and exercises
	@$(BIN)/jupyter trust --log-level=ERROR book/*.ipynb lectures/*.ipynb solutions/*/*.ipynb  # shows the stored figures and widgets
	$(BIN)/jupyter lab

slides: book  ## list the slide decks in _build/html/slides, with their minutes
	@$(BIN)/python utils/build/decks.py

pdf: environment book  ## print the whole book into _build/unrolled.pdf
	@$(BIN)/python utils/build/pdf.py

site.zip: book  ## pack the site with its decks into _build/unrolled-site.zip, to carry without a network
	@$(BIN)/python utils/build/archive.py

pictures: environment book  ## make the README's picture of the first page anew
	@$(BIN)/python utils/build/pictures.py landing

screenshots: environment book  ## picture all pages, or PAGES="lectures/06-bptt ...", into _build/screenshots
	@$(BIN)/python utils/build/pictures.py screenshots $(PAGES)

exercises: environment  ## generate exercises/ from solutions/; or a graded set: OVERLAY=folder SEED=n TRIES=10
	@$(ONE_THREAD) $(BIN)/python utils/build/exercises.py $(if $(OVERLAY),--overlay "$(OVERLAY)") \
		$(if $(SEED),--seed "$(SEED)") $(if $(TRIES),--tries "$(TRIES)")

overlay: environment  ## write a worked example of a private folder for graded sets: make overlay OVERLAY=../graded
	@$(BIN)/python utils/build/exercises.py --example "$(or $(OVERLAY),grading/overlay)"

notebooks: environment  ## execute the notebooks whose code changed and store their outputs (FORCE=1: all)
	@$(ONE_THREAD) $(BIN)/python utils/build/notebooks.py $(if $(FORCE),--force) book/*.ipynb lectures/*.ipynb solutions/*/*.ipynb

experiments: environment  ## repeat a recorded experiment: make experiments NAME=...
	@$(ONE_THREAD) $(BIN)/python -m unrolled.recorded $(NAME)

grade: environment  ## grade a class: make grade ASSIGNMENT=06-bptt SUBMISSIONS=folder-or-zip ROSTER=students.csv
	@$(ONE_THREAD) $(BIN)/python -m unrolled.course.grade "$(ASSIGNMENT)" "$(SUBMISSIONS)" \
		$(if $(ROSTER),--roster "$(ROSTER)") $(if $(DEADLINE),--deadline "$(DEADLINE)") \
		$(if $(SOLUTIONS),--solutions "$(SOLUTIONS)") $(if $(OUTPUT),--output "$(OUTPUT)") \
		$(if $(JOBS),--jobs "$(JOBS)") $(if $(UNSANDBOXED),--unsandboxed)

class: environment  ## grade a class of made submissions, most of them broken or hostile
	$(ONE_THREAD) UNROLLED_QUIET=1 WHOLE_CLASS=1 $(BIN)/python -m pytest -n 0 tests/grading/test_class.py

bench: environment  ## measure the cost of a training step against torch; the figures go into book/benchmarks.md
	@$(ONE_THREAD) $(BIN)/python utils/build/bench.py

lighthouse: environment book  ## measure the first page and the heaviest lecture with Lighthouse (PAGES="..." for others)
	@$(BIN)/python utils/build/lighthouse.py $(PAGES)

repository: environment  ## move the course to another repository: make repository URL=https://... REF=main
	@$(BIN)/python utils/build/repository.py "$(URL)" $(REF)

release: environment  ## tag a version, main goes on: make release VERSION=0.2.0, DRY=1 to rehearse
	@$(ONE_THREAD) $(BIN)/python utils/build/release.py "$(VERSION)" $(if $(DRY),--dry)

lock: environment  ## resolve pyproject.toml anew into requirements.txt, without torch's GPU libraries
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --no-annotate --no-header \
		--upgrade pyproject.toml --output-file .lock.txt
	(echo "# The tested versions, for Python 3.11-3.13. Made by 'make lock' from pyproject.toml; don't edit."; \
		grep -vE '^(nvidia-|cuda-|triton)' .lock.txt) > requirements.txt
	rm .lock.txt

clean:  ## remove what was built; the environment in .venv stays
	rm -rf _build node_modules

book-environment: python
	@$(PYTHON) utils/build/environment.py book

environment: python
	@$(PYTHON) utils/build/environment.py dev

python:
	@command -v $(PYTHON) >/dev/null || { echo "error: no $(PYTHON) found; install Python 3.11, 3.12 or 3.13" >&2; exit 1; }
