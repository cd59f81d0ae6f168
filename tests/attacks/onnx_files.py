"""Hostile ONNX files: each row changes a whole one, and has the one error that it ends in."""

from __future__ import annotations

from onnx import TensorProto

from tests.attacks.onnx_changes import (
    Maker,
    added_input,
    added_output,
    answer,
    conditional,
    constant,
    constant_among_others,
    domain,
    doubled,
    dtype,
    edited,
    endless_number,
    external,
    function,
    graphs,
    grouped,
    halved,
    loop,
    many_fields,
    operator,
    ort_format,
    renamed,
    reshaped,
    scan,
    sequence,
    shape,
    sliced,
    sparse,
    texts,
    unknown_field,
    value,
    weight,
    without,
    wrong_wire,
)

_OUTSIDE = "data outside of the file"
_NEEDLESS = "which no next-word model needs"
_KIND = "of data type"
_NO_NUMBER = "which is no probability"

# Refused before an engine has seen a byte.
UNSEEN: dict[str, tuple[Maker, str]] = {
    "weights in the current folder": (external("weights.bin", weight), _OUTSIDE),
    "weights in the folder above": (external("../weights.bin", weight), _OUTSIDE),
    "weights in /etc/passwd": (external("/etc/passwd", weight), _OUTSIDE),
    "weights behind /proc": (external("/proc/self/mem", weight), _OUTSIDE),
    "an attribute's tensor outside": (external("weights.bin", constant), _OUTSIDE),
    "an attribute's other tensor outside": (external("weights.bin", constant_among_others), _OUTSIDE),
    "a location without the data's being external": (
        edited(lambda model: weight(model).external_data.add(key="location", value="weights.bin")),
        _OUTSIDE,
    ),
    "a loop of 2 ** 62 turns": (edited(loop), "'Loop'"),
    "a condition": (edited(conditional), "'If'"),
    "a scan": (edited(scan), "'Scan'"),
    "graphs in a known operator": (edited(graphs), "a graph within an operator"),
    "a function": (edited(function), "functions"),
    "training": (edited(lambda model: model.training_info.add()), "training"),
    "an operator that nobody knows": (edited(operator("Explode")), "'Explode'"),
    "an operator of another domain": (edited(operator("Relu", "com.example")), "'com.example.Relu'"),
    "an operator that reads a file": (edited(operator("EPContext", "com.microsoft")), "'com.microsoft.EPContext'"),
    "an operator of chance": (edited(operator("RandomNormalLike")), "'RandomNormalLike'"),
    "an operator of texts": (edited(operator("StringNormalizer")), "'StringNormalizer'"),
    "operators of a domain that is only named": (edited(domain), "'com.example'"),
    "a sparse weight": (edited(sparse), "a sparse tensor"),
    "a weight of texts": (edited(texts), _NEEDLESS),
    "a token that is text": (edited(dtype("token", TensorProto.STRING)), _KIND),
    "a token of int64": (edited(dtype("token", TensorProto.INT64)), _KIND),
    "logits of float64": (edited(dtype("logits", TensorProto.DOUBLE)), _KIND),
    "logits of bfloat16": (edited(dtype("logits", TensorProto.BFLOAT16)), _KIND),
    "a state without a dtype": (edited(dtype("state_0", 0)), _KIND),
    "a state of unknown size": (edited(shape("state_0", 1, "n")), "of the shape [1, 0]"),
    "a state without elements": (edited(shape("state_0", 1, 0)), "of the shape"),
    "a state of negative size": (edited(shape("state_0", 1, -1)), "elements"),
    "a state larger than any memory": (edited(shape("state_0", 1 << 40, 1 << 40)), "elements"),
    "an output that is no tensor": (edited(sequence), "what is no tensor"),
    "two outputs of one name": (
        edited(lambda model: model.graph.output.append(value("logits")(model))),
        "two of its outputs 'logits'",
    ),
    "a name of a megabyte": (edited(renamed("logits", "x" * 1_000_000)), "a name of 1000000 bytes"),
    "a file of two formats": (ort_format, "onnxruntime's own format"),
    "two graphs": (doubled, "holds graph twice"),
    "a field that nobody knows": (unknown_field, "field 110 "),
    "a graph that is a number": (wrong_wire, "field 7 of wire type 0"),
    "a number without an end": (endless_number, "within a number"),
    "groups within groups": (grouped, "wire type 3"),
    "a million fields": (many_fields, "more than 1048576 fields"),
    "half a file": (halved, "the file ends within"),
    "an empty file": (lambda _content: b"", "no graph"),
    "a file of zeros": (lambda content: bytes(len(content)), _NEEDLESS),
    "no graph": (lambda _content: bytes([8, 9]), "no graph"),
}

# The engine opens them, and they are refused before a word is said.
OPENED: dict[str, tuple[Maker, str]] = {
    "a renamed token": (edited(renamed("token", "tokens")), "has no graph 'step'"),
    "a token of two": (edited(shape("token", 2)), ""),
    "a renamed state": (edited(renamed("state_0", "hidden")), "'state_0'"),
    "logits of another name": (edited(renamed("logits", "scores")), "misses the output 'logits'"),
    "no logits": (edited(without("logits")), "misses the output 'logits'"),
    "no next state": (edited(without("next_state_0")), "misses the output 'next_state_0'"),
    "one input more": (edited(added_input), "has the input 'temperature'"),
    "one output more": (edited(added_output(TensorProto.FLOAT, "more")), "has the output 'more'"),
    "a next word without its probability": (
        edited(added_output(TensorProto.INT32, "next_token")),
        "misses the output 'logprob'",
    ),
    "a probability without its word": (
        edited(added_output(TensorProto.FLOAT, "logprob")),
        "misses the output 'next_token'",
    ),
    "logits of another shape at run time": (edited(reshaped("logits", -1, 1)), "where the file says [1, 42]"),
    "logits of one element at run time": (edited(sliced("logits")), "where the file says [1, 42]"),
    "a state of one element at run time": (edited(sliced("next_state_0")), "where the file says"),
    "logits that are no numbers": (edited(answer(float("nan"))), _NO_NUMBER),
    "infinite logits": (edited(answer(float("inf"))), _NO_NUMBER),
}
