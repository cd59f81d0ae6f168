"""The class for Ray Data: alone, and on a local cluster of two workers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import edgeword
from edgeword.bulk.ray import BulkGenerator
from edgeword.errors import UsageError
from edgeword.generation.sampling import nth_seed
from tests.runtime.bulk.runs import prompts, undisturbed

COUNT = 200
DRAWN = {"max_words": 6, "temperature": 1.0, "seed": 3}


def batch_of(texts, **columns) -> dict:
    return {"prompt": np.array(texts, dtype=object), **columns}


def test_a_batch_comes_out_with_what_was_said(step_bundle):
    out = BulkGenerator(step_bundle, engine="litert", max_words=4)(batch_of(["the", "the cell"], id=["a", "b"]))
    expected = [edgeword.load(step_bundle, "litert").generate(text, 4) for text in ("the", "the cell")]
    assert list(out)[:2] == ["prompt", "id"]
    assert list(out["text"]) == [generation.text for generation in expected]
    assert list(out["ids"]) == [list(generation.ids) for generation in expected]
    assert (list(out["engine"]), list(out["error"]), out["id"]) == (["litert"] * 2, [None] * 2, ["a", "b"])


def test_a_prompt_that_cannot_be_used_has_an_error(step_bundle):
    out = BulkGenerator(step_bundle, max_words=4)(batch_of(["the", None, 5, ""]))
    assert [error and error.partition(";")[0] for error in out["error"]] == [
        None,
        "the prompt is a NoneType",
        "the prompt is a int",
        None,
    ]
    assert [text is None for text in out["text"]] == [False, True, True, False]


def test_a_text_is_drawn_by_its_index_and_not_by_its_batch(step_bundle):
    generator = BulkGenerator(step_bundle, engine="litert", **DRAWN)
    together = generator(batch_of(["the"] * 4, index=np.arange(5, 9)))
    assert [*generator(batch_of(["the"], index=np.array([7])))["text"]] == [together["text"][2]]
    lm = edgeword.load(step_bundle, "litert")
    assert together["text"][0] == lm.generate("the", **{**DRAWN, "seed": nth_seed(3, 5)}).text


def test_what_would_differ_each_time_is_refused(step_bundle):
    with pytest.raises(UsageError, match="give the seed"):
        BulkGenerator(step_bundle, temperature=1.0)
    with pytest.raises(UsageError, match='a column "index"'):
        BulkGenerator(step_bundle, **DRAWN)(batch_of(["the"]))


def ten_lines() -> str:
    """The program of docs/bulk.md."""
    page = (Path(__file__).parents[3] / "docs" / "bulk.md").read_text(encoding="utf-8")
    (program,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "import ray" in block)
    assert len([line for line in program.splitlines() if line]) <= 12
    return program


def test_a_cluster_of_two_says_the_lines_of_bulk(step_bundle, tmp_path, monkeypatch):
    """By the program that the documents show; its two actors leave a processor to reading and writing."""
    import ray
    from pyarrow import parquet

    path = tmp_path / "prompts.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for index, prompt in enumerate(prompts(COUNT)):
            file.write(json.dumps({"index": index, "prompt": prompt, "id": f"p{index}"}) + "\n")
    whole = undisturbed(step_bundle, path, tmp_path / "out.jsonl", **DRAWN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundle").symlink_to(step_bundle)
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=2**27)
    try:
        exec(compile(ten_lines(), "docs/bulk.md", "exec"), {})  # noqa: S102 (of our own)
    finally:
        ray.shutdown()
    found = [row for file in (tmp_path / "said").iterdir() for row in parquet.read_table(file).to_pylist()]
    expected = [json.loads(line) for line in whole.splitlines()]
    for row, line in zip(sorted(found, key=lambda row: row["index"]), expected, strict=True):
        assert row.pop("error", None) is None
        assert row.pop("logprobs") == pytest.approx(line.pop("logprobs"), abs=1e-5)
        assert row == line
