#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podman with runtimes of choice, on an image made here:  podman.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native. Goal: an engine cannot tell one runtime from
another. Method: the commands that people use, the probe inside, exit statuses. scenarios.py says what is printed.
"""
import json
import pathlib
import subprocess
import sys

import scenarios
from scenarios import Engine, controllers, equal, eventually, expect, last_json, scenario


class Podman(Engine):
    """podman with storage, state and configuration of its own in one folder."""
    name = "podman"
    programs = ("podman", "conmon")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        super().__init__(folder, runtime)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n')
        # podman knows what a runtime can by its name, and these two only of crun and runc. Its default limits need
        # CAP_SYS_RESOURCE, which may be missing; its default pids limit needs the controller.
        (folder / "containers.conf").write_text(f"""
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
{'' if "pids" in controllers() else 'pids_limit = 0'}
[engine]
runtime = "{runtime.name}"
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_json = ["crun", "runc", "{runtime.name}"]
runtime_supports_nocgroups = ["crun", "{runtime.name}"]
tmp_dir = "{folder}/tmp"
[engine.runtimes]
{runtime.name} = ["{runtime.path}"]
""")
        (folder / "home/.config/containers").mkdir(parents=True)
        policy = folder / "home/.config/containers/policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment |= {
            "CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}

    def start(self) -> None:
        archive = scenarios.root_archive(self.folder)
        self("import", "--change", "ENV=PATH=/bin", archive, "localhost/busybox:latest")

    def reset(self) -> None:
        self("pod", "rm", "-af", "-t", "0", status=None)
        self("rm", "-af", "-t", "0", status=None)
        self("volume", "rm", "-af", status=None)

    def stop(self) -> None:
        self.reset()
        subprocess.run(["umount", "-l", self.folder / "storage/overlay"], stderr=subprocess.DEVNULL, check=False)

    def __call__(self, *words: str | pathlib.Path, **options) -> str:
        """A command of podman: what it says (with stderr if it fails)."""
        done = self.do("podman", *words, **options)
        return done.out + (done.err if done.status else "")

    def probe(self, *words: str, **options) -> dict:
        return last_json(self(*words, **options))

    def status(self, name: str) -> int:
        return int(self("wait", name).strip())

    def await_line(self, name: str, line: str) -> None:
        eventually(f"{name} says {line}", lambda: line in self("logs", name))


def run(podman: Podman) -> None:
    said = podman("run", "--rm", "busybox", "sh", "-c", "echo hello; exit 7", status=7)
    expect(said.startswith("hello\n"), said)


def default_confinement(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "busybox", "probe", "report", "security", "capabilities", "process", "mounts")
    equal(seen["security"]["seccomp"], 2)
    equal(seen["process"]["pid"], 1)
    sets = seen["capabilities"]
    expect(sets["effective"] == sets["bounding"] != "000001ffffffffff", sets)
    options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
    expect("ro" in options["/sys"] and "ro" in options["/sys/fs/cgroup"] and "ro" in options["/proc/sys"], options)


def exit_statuses(podman: Podman) -> None:
    podman("run", "--rm", "busybox", "no-such-program", status=127)
    podman("run", "--rm", "busybox", "/etc/passwd", status=126)


def life(podman: Podman) -> None:
    """run -d, exec, logs, stop: the signal is SIGTERM, and the exit status is the container's."""
    podman("run", "-d", "--name", "life", "busybox", "probe", "say", "started", ",", "signal-wait")
    said = podman("exec", "life", "sh", "-c", "echo inside; exit 3", status=3)
    expect(said.startswith("inside\n"), said)
    podman("exec", "life", "no-such-program", status=127)
    podman("stop", "-t", "60", "life")
    equal(podman.status("life"), 115)
    equal(podman("logs", "life"), '"started"\nREADY\n')
    podman("rm", "life")
    equal(podman("ps", "-aq"), "", "left")


def kill(podman: Podman) -> None:
    podman("run", "-d", "--name", "kill", "busybox", "probe", "signal-wait")
    podman.await_line("kill", "READY")
    podman("kill", "-s", "USR1", "kill")
    equal(podman.status("kill"), 110)
    podman("rm", "kill")


def remove_running(podman: Podman) -> None:
    podman("run", "-d", "--name", "running", "busybox", "sleep", "1000")
    podman("rm", "-f", "-t", "0", "running")
    equal(podman("ps", "-aq"), "", "left")


def memory(podman: Podman) -> None:
    words = ["read", "/sys/fs/cgroup/memory.max", ",", "alloc", "200000000"]
    said = podman("run", "--rm", "--memory", "64m", "busybox", "probe", *words, status=137)
    expect('"67108864\\u000a"' in said and "200000000" not in said, said)


def pids(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "--pids-limit", "20", "busybox", "probe", "fork", "40")
    expect(seen["made"] == 19 and seen["errno"] == 11, seen)


def read_only(podman: Podman) -> None:
    words = ["write", "/file", "x", ",", "write", "/tmp/file", "x"]
    said = podman("run", "--rm", "--read-only", "busybox", "probe", *words).splitlines()
    expect(json.loads(said[0]).get("name") == "EROFS" and json.loads(said[1])["ok"], said)


def user(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "--user", "1000:2000", "busybox", "probe", "report", "ids", "capabilities")
    equal((seen["ids"]["uid"], seen["ids"]["gid"]), (1000, 2000))
    expect(set(seen["ids"]["groups"]) <= {2000}, seen)
    equal(seen["capabilities"]["effective"], "0000000000000000")


def terminal(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "-t", "busybox", "probe", "tty", terminal=True)
    expect(seen["isatty"] == [True] * 3 and seen["controlling"] and seen["name"] == "/dev/pts/0", seen)


def nothing_left(podman: Podman) -> None:
    """After all of it: no container, no mount, no cgroup of a container."""
    equal(podman("ps", "-aq"), "", "left")
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "/merged " in line]
    expect(not mounts, mounts)
    left = [str(p) for p in pathlib.Path("/sys/fs/cgroup").rglob("libpod-*")]
    expect(not left, left)


SCENARIOS = [
    scenario(run),
    scenario(default_confinement),
    scenario(exit_statuses),
    scenario(life),
    scenario(kill),
    scenario(remove_running),
    scenario(memory, "memory"),
    scenario(pids, "pids"),
    scenario(read_only),
    scenario(user),
    scenario(terminal),
    scenario(nothing_left),
]

if __name__ == "__main__":
    sys.exit(scenarios.main(Podman, SCENARIOS))
