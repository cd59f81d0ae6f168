"""What is read of a machine, from files as Linux writes them."""

import dataclasses
from pathlib import Path

import pytest

from edgeword_bench.measuring import machine
from edgeword_bench.measuring.machine import Meanwhile, Moment

CPUINFO = {
    "x86": "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni hypervisor\n",
    "arm": "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nModel\t\t: Some Board Rev 1\n",
}


@pytest.fixture
def root(tmp_path):
    def write(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path

    return write


def test_the_machine_of_the_tests_has_a_processor():
    facts = machine.machine()
    assert facts["cores_allowed"] >= 1
    assert facts["cores_allowed"] <= facts["cores"]


def test_the_id_is_of_the_machine_and_of_no_name(root, tmp_path, monkeypatch):
    drawn = "0123456789abcdef0123456789abcdef"
    first = machine.machine(root({"etc/machine-id": f"{drawn}\n"}))["id"]
    monkeypatch.setattr(machine.platform, "node", lambda: "another-name")
    assert machine.machine(root({"etc/machine-id": f"{drawn}\n"}))["id"] == first
    assert machine.machine(root({"etc/machine-id": f"{drawn[::-1]}\n"}))["id"] != first
    assert first not in drawn
    assert machine.machine(Path("/nowhere"))["id"] is None


def test_no_fact_holds_the_name_of_the_host(monkeypatch):
    monkeypatch.setattr(machine.platform, "node", lambda: "a-telling-name")
    assert "a-telling-name" not in str(machine.machine())


def test_x86(root):
    facts = machine.machine(root({"proc/cpuinfo": CPUINFO["x86"], "proc/meminfo": "MemTotal:  1000000 kB\n"}))
    assert (facts["cpu"], facts["features"], facts["virtual"]) == ("Some CPU", ["avx2", "avx512_vnni"], True)
    assert facts["memory_gb"] == 1.0


def test_arm(root):
    facts = machine.machine(root({"proc/cpuinfo": CPUINFO["arm"]}))
    assert (facts["cpu"], facts["features"]) == ("Some Board Rev 1", ["asimd", "asimddp", "i8mm"])


def test_what_is_not_told_is_null(root):
    facts = machine.machine(root({}))
    assert [facts[key] for key in ("governor", "cpu_quota", "memory_gb", "virtual")] == [None] * 4
    assert machine.moment(root({})).temperature_c is None


QUOTAS = {
    "version 2": ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}, 1.5),
    "version 2, above": ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n"}, 0.5),
    "version 2, none": ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, None),
    "version 1": (
        {
            "proc/self/cgroup": "4:cpu,cpuacct:/job\n2:memory:/job\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        },
        2.0,
    ),
    "version 1, none": (
        {
            "proc/self/cgroup": "4:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        None,
    ),
}


@pytest.mark.parametrize(("files", "quota"), QUOTAS.values(), ids=QUOTAS)
def test_the_quota_of_the_cgroup(root, files, quota):
    assert machine.cpu_quota(root(files)) == quota


def test_the_governors(root):
    folder = "sys/devices/system/cpu"
    files = {
        f"{folder}/cpu{i}/cpufreq/scaling_governor": f"{name}\n" for i, name in enumerate(["powersave", "schedutil"])
    }
    assert machine.governor(root(files)) == "powersave, schedutil"


def test_a_moment_of_the_processors_allowed(root, monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _pid: {0})
    now = machine.moment(
        root(
            {
                "proc/stat": "cpu  9 9 9 9 9 9 9 9\ncpu0 100 0 50 800 10 0 0 40 0 0\ncpu7 7 7 7 7 7 7 7 7\nctxt 5\n",
                "sys/class/thermal/thermal_zone0/temp": "45000\n",
                "sys/class/thermal/thermal_zone1/temp": "61500\n",
                "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
            }
        )
    )
    assert (now.busy, now.stolen, now.total, now.temperature_c, now.throttled) == (150, 40, 1000, 61.5, 3)


BEFORE = Moment((0.0, 0.0, 0.0), 40.0, busy=100, stolen=0, total=1000, own=50.0, throttled=1)


def test_own_work_is_not_that_of_others():
    after = dataclasses.replace(BEFORE, busy=600, total=2000, own=530.0, stolen=100, throttled=4)
    found = machine.meanwhile(BEFORE, after)
    assert (found.others_share, found.steal_share, found.throttled) == (0.02, 0.1, 3)


QUIET = Meanwhile((0.0,) * 3, (0.0,) * 3, None, None, others_share=0.0, steal_share=0.0, throttled=None)
FACTS = {"governor": None, "cpu_quota": None, "cores_allowed": 2}


def test_a_quiet_machine_raises_no_doubt():
    assert machine.doubts(FACTS, QUIET, 1) == []


DOUBTS = {
    "busy": ({}, {"others_share": 0.3}, 1, "other processes took 30%"),
    "stolen": ({}, {"steal_share": 0.1}, 1, "the hypervisor took 10%"),
    "hot": ({}, {"throttled": 2}, 1, "slowed down against heat 2 times"),
    "governor": ({"governor": "powersave"}, {}, 1, "the frequency governor is powersave"),
    "quota": ({"cpu_quota": 0.5}, {}, 1, "the cgroup allows 0.5 processors' time for 1 threads"),
    "one core": ({"cores_allowed": 1}, {}, 2, "2 threads share 1 processors"),
}


@pytest.mark.parametrize(("facts", "state", "threads", "said"), DOUBTS.values(), ids=DOUBTS)
def test_what_makes_figures_doubtful_is_said(facts, state, threads, said):
    (line,) = machine.doubts({**FACTS, **facts}, dataclasses.replace(QUIET, **state), threads)
    assert said in line
