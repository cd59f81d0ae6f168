"""Environments as a device has them: NumPy, one engine and the wheel."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
BARE = ROOT / ".bare"
# Environment → engine.
ENVIRONMENTS = {"ai-edge-litert": "litert", "onnxruntime": "onnx", "tflite-runtime": "litert"}


@dataclass(frozen=True)
class Light:
    """A bare environment with the wheel in it; its commands run in an empty folder, with no variables set."""

    name: str
    engine: str
    bin: Path
    folder: Path

    def run(self, program: str, *words: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.folder,
            env={"PATH": os.defpath, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
            **options,
        )

    def python(self, code: str, *words: str) -> str:
        done = self.run("python", "-c", code, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout
