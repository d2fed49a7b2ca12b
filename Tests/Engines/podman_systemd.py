# SPDX-License-Identifier: Apache-2.0
"""podman with systemd as the manager of cgroups."""
from __future__ import annotations

import typing

from scenarios import equal, eventually, scenario

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


SCENARIOS = [scenario(by_systemd, "systemd", "memory")]
