# SPDX-License-Identifier: Apache-2.0
"""podman: a container saved by CRIU and restored, in place and from an archive."""
from __future__ import annotations

import pathlib

from scenarios import equal, eventually, expect, scenario

COUNT = "n=0; while :; do n=$((n+1)); echo $n > /data/n; sleep 0.1; done"


def checkpoint(podman) -> None:
    """`container checkpoint` and `container restore`: the program goes on where it was, under its limits."""
    data = podman.folder / "counted"
    data.mkdir(exist_ok=True)
    podman("run", "-d", "--name", "saved", "--network", "none", "--memory", "64m", "-v", f"{data}:/data", "busybox",
           "sh", "-c", COUNT)

    def count() -> int:
        text = (data / "n").read_text().strip() if (data / "n").exists() else ""
        return int(text or 0)

    eventually("it counts", lambda: count() > 3)
    podman("container", "checkpoint", "saved")
    equal(podman.inspect("saved", ".State.Status"), "exited")
    equal(podman.inspect("saved", ".State.Checkpointed"), "true")
    before = count()
    podman("container", "restore", "saved")
    equal(podman.inspect("saved", ".State.Status"), "running")
    eventually("it goes on", lambda: count() > before + 2)
    pid = podman.inspect("saved", ".State.Pid")
    cgroup = pathlib.Path(f"/proc/{pid}/cgroup").read_text().strip().split(":")[-1]
    equal(pathlib.Path(f"/sys/fs/cgroup{cgroup}/memory.max").read_text().strip(), str(64 << 20))
    podman("rm", "-f", "-t", "0", "saved")
    expect(not podman("ps", "-aq"), "left")


SCENARIOS = [scenario(checkpoint, "criu", "memory")]
