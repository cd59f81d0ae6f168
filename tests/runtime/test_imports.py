"""The runtime stays light: what it imports, as written and as run."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword

RUNTIME = Path(__file__).parents[2] / "runtime"
ENGINE_PACKAGES = {"ai_edge_litert", "tflite_runtime", "onnxruntime"}
HEAVY = {
    *("tensorflow", "keras", "onnx", "tf2onnx", "matplotlib", "edgeword_train", "edgeword_export"),
    *("edgeword_bench", *ENGINE_PACKAGES),
}


def imported_by(code: str, *arguments: str) -> set[str]:
    """Top-level packages that a fresh process has imported after `code`."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    line = [sys.executable, "-c", f"{code}\n{report}", *arguments]
    done = subprocess.run(line, capture_output=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


LIGHT = {
    "edgeword": "import edgeword",
    "every module": (
        "import pkgutil, importlib, edgeword\n"
        "for module in pkgutil.walk_packages(edgeword.__path__, 'edgeword.'):\n"
        "    '__main__' in module.name or importlib.import_module(module.name)"
    ),
    "cli": "import edgeword.cli.main",
    "version": "from edgeword.cli.main import main; main(['--version'])",
    "own command": "from edgeword.cli.main import main; main(['generate', '/nowhere', 'the'])",
}


@pytest.mark.parametrize("code", LIGHT.values(), ids=LIGHT)
def test_nothing_heavy_is_imported(code):
    assert imported_by(code) & HEAVY == set()


def test_the_list_of_commands_imports_no_tensorflow():
    """Each command's arguments are known without the packages that it runs on."""
    found = imported_by("from edgeword.cli.main import main; main(['--help'])")
    assert found & HEAVY <= {"edgeword_train", "edgeword_export", "edgeword_bench"}


BENCHMARKS = (
    "import pkgutil, importlib, edgeword_bench\n"
    "for module in pkgutil.walk_packages(edgeword_bench.__path__, 'edgeword_bench.'):\n"
    "    importlib.import_module(module.name)"
)


def test_the_benchmarks_need_the_runtime_alone():
    assert imported_by(BENCHMARKS) & (HEAVY | {"scipy", "jinja2"}) == {"edgeword_bench"}


def test_a_cold_start_imports_nothing_else_of_the_benchmarks():
    module = "edgeword_bench.measuring.first_word"
    code = f"import {module}, sys; print([n for n in sys.modules if n.startswith('edgeword_bench')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ast.literal_eval(done.stdout) == ["edgeword_bench", "edgeword_bench.measuring", module]


GENERATE = "import sys, edgeword; edgeword.load(sys.argv[1], sys.argv[2]).generate('the', 2)"


@pytest.mark.parametrize(("engine", "package"), [("litert", "ai_edge_litert"), ("onnx", "onnxruntime")])
def test_one_engine_is_imported_and_no_other(step_bundle, engine, package):
    assert imported_by(GENERATE, str(step_bundle), engine) & HEAVY == {package}


def test_a_folder_waits_for_nothing_of_packed_and_signed_bundles(step_bundle):
    code = (
        "import sys, edgeword; edgeword.Bundle(sys.argv[1]); print([n for n in sys.modules if 'edgeword.bundle.' in n])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(step_bundle)], capture_output=True, text=True, check=True, timeout=60
    )
    imported = set(ast.literal_eval(done.stdout))
    assert not imported & {f"edgeword.bundle.{name}" for name in ("packed", "signing", "hub")}
    assert "edgeword.bundle.folder" in done.stdout


def test_auto_imports_one_engine_when_it_has_chosen(step_bundle):
    package = {"litert": "ai_edge_litert", "onnx": "onnxruntime"}[edgeword.load(step_bundle).engine]
    assert imported_by(GENERATE, str(step_bundle), "auto") & HEAVY == {package}


def imports_of(tree: ast.AST) -> set[str]:
    """Top-level packages that a module names, in `import_module("…")` and `find_spec("…")` too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("edgeword" if node.level else node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("import_module", "find_spec", "__import__"):
                found.add(node.args[0].value.partition(".")[0])
    return found


MODULES = sorted(RUNTIME.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_a_module_names_only_the_standard_library_numpy_and_its_engine(path):
    # typing_extensions: for type checkers alone; what is imported at run time is looked at in bare environments.
    allowed = {"edgeword", "numpy", "typing_extensions", *sys.stdlib_module_names}
    if path.parent.name == "engines":
        allowed |= ENGINE_PACKAGES
    allowed |= {"subword.py": {"tokenizers"}, "hub.py": {"huggingface_hub"}}.get(
        path.name, set()
    )  # extras of their own
    assert imports_of(ast.parse(path.read_text(encoding="utf-8"))) <= allowed


# What asks another Python, in which an engine may die; and the exit code of an interrupted command.
EXCEPTIONS = {
    "engines/probing.py": {"subprocess"},
    "isolation/process.py": {"subprocess"},
    "cli/main.py": {"ctypes"},
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_nothing_of_a_bundle_is_executed_or_unpickled(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    needed = EXCEPTIONS.get(str(path.relative_to(RUNTIME / "edgeword")), set())
    assert imports_of(tree) & {"pickle", "marshal", "shelve", "ctypes", "subprocess"} <= needed
    called = {getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called & {"eval", "exec", "compile", "__import__"} == set()


@pytest.mark.parametrize("package", ["tensorflow", "keras", "tf2onnx"])
def test_these_tests_import_none_of_what_makes_bundles(monkeypatch, package):
    monkeypatch.delitem(sys.modules, package, raising=False)  # which other tests of this session may import
    with pytest.raises(ImportError, match=package):
        importlib.import_module(package)


def test_the_runtime_was_found():
    assert {"main.py", "bundle.py", "decoder.py"} <= {path.name for path in MODULES}
