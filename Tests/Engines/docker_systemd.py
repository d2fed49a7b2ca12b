#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker with systemd as the manager of cgroups:  docker_systemd.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where systemd is pid 1: scripts/vm -s. Apart from docker.py, for the driver is a daemon's choice at its start.
"""
import pathlib
import sys

import scenarios
from dockerd import Docker
from scenarios import equal, scenario


class DockerBySystemd(Docker):
    programs = (*Docker.programs, "systemd")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        super().__init__(folder, runtime)
        self.configure("systemd", f"docker-{runtime.name}.slice")


def by_systemd(docker: DockerBySystemd) -> None:
    """A scope below the slice, systemd knows its limits, update reaches it, nothing stays."""
    with docker.running("unit", "probe", "signal-wait", flags=("--memory", "64m", "--cpus", "0.5")):
        unit = f"docker-{docker.inspect('unit', 'Id')}.scope"
        said = docker.do("systemctl", "show", "-p", "Slice,MemoryMax,CPUQuotaPerSecUSec", unit).out.split()
        slice = f"docker-{docker.runtime.name}.slice"
        equal(set(said), {f"Slice={slice}", f"MemoryMax={64 << 20}", "CPUQuotaPerSecUSec=500ms"})
        docker.do("systemctl", "daemon-reload")
        docker("update", "--memory", "80m", "--memory-swap", "80m", "unit")
        equal(docker("exec", "unit", "cat", "/sys/fs/cgroup/memory.max"), f"{80 << 20}\n")
        equal(docker.do("systemctl", "show", "-p", "MemoryMax", unit).out, f"MemoryMax={80 << 20}\n")
        docker("pause", "unit")
        docker("unpause", "unit")
        docker("stop", "-t", "60", "unit")
        equal(docker.inspect("unit", "State.ExitCode"), "115")
    equal(docker.do("systemctl", "list-units", "--plain", "--no-legend", unit).out, "", "left")


SCENARIOS = [scenario(by_systemd, "systemd", "memory", "cpu")]

if __name__ == "__main__":
    sys.exit(scenarios.main(DockerBySystemd, SCENARIOS))
