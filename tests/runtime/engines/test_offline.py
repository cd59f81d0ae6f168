"""An engine tells nobody what it runs."""

import os
import subprocess
import sys

LOADS = "import sys, edgeword; edgeword.load(sys.argv[1], engine='onnx').generate('the', 1)"


def test_onnxruntime_sends_and_leaves_nothing(step_bundle, tmp_path):
    """Its telemetry leaves a file in the temporary folder; it is off by itself under continuous integration."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    environment["TMPDIR"] = str(tmp_path)
    subprocess.run([sys.executable, "-c", LOADS, str(step_bundle)], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
