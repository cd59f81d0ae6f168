"""edgeword_export: Keras models to bundles. `export` is the function behind `edgeword export`.

>>> import edgeword_export
>>> exported = edgeword_export.export(model, "bundle", tokenizer=tokenizer)  # what lives in a notebook, or files
>>> exported  # a notebook shows a table of all files beside the Keras model
>>> exported.load().generate("a prompt").text
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeword_export.exported import Exported
    from edgeword_export.exporting import export

__all__ = ["Exported", "export"]


def __getattr__(name: str) -> Any:
    # tensorflow is imported at the first use, not with the commands' argument parsers.
    if name in __all__:
        from edgeword_train.tensorflow_import import prepare_tensorflow

        prepare_tensorflow("export")
        return getattr(import_module("edgeword_export.exporting"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
