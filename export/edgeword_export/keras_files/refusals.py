"""Why a Keras file is not read, each in one line that says how to go on."""

from __future__ import annotations

import re
from pathlib import Path

from edgeword_export.errors import ModelError
from edgeword_export.keras_files.layer_config import LayerConfig, objects_in, options

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_UNKNOWN = re.compile(r"(?:locate class|deserialize class|Unknown \w+:?|identifier: .*'class_name':) ['\"]?([\w>]+)")
# Names that a file has when Keras 2 saved what stood between two layers.
_OPERATIONS = (
    "TFOpLambda",
    "SlicingOpLambda",
    "TensorFlowOpLayer",
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
)


def first_line(error: BaseException | str) -> str:
    """An error's text on one line without colours, at most 240 characters of it."""
    text = " ".join(_COLOURS.sub("", str(error)).split()) or type(error).__name__
    return text if len(text) <= 240 else text[:237] + "..."


def weights_only(path: Path) -> ModelError:
    """The error for a file of `save_weights`."""
    return ModelError(
        f"{path} holds weights only; build the model in Python, call model.load_weights({path.name!r}) and "
        "model.save('model.keras'), and give that"
    )


def check_config(path: Path, config: LayerConfig) -> None:
    """Refuse a configuration that holds code."""
    for found in objects_in(config):
        if found["class_name"] in ("Lambda", "__lambda__"):
            inner = found.get("config")
            name = str(inner.get("name", "")) if isinstance(inner, dict) else ""
            raise ModelError(f"{path}: {lambda_refused(name)}")


def check_operations(path: Path, config: LayerConfig) -> None:
    """Refuse a configuration with TensorFlow functions between layers that no mend knows."""
    for found in objects_in(config):
        if found["class_name"] in _OPERATIONS:
            function = options(dict(found)).get("function") or found["class_name"]
            raise ModelError(
                f"{path} calls the TensorFlow function {function!r} between its layers, which is not read; build the "
                "model in Python with a layer instead of it, call model.load_weights and model.save, and give that"
            )


def unreadable(path: Path, error: Exception) -> ModelError:
    """What Keras says, in one line that says how to go on."""
    return ModelError(f"Keras cannot read {path}: {_mend(error)}")


def _mend(error: Exception) -> str:
    # Keras puts the reason last, after the configuration of all that is around it.
    text = str(error).rpartition("Exception encountered: ")[2]
    if "Lambda" in text and "unsafe" in text.lower():
        return lambda_refused("")
    unknown = _UNKNOWN.search(text)
    if unknown:
        name = unknown[1].rpartition(">")[2]
        return f"it does not know {name!r}; give its class, registered with Keras, as --custom-objects module:{name}"
    return f"{first_line(text)}; save the model again"


def lambda_refused(name: str) -> str:
    """Why a Lambda layer is not read."""
    layer = f"the Lambda layer {name!r}" if name else "a Lambda layer"
    return f"{layer} holds code that would run here; put it into a layer class and give that with --custom-objects"
