"""The light path as users get it: the built wheel, in environments with NumPy and one engine and no more."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeword import load
from edgeword.bundle.bundle import Bundle
from edgeword.precisions import PRECISIONS, model_file
from tests.golden import greedy_of
from tests.runtime import text_bundle
from tests.runtime.light.environments import Light

BUNDLES = ("step", "replay", "window")
# What tflite-runtime 2.14 refuses, or gets wrong.
TOO_NEW = {"dynamic-int8", "int4"}
ABSENT = {
    *("tensorflow", "keras", "onnx", "tf2onnx", "matplotlib", "pytest"),
    *("ai_edge_litert", "tflite_runtime", "onnxruntime"),
}


def test_nothing_heavy_is_installed(light):
    code = (
        "import sys; from importlib.util import find_spec\nprint(*(name for name in sys.argv[1:] if find_spec(name)))"
    )
    found = set(light.python(code, *sorted(ABSENT), "edgeword", "numpy").split())
    assert found == {"edgeword", "numpy", light.name.replace("-", "_")}


def test_the_package_is_the_wheel_and_not_the_sources(light):
    place = Path(light.python("import edgeword; print(edgeword.__file__)").strip())
    assert light.bin.parent in place.parents


@pytest.mark.parametrize("name", BUNDLES)
def test_by_default_the_words_are_those_of_the_keras_model(light, golden, name):
    expected = greedy_of(name)
    words = str(len(expected.ids))
    done = light.run("edgeword", "generate", str(golden / name), expected.prompt, "-n", words, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    data = json.loads(done.stdout)
    assert (data["engine"], data["precision"]) == (light.engine, "float32")
    assert (data["text"], data["ids"]) == (expected.text, list(expected.ids))
    assert data["logprobs"] == pytest.approx(expected.logprobs, abs=1e-3)


def test_a_thousand_words(light, golden):
    done = light.run("edgeword", "generate", str(golden / "step"), "-n", "1000", "--json", input="a device")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["prompt"] == "a device"
    assert len(data["words"]) == 1000


def test_a_line_for_each_prompt_by_two_workers(light, golden):
    asked, out = light.folder / "prompts.txt", light.folder / "out.jsonl"
    asked.write_text("the cell\n" * 20, encoding="utf-8")
    line = ["bulk", str(golden / "step"), str(asked), "--out", str(out), "--workers", "2", "-n", "30"]
    done = light.run("edgeword", *line)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["index"] for line in lines] == list(range(20))
    assert {tuple(line["ids"]) for line in lines} == {greedy_of("step").ids}


# What each bundle says, asked for in one process: (bundle, precision, words) → ids.
SAY = """
import json, sys, edgeword
for bundle, precision, words in json.loads(sys.argv[1]):
    print(json.dumps(edgeword.load(bundle, precision=precision).generate("the cell", words).ids))
"""


def said(light: Light, *wanted: tuple[Path, str, int]) -> list[tuple[int, ...]]:
    lines = light.python(SAY, json.dumps([(str(path), precision, words) for path, precision, words in wanted]))
    return [tuple(json.loads(line)) for line in lines.splitlines()]


def test_a_thousand_words_are_those_of_a_full_installation(light, golden):
    found = said(light, *((golden / name, "float32", 1000) for name in BUNDLES))
    for name, ids in zip(BUNDLES, found, strict=True):
        assert ids == load(golden / name, light.engine, "float32").generate("the cell", 1000).ids


def test_sentences_are_those_of_a_full_installation(light, tmp_path):
    bundle = text_bundle.make("step", tmp_path, text_bundle.tokenizer())
    done = light.run("edgeword", "generate", str(bundle), "The cell", "-n", "200", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"] == load(bundle, light.engine, "float32").generate("The cell", 200).text


def test_pieces_of_words_ask_for_their_library_and_nothing_else(light, golden, tmp_path):
    """The library is lent from here: a folder with it alone on the path."""
    tokenizers = pytest.importorskip("tokenizers")
    bundle, expected = golden / "subword", greedy_of("subword")
    done = light.run("edgeword", "generate", str(bundle), "the")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "tokenizers is not installed" in done.stderr
    (tmp_path / "tokenizers").symlink_to(Path(tokenizers.__file__).parent)
    code = """
import json, sys
sys.path.append(sys.argv[1])
import edgeword
lm = edgeword.load(sys.argv[2])
session = lm.session()
for letter in sys.argv[3]:
    session.feed(letter)
many = [each.ids for each in lm.generate_many([sys.argv[3]] * 3, 30)]
print(json.dumps([lm.generate(sys.argv[3], 30).ids, session.generate(30).ids, *many]))
"""
    said = json.loads(light.python(code, str(tmp_path), str(bundle), expected.prompt))
    assert said == [list(expected.ids)] * 5


def test_many_models_in_one_process(light, golden):
    """Memory that is freed too early shows when other memory takes its place."""
    code = """
import gc, sys, edgeword
for bundle in sys.argv[1:]:
    said = set()
    for _ in range(5):
        lm = edgeword.load(bundle)
        gc.collect()
        waste = [bytes([255]) * size for size in range(1000, 120_000, 500)]
        said.add(lm.generate("the cell", 50).ids)
        lm.score("the cell reads a word and keeps a state")
    print(len(said))
"""
    assert light.python(code, *(str(golden / name) for name in BUNDLES)).split() == ["1"] * len(BUNDLES)


IMPORTED = """
import sys
from edgeword.cli.main import main
code = main(sys.argv[1:])
packages = {name.partition(".")[0] for name in sys.modules}
print(*sorted(packages - set(sys.stdlib_module_names)), file=sys.stderr)
sys.exit(code)
"""


def test_nothing_heavy_is_imported(light, step_bundle):
    done = light.run("python", "-c", IMPORTED, "generate", str(step_bundle), "the", "-n", "2")
    assert done.returncode == 0, done.stderr
    imported = set(done.stderr.splitlines()[-1].split())
    assert "edgeword" in imported
    assert imported & ABSENT == {light.name.replace("-", "_")}
    assert not [name for name in imported if name.startswith("edgeword_")]


RUNS: dict[str, Callable[[str], list[str]]] = {
    "info": lambda bundle: ["info", bundle],
    "help": lambda _bundle: ["--help"],
    "version": lambda _bundle: ["--version"],
    "help of export": lambda _bundle: ["export", "--help"],
}


@pytest.mark.parametrize("line", RUNS.values(), ids=RUNS)
def test_what_needs_no_engine_runs_without_a_word_of_error(light, step_bundle, line):
    done = light.run("edgeword", *line(str(step_bundle)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", [["export", "model.keras", "--out", "bundle"], ["demo"]], ids=lambda x: x[0])
def test_a_missing_extra_names_the_command_that_installs_it(light, line):
    done = light.run("edgeword", *line)
    assert done.returncode == 2
    assert done.stderr.startswith("edgeword: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith('.whl[export]"\n')


def test_a_missing_engine_names_the_command_that_installs_it(light, step_bundle):
    other = "onnx" if light.engine == "litert" else "litert"
    done = light.run("edgeword", "generate", str(step_bundle), "the", "--engine", other)
    assert done.returncode == 2
    assert done.stderr.startswith(f'edgeword: the engine {other} is not installed; {light.bin}/pip install "/')
    assert done.stderr.endswith(f'.whl[{other}]"\n')


@pytest.mark.parametrize("precision", sorted(TOO_NEW))
def test_a_precision_that_the_engine_cannot_run_is_one_line(light_of, all_precisions_bundle, precision):
    light = light_of("tflite-runtime")
    done = light.run("edgeword", "generate", str(all_precisions_bundle), "the", "--precision", precision)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert f"model.{precision}.tflite: tflite-runtime" in done.stderr
    assert "refuses the file" in done.stderr


def test_verify_refuses_what_the_engine_gets_wrong_and_passes_the_rest(light, all_precisions_bundle):
    done = light.run("edgeword", "verify", str(all_precisions_bundle))
    assert (done.returncode, done.stderr) == (0, "")
    results = [line.split()[:2] for line in done.stdout.splitlines()[1:]]
    file_format = {"litert": "tflite", "onnx": "onnx"}[light.engine]
    held = {name for name, row in PRECISIONS.items() if file_format in row.formats}
    refused = TOO_NEW if light.name == "tflite-runtime" else set()
    assert sorted(results) == sorted(
        ["refused" if name in refused else "passed", model_file(name, file_format)] for name in held
    )


def test_the_words_of_every_precision_are_those_of_a_full_installation(light, all_precisions_bundle):
    """What passes the self-test says what it says elsewhere; where integers are rounded in another way, almost."""
    refused = TOO_NEW if light.name == "tflite-runtime" else set()
    file_format = {"litert": "tflite", "onnx": "onnx"}[light.engine]
    variants = Bundle(all_precisions_bundle).manifest.variants
    precisions = [v.precision for v in variants if v.format == file_format and v.precision not in refused]
    found = said(light, *((all_precisions_bundle, precision, 20) for precision in precisions))
    for precision, ids in zip(precisions, found, strict=True):
        expected = load(all_precisions_bundle, light.engine, precision).generate("the cell", 20)
        assert ids == expected.ids, precision


BENCHMARK = """
import sys
import edgeword_bench.commands as commands
from edgeword.cli.main import main
from edgeword_bench import Effort, benchmark
effort = Effort(processes=2, turns=1, words=20, turn_s=0, least_s=0, cold_starts=1)
commands.benchmark = lambda *given, **options: benchmark(*given, **options, effort=effort)
sys.exit(main(["benchmark", *sys.argv[1:]]))
"""


def test_a_benchmark_needs_the_runtime_alone(light, all_precisions_bundle):
    """Every variant has a row: measured, or with the reason why not."""
    result = light.folder / "result.json"
    done = light.run("python", "-c", BENCHMARK, str(all_precisions_bundle), "--json", str(result))
    assert done.returncode == 0, done.stderr
    rows = json.loads(result.read_text())["results"]
    assert {row["file"] for row in rows} == {v.file for v in Bundle(all_precisions_bundle).manifest.variants}
    refused = TOO_NEW if light.name == "tflite-runtime" else set()
    for row in rows:
        runs_here = row["engine"] == light.engine and row["precision"] not in refused
        assert (row["runs"] > 0, row["reason"] is None) == (runs_here, runs_here), row["file"]
    page = light.run("edgeword", "benchmark", "--from", str(result), "--html", str(light.folder / "page.html"))
    assert page.returncode == 2
    assert page.stderr.startswith("edgeword: matplotlib and jinja2 are not installed; ")
    assert page.stderr.endswith('.whl[report]"\n')


def test_a_first_load_says_what_is_refused_and_a_second_does_not(light_of, all_precisions_bundle, tmp_path):
    light = dataclasses.replace(light_of("tflite-runtime"), folder=tmp_path)
    line = ["edgeword", "generate", str(all_precisions_bundle), "the cell", "--precision", "fastest"]
    first, second = light.run(*line), light.run(*line)
    refused = sorted(entry.split()[1] for entry in first.stderr.splitlines())
    assert refused == sorted(f"model.{precision}.tflite" for precision in TOO_NEW)
    assert all(entry.startswith("edgeword: ") for entry in first.stderr.splitlines())
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout == first.stdout


def test_without_self_tests_an_engine_that_nothing_was_verified_on_runs_float32(light_of, all_precisions_bundle):
    light = light_of("tflite-runtime")
    code = """
import os, sys
os.environ["EDGEWORD_SELF_TEST"] = "0"
import edgeword
print(edgeword.load(sys.argv[1]).precision)
"""
    assert light.python(code, str(all_precisions_bundle)).strip() == "float32"
