"""The machine beside the figures: what it is, and what it was doing meanwhile.

Linux tells most of it; what another system does not tell is None.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# What decides how fast integers and floats are multiplied, in x86-64 and in ARM.
_FEATURES = (
    *("avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8"),
    *("asimd", "fphp", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme"),
)
_PACKAGES = ("edgeword", "numpy", "ai-edge-litert", "tflite-runtime", "onnxruntime")
# Variables that change how many threads a library starts, or how they wait.
_VARIABLES = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LD_PRELOAD")


def machine(root: Path = Path("/")) -> dict[str, Any]:
    """What the machine is; the same from run to run."""
    cpuinfo = _text(root / "proc/cpuinfo")
    return {
        "id": _id(root),
        "cpu": _field(cpuinfo, "model name") or _field(cpuinfo, "Model") or platform.processor() or None,
        "architecture": platform.machine(),
        "features": _features(cpuinfo),
        "cores": os.cpu_count(),
        "cores_allowed": cores_allowed(),
        "cpu_quota": cpu_quota(root),
        "governor": governor(root),
        "caches": _caches(root),
        "memory_gb": _memory_gb(root),
        "virtual": "hypervisor" in (_field(cpuinfo, "flags") or "").split() if cpuinfo else None,
        "platform": platform.platform(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def versions() -> dict[str, str]:
    """What is installed of edgeword, Python, NumPy and the engines."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # noqa: PERF203 (five turns)
            continue
    return found


def cores_allowed() -> int | None:
    """How many processors this process may run on, by its affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Processors' worth of time that the cgroups allow, the smallest on the way up; None for no limit."""
    folders = list(_cgroup_folders(root))
    quotas = [quota for folder in folders if (quota := _quota(folder)) is not None]
    return min(quotas, default=None)


def _cgroup_folders(root: Path) -> Iterator[Path]:
    """The folders of this process' cgroup and of those above it, version 2 and version 1."""
    mount = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 1 mounts a controller under its own name as well, as a link, in whatever order they are listed.
        inner = (mount / "cpu" if controllers else mount) / path.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(mount))


def _quota(folder: Path) -> float | None:
    both = _text(folder / "cpu.max").split()  # version 2: quota and period, microseconds
    if len(both) != 2:
        both = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]  # version 1
    quota, period = both
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def governor(root: Path = Path("/")) -> str | None:
    """How the frequency is governed; several names where the processors differ."""
    folders = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return ", ".join(sorted({_text(path).strip() for path in folders})) or None


@dataclass(frozen=True)
class Moment:
    """What the machine had done by now: clock ticks since it was started, and what it reports of itself."""

    load: tuple[float, float, float] | None
    """Load averages of 1, 5 and 15 minutes."""
    temperature_c: float | None
    """The hottest of the sensors."""
    busy: int
    stolen: int
    """Ticks in which the hypervisor ran something else."""
    total: int
    own: float
    """Ticks of this process and of its children that have ended."""
    throttled: int | None
    """How often a processor was slowed down against heat: the largest of the counts, some of which count the same."""


def moment(root: Path = Path("/")) -> Moment:
    """The machine now."""
    user, nice, system, idle, waiting, irq, soft, stolen = _ticks(_text(root / "proc/stat"))
    busy = user + nice + system + irq + soft
    own = sum(os.times()[:4]) * (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0)
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    total = busy + idle + waiting + stolen
    return Moment(load, _temperature(root), busy, stolen, total, own, _throttled(root))


def _ticks(stat: str) -> list[int]:
    """From user to steal, summed over the processors that this process may run on: others' elsewhere do not matter."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    rows = {words[0]: words[1:9] for line in stat.splitlines() if (words := line.split())}
    found = [list(map(int, rows[f"cpu{number}"])) for number in allowed if f"cpu{number}" in rows]
    return [sum(column) for column in zip(*found, strict=True)] if found else [0] * 8


@dataclass(frozen=True)
class Meanwhile:
    """What the machine was doing between two moments."""

    load_before: tuple[float, float, float] | None
    load_after: tuple[float, float, float] | None
    temperature_c_before: float | None
    temperature_c_after: float | None
    others_share: float | None
    """Share of the time of the processors allowed that other processes took, 0 to 1."""
    steal_share: float | None
    throttled: int | None
    """How often it was slowed down against heat meanwhile."""


def meanwhile(before: Moment, after: Moment) -> Meanwhile:
    """Compare two moments."""
    total = after.total - before.total
    others = (after.busy - before.busy) - (after.own - before.own)
    throttled = None if after.throttled is None or before.throttled is None else after.throttled - before.throttled
    return Meanwhile(
        before.load,
        after.load,
        before.temperature_c,
        after.temperature_c,
        max(others, 0.0) / total if total else None,
        (after.stolen - before.stolen) / total if total else None,
        throttled,
    )


# Others' time that leaves a measurement as it is, and what the hypervisor may take.
_MOST_OTHERS, _MOST_STOLEN = 0.05, 0.01


def doubts(facts: Mapping[str, Any], state: Meanwhile, threads: int) -> list[str]:
    """What about the machine makes the figures doubtful, one sentence each."""
    found = []
    if state.others_share is not None and state.others_share > _MOST_OTHERS:
        found.append(
            f"the machine was busy: other processes took {state.others_share:.0%} of its processors meanwhile; stop "
            "them and measure again"
        )
    if state.steal_share is not None and state.steal_share > _MOST_STOLEN:
        found.append(f"the hypervisor took {state.steal_share:.0%} of the processors' time for other machines")
    if state.throttled:
        found.append(f"the processor was slowed down against heat {state.throttled} times; cool it and measure again")
    if facts["governor"] not in (None, "performance"):
        found.append(f"the frequency governor is {facts['governor']}; `performance` gives steadier times")
    quota, allowed = facts["cpu_quota"], facts["cores_allowed"]
    if quota is not None and quota < threads:
        found.append(f"the cgroup allows {quota:g} processors' time for {threads} threads: waits are in the figures")
    if allowed is not None and allowed < threads:
        found.append(f"{threads} threads share {allowed} processors: they wait for each other")
    return found


def _id(root: Path) -> str | None:
    """Tells machines apart and gives nothing away: of the random number that systemd draws for each, and no name."""
    drawn = _text(root / "etc/machine-id").strip()
    return hashlib.sha256(f"edgeword {drawn}".encode()).hexdigest()[:12] if drawn else None


def _features(cpuinfo: str) -> list[str]:
    found = set((_field(cpuinfo, "flags") or _field(cpuinfo, "Features") or "").split())
    return [name for name in _FEATURES if name in found]


def _caches(root: Path) -> dict[str, str]:
    """Size of each cache of the first processor."""
    found = {}
    for folder in sorted((root / "sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (_text(folder / name).strip() for name in ("level", "type", "size"))
        found[f"L{level}{kind[0].lower() if kind in ('Data', 'Instruction') else ''}"] = size
    return found


def _memory_gb(root: Path) -> float | None:
    found = re.search(r"MemTotal:\s+(\d+) kB", _text(root / "proc/meminfo"))
    return round(int(found[1]) * 1024 / 1e9, 1) if found else None


def _temperature(root: Path) -> float | None:
    texts = (_text(path).strip() for path in (root / "sys/class/thermal").glob("thermal_zone*/temp"))
    return max((int(text) / 1000 for text in texts if text.isdigit()), default=None)


def _throttled(root: Path) -> int | None:
    folders = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/*_throttle_count")
    counts = [int(text) for path in folders if (text := _text(path).strip()).isdigit()]
    return max(counts, default=None)


def _field(cpuinfo: str, name: str) -> str | None:
    found = re.search(rf"^{name}\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else None


def _text(path: Path) -> str:
    """A file of the kernel; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
