# SPDX-License-Identifier: Apache-2.0
"""podman and systemd: as the manager of cgroups, of timers, and as the program of a container."""
from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import typing

from scenarios import ROOT, SECONDS, equal, eventually, expect, scenario

if typing.TYPE_CHECKING:
    from podman import Podman


def by_systemd(podman: Podman) -> None:
    """systemd makes the cgroup: it knows the limits, and keeps them over a daemon-reload."""
    manager = ("--cgroup-manager", "systemd")
    podman(*manager, "run", "-d", "--name", "unit", "--memory", "64m", "busybox", "probe", "signal-wait")
    podman.await_line("unit", "READY")
    unit = f"libpod-{podman.inspect('unit', '.Id')}.scope"

    def show(name: str) -> str:
        return podman.do("systemctl", "show", "--value", "-p", name, unit).out.strip()

    equal(show("MemoryMax"), str(64 << 20))
    equal(show("Slice"), "machine.slice")
    podman(*manager, "update", "--memory", "80m", "unit")
    podman.do("systemctl", "daemon-reload")
    equal(show("MemoryMax"), str(80 << 20), "after update")
    said = podman(*manager, "exec", "unit", "sh", "-c", "echo x > /dev/null && cat /sys/fs/cgroup/memory.max")
    equal(said.strip(), str(80 << 20), "in the file")
    podman(*manager, "stop", "-t", "60", "unit")
    podman(*manager, "rm", "unit")
    eventually("the unit is gone", lambda: show("LoadState") == "not-found")


def health_timer(podman: Podman) -> None:
    """systemd calls the check again and again, without anybody's help: unhealthy, then healthy; no timer stays."""
    named = [f"{name}={podman.environment[name]}" for name in ("HOME", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF")]
    podman.do("systemctl", "set-environment", *named)  # the timer's podman must find this storage
    podman("run", "-d", "--name", "timed", "--health-cmd", "test -e /tmp/well", "--health-interval", "2s",
           "--health-retries", "1", "busybox", "sleep", "1000")
    unit = f"{podman.inspect('timed', '.Id')}.timer"
    eventually("it is unhealthy", lambda: podman.inspect("timed", ".State.Health.Status") == "unhealthy")
    podman("exec", "timed", "touch", "/tmp/well")
    eventually("it is healthy", lambda: podman.inspect("timed", ".State.Health.Status") == "healthy")
    podman("rm", "-f", "-t", "0", "timed")
    state = ("systemctl", "show", "--value", "-p", "LoadState", unit)
    eventually("the timer is gone", lambda: podman.do(*state).out == "not-found\n")
    podman.do("systemctl", "unset-environment", *[word.split("=")[0] for word in named])


UNITS = {
    "tested.target": "[Unit]\nDefaultDependencies=no\nWants=tested.service\n",
    "tested.service": "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep 1000\n",
}
HALT = ("halt.target", "systemd-halt.service", "shutdown.target", "umount.target", "final.target")


def init_root(podman: Podman) -> pathlib.Path:
    """A root directory with this machine's systemd, a service, and what it takes to stop."""
    root = podman.folder / "init"
    subprocess.run([ROOT / "scripts/rootfs", root, "busybox"], check=True, timeout=SECONDS * 10)
    programs = ["/lib/systemd/systemd", "/lib/systemd/systemd-shutdown", "/bin/systemctl"]
    needed = re.findall(r"(/\S+) \(0x", podman.do("ldd", *programs).out)
    for file in [*programs, *(f"/lib/systemd/system/{name}" for name in HALT), *sorted(set(needed))]:
        (root / file[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / file[1:])
    for name, text in UNITS.items():
        (root / "lib/systemd/system" / name).write_text(text)
    return root


def systemd_inside(podman: Podman) -> None:
    """--systemd=always and a real systemd as the first process: it makes cgroups for its services, and ends by the
    signal that podman sends it."""
    podman("run", "-d", "--name", "init", "--systemd", "always", "--rootfs", init_root(podman), "/lib/systemd/systemd",
           "--unit=tested.target")
    ask = ("podman", "exec", "init", "systemctl")
    eventually("its service is active", lambda: podman.do(*ask, "is-active", "tested", status=None).out == "active\n")
    equal(podman("exec", "init", "cat", "/proc/1/comm"), "systemd\n")
    first = podman.do(*ask, "show", "--value", "-p", "MainPID", "tested").out.strip()
    equal(podman("exec", "init", "cat", f"/proc/{first}/cgroup").splitlines()[-1], "0::/system.slice/tested.service")
    podman("stop", "-t", "60", "init")
    expect(podman.status("init") in (0, 130), podman.status("init"))
    podman("rm", "init")


SCENARIOS = [
    scenario(by_systemd, "systemd", "memory"),
    scenario(health_timer, "systemd"),
    scenario(systemd_inside, "init"),
]
