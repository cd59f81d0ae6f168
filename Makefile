# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Environments as a device has them: numpy and one engine. The tests install the built wheel there.
BARE := .bare
BARE_STAMP := $(BARE)/.installed
# Documents of which parts are asked of the code.
GENERATED := docs/architecture.md docs/commands.md docs/quantization.md

# To train and to export, without the tools of those who develop edgeword.
EXPORT_STAMP := $(VENV)/.installed-export

.PHONY: demo test check field random-models interruptions kills flips locales fuzz soak lint format docs benchmark clean

# Leaves demo/bundle to play with; again, it replaces what it left.
demo: $(or $(wildcard $(STAMP)),$(EXPORT_STAMP))
	$(BIN)/edgeword demo --out demo --force

test: lint $(BARE_STAMP)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# What to run after each change: a minute on two quiet cores.
check: lint $(BARE_STAMP)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/runtime

# Models as people build them, each beside its owner's loop, as `test` tries four of. A quarter of an hour.
field: $(STAMP)
	$(BIN)/python -m pytest --numprocesses 2 -m "field or not field" tests/field

# Models at random, as `test` tries 30 of: what is exported agrees with Keras, or is refused. Ten minutes.
random-models: $(STAMP)
	EDGEWORD_RANDOM_MODELS=500 $(BIN)/python -m pytest tests/export/graphs/test_random_models.py --hypothesis-show-statistics

# Each long command is interrupted at 40 random moments, of which `test` tries 2. Ten minutes.
interruptions: $(STAMP)
	EDGEWORD_INTERRUPTIONS=40 $(BIN)/python -m pytest tests/attacks/test_interruptions.py

# A bulk run killed at twenty moments and a training at ten, as `test` kills them at two and at one. Two minutes.
kills: $(STAMP)
	EDGEWORD_BULK_KILLS=20 $(BIN)/python -m pytest tests/runtime/bulk/test_disturbed.py -k killed
	EDGEWORD_TRAINING_KILLS=10 $(BIN)/python -m pytest -s tests/train/test_killed.py

# Every bit of manifests, tokenizers and a packed bundle flipped, and every length, of which `test` tries some hundred.
flips: $(STAMP)
	EDGEWORD_FLIPS=all $(BIN)/python -m pytest -s tests/attacks/test_flips.py
	EDGEWORD_FLIPS=all $(BIN)/python -m pytest -s tests/attacks/test_packed.py -k "flip or truncation"

# Every command where the locale says ASCII, each in a process of its own. Five minutes.
locales: $(STAMP)
	EDGEWORD_LOCALES=all $(BIN)/python -m pytest tests/runtime/cli/test_locales.py

# Bundles, texts and options at random, as `test` tries some ninety of: right words, or one line that says why not.
fuzz: $(STAMP)
	EDGEWORD_FUZZ_SECONDS=$${EDGEWORD_FUZZ_SECONDS:-3600} $(BIN)/python -m pytest tests/attacks/test_fuzz.py -k while

# Two million words in four threads, of which `test` says four thousand: each the right one, and no memory that grows.
# Nor does it with a hundred times as many prompts of `bulk`.
soak: $(STAMP)
	EDGEWORD_SOAK_WORDS=$${EDGEWORD_SOAK_WORDS:-2000000} $(BIN)/python -m pytest tests/attacks/test_soak.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/cog -P --check $(GENERATED)

docs: $(STAMP)
	PYTHONPATH=. $(BIN)/cog -P -r $(GENERATED)

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(EXPORT_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[export]"
	touch $@

# tflite-runtime has no release for Python 3.12 and newer; its test is left out there.
$(BARE_STAMP): constraints.txt
	for engine in ai-edge-litert onnxruntime; do \
		$(PYTHON) -m venv $(BARE)/$$engine && \
		$(BARE)/$$engine/bin/python -m pip install --quiet --constraint constraints.txt numpy $$engine || exit 1; \
	done
	if $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then \
		$(PYTHON) -m venv $(BARE)/tflite-runtime && \
		$(BARE)/tflite-runtime/bin/python -m pip install --quiet 'numpy<2' tflite-runtime==2.14.0; \
	fi
	touch $@

# An hour on a machine that does nothing else. Writes docs/benchmarks.md and its pictures.
RESULTS := benchmarks/results
benchmark: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement benchmarks/requirements.txt
	rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	$(BIN)/edgeword demo --out $(RESULTS)/demo
	$(BIN)/edgeword benchmark $(RESULTS)/demo/bundle --json $(RESULTS)/demo.json --html $(RESULTS)/demo.html
	$(BIN)/python -m studies.trust $(RESULTS)/demo/bundle
	$(BIN)/python -m studies.peers
	$(BIN)/python -m studies.asking
	$(BIN)/python -m studies.scaling
	$(BIN)/python -m studies.write_up
	$(BIN)/python -m docs.glance

clean:
	rm -rf $(VENV) $(BARE) dist build
