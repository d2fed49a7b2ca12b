#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podman with runtimes of choice, on an image made here:  podman.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native. Goal: an engine cannot tell one runtime from
another. Method: the commands that people use, the probe inside, exit statuses. scenarios.py says what is printed.
"""
import pathlib
import subprocess
import sys
import typing

import podman_checkpoint
import podman_life
import podman_more
import podman_options
import podman_resources
import podman_systemd
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
init_path = "/usr/bin/catatonit"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
{'' if "pids" in controllers() else 'pids_limit = 0'}
[engine]
runtime = "{runtime.name}"
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_json = ["crun", "runc", "{runtime.name}"]
runtime_supports_nocgroup = ["crun", "{runtime.name}"]
tmp_dir = "{folder}/tmp"
[engine.runtimes]
{runtime.name} = ["{runtime.path}"]
""")
        (folder / "home/.config/containers").mkdir(parents=True)
        policy = folder / "home/.config/containers/policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        (folder / "large").mkdir()  # buildah keeps its caches there, too
        self.environment |= {
            "TMPDIR": str(folder / "large"),
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

    def do(self, *words: str | pathlib.Path, **options) -> scenarios.Done:
        """A command; a `run --rm` that said nothing at all is repeated once.

        Now and then conmon takes podman's connection only after a program that ends at once has spoken: its words are
        in the log then, and nowhere else. So it is with other runtimes, too.
        """
        done = super().do(*words, **options)
        if "run" in words and "--rm" in words and not done.out and not done.err:
            return super().do(*words, **options)
        return done

    def __call__(self, *words: str | pathlib.Path, **options) -> str:
        """A command of podman: what it says (with stderr if it fails)."""
        done = self.do("podman", *words, **options)
        return done.out + (done.err if done.status else "")

    def probe(self, *words: str | pathlib.Path, action: str, **options) -> typing.Any:
        """`run --rm` with these options: what the probe says last of these actions."""
        return last_json(self("run", "--rm", *words, "busybox", "probe", *action.split(), **options))

    def report(self, *words: str | pathlib.Path, section: str, **options) -> typing.Any:
        return self.probe(*words, action=f"report {section}", **options)[section]

    def inspect(self, name: str, place: str) -> str:
        return self("inspect", "--type", "container", "--format", "{{" + place + "}}", name).strip()

    def background(self, *words: str | pathlib.Path, **options) -> subprocess.Popen:
        """A command of podman that goes on; its standard input and output are pipes."""
        return subprocess.Popen(["podman", *map(str, words)], env=self.environment, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True, **options)

    def status(self, name: str) -> int:
        return int(self("wait", name).strip())

    def await_line(self, name: str, line: str) -> None:
        eventually(f"{name} says {line}", lambda: line in self("logs", name))


def nothing_left(podman: Podman) -> None:
    """After all of it: no container, no mount, no cgroup of a container, no state of the runtime."""
    equal(podman("ps", "-aq"), "", "left")
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "/merged " in line]
    expect(not mounts, mounts)
    left = [str(p) for p in pathlib.Path("/sys/fs/cgroup").rglob("libpod-*")]
    expect(not left, left)
    state = pathlib.Path("/run") / podman.runtime.name
    expect(not state.exists() or not [p for p in state.iterdir() if len(p.name) == 64], state)


SCENARIOS = [*podman_life.SCENARIOS, *podman_options.SCENARIOS, *podman_resources.SCENARIOS, *podman_more.SCENARIOS,
             *podman_systemd.SCENARIOS, *podman_checkpoint.SCENARIOS, scenario(nothing_left)]

if __name__ == "__main__":
    sys.exit(scenarios.main(Podman, SCENARIOS))
