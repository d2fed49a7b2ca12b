#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podman of an ordinary user with runtimes of choice:  podman_rootless.py [--only SCENARIO,...] [NAME=]RUNTIME...

Goal: who is not root cannot tell one runtime from another either. Method: as podman.py, by a user whom /etc/subuid and
/etc/subgid grant a range, and to whom no cgroup is delegated. podman makes the user namespace; the runtime is its root.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import scenarios
from podman import Podman
from scenarios import equal, eventually, expect, scenario

USER = 4500
# Where the runtime's program is not static.
LIBRARIES = [word for name in ("/usr", "/lib", "/lib64", "/opt") if os.path.exists(name)
             for word in ("-v", f"{name}:{name}:ro")]
HOME = pathlib.Path("/run/sailor")


def cover(name: str, text: str) -> None:
    """Another file in place of one of the machine's, which stays as it is."""
    (HOME / name).write_text(text)
    subprocess.run(["mount", "--bind", HOME / name, f"/etc/{name}"], check=True)


class RootlessPodman(Podman):
    name = "podman_rootless"
    programs = ("podman", "conmon", "newuidmap", "newgidmap")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        # The program itself may lie where only root can go; a peer is taken without root's wrapper around it.
        program = folder / runtime.name
        shutil.copy(runtime.path if runtime.name == "hull" else shutil.which(runtime.name) or runtime.path, program)
        super().__init__(folder, runtime._replace(path=str(program)))
        if not HOME.exists():
            HOME.mkdir()
            cover("passwd", f"root:x:0:0::/root:/bin/sh\nsailor:x:{USER}:{USER}::{HOME}:/bin/sh\n")
            cover("group", f"root:x:0:\nsailor:x:{USER}:\n")
            for name in ("subuid", "subgid"):
                cover(name, "sailor:300000:65536\n")
        # Images and containers are in memory, and by a short path: with a directory for records of more than 50
        # characters podman cannot clean up after a container, and waits for that 20 seconds each time.
        self.home = HOME / runtime.name
        shutil.copytree(folder / "home", self.home)
        self.runtime_directory = self.home / "run"
        self.runtime_directory.mkdir(mode=0o700)
        text = (folder / "storage.conf").read_text()
        (folder / "storage.conf").write_text(
            text.replace(f"{folder}/run", f"{self.home}/run/containers").replace('"overlay"', '"vfs"'))
        self.environment = {key: value for key, value in self.environment.items() if not key.startswith("LD_")} | {
            "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime_directory), "USER": "sailor"}

    def start(self) -> None:
        archive = scenarios.root_archive(self.folder)
        for place in (self.folder, HOME):
            for top, folders, files in os.walk(place):
                for name in [".", *folders, *files]:
                    os.chown(pathlib.Path(top) / name, USER, USER, follow_symlinks=False)
        self("import", "--change", "ENV=PATH=/bin", archive, "localhost/busybox:latest")

    def do(self, *words: str | pathlib.Path, **options) -> scenarios.Done:
        who = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--inh-caps=-all", "--")
        return super().do(*who, *words, cwd=self.folder, **options)

    def stop(self) -> None:
        self.reset()
        self("system", "migrate", status=None)  # ends the process that keeps the user namespace
        self("unshare", "rm", "-rf", self.home / ".local", status=None)


def own_ids(podman: RootlessPodman) -> None:
    """Root inside is the user outside, and others are of the user's range."""
    equal(podman("run", "--rm", "busybox", "id", "-u"), "0\n")
    rows = podman("run", "--rm", "busybox", "cat", "/proc/self/uid_map").split("\n")
    equal([row.split() for row in rows if row], [["0", str(USER), "1"], ["1", "300000", "65536"]])
    podman("run", "-d", "--name", "ids", "--user", "7:8", "busybox", "sleep", "1000")
    status = pathlib.Path(f"/proc/{podman.inspect('ids', '.State.Pid')}/status").read_text().splitlines()
    equal([line.split()[1] for line in status if line.startswith(("Uid", "Gid"))], ["300006", "300007"])
    podman("rm", "-f", "-t", "0", "ids")


def keep_id(podman: RootlessPodman) -> None:
    """--userns keep-id: the user has the own id inside, in a user namespace below podman's; in exec too."""
    equal(podman("run", "--rm", "--userns", "keep-id", "busybox", "sh", "-c", "id -u; id -g"), f"{USER}\n{USER}\n")
    podman("run", "-d", "--name", "kept", "--userns", "keep-id", "busybox", "sleep", "1000")
    equal(podman("exec", "kept", "id", "-u"), f"{USER}\n")
    equal(podman("exec", "--user", "0", "kept", "id", "-u"), "0\n")
    podman("rm", "-f", "-t", "0", "kept")


def entered(podman: RootlessPodman) -> None:
    """exec: ids, an exit status, the namespaces of the container."""
    podman("run", "-d", "--name", "entered", "busybox", "sleep", "1000")
    equal(podman("exec", "entered", "cat", "/proc/1/comm"), "sleep\n")
    equal(podman("exec", "--user", "7", "entered", "id", "-u"), "7\n")
    podman("exec", "entered", "sh", "-c", "exit 5", status=5)
    expect("/dev/pts/0" in podman("exec", "-t", "entered", "tty", terminal=True), "no terminal")
    podman("rm", "-f", "-t", "0", "entered")


def stopped(podman: RootlessPodman) -> None:
    """stop: the program has the signal, and its exit status is kept; start again, kill."""
    podman("run", "-d", "--name", "stopped", "busybox", "sh", "-c",
           "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    podman.await_line("stopped", "ready")
    podman("stop", "-t", "30", "stopped")
    equal(podman.status("stopped"), 3)
    podman("start", "stopped")
    podman("kill", "stopped")
    equal(podman.status("stopped"), 137)
    podman("rm", "stopped")


def volumes(podman: RootlessPodman) -> None:
    """A named volume lives on; what root inside writes to a directory of the user's is the user's."""
    podman("volume", "create", "kept")
    podman("run", "--rm", "-v", "kept:/v", "busybox", "sh", "-c", "echo word > /v/file")
    equal(podman("run", "--rm", "-v", "kept:/v:ro", "busybox", "sh", "-c", "cat /v/file; touch /v/x", status=1)
          .splitlines()[0], "word")
    shared = podman.home / "shared"
    podman.do("mkdir", shared)
    podman("run", "--rm", "-v", f"{shared}:/s", "busybox", "sh", "-c",
           "echo word > /s/file; chown 7 /s/file; touch /s/own")
    equal([(shared / name).stat().st_uid for name in ("file", "own")], [300006, USER])
    podman("volume", "rm", "kept")


def network(podman: RootlessPodman) -> None:
    """The network that the engine makes: its device is in the container, and a published port leads there."""
    serve = "echo answer | nc -l -p 80"
    podman("run", "-d", "--name", "net", "--network", "slirp4netns", "-p", "127.0.0.1:8437:80", "busybox", "sh", "-c",
           f"while :; do {serve}; done")
    expect("10.0.2.100/24" in podman("exec", "net", "ip", "-o", "address", "show", "dev", "tap0"), "no address")

    def ask() -> str:
        return podman.do("busybox", "nc", "-w", "2", "127.0.0.1", "8437", status=None).out

    eventually("an answer", lambda: ask() == "answer\n")
    equal(podman("run", "--rm", "--network", "container:net", "busybox", "cat", "/sys/class/net/tap0/operstate")
          .strip() != "", True)
    podman("rm", "-f", "-t", "0", "net")


def nested(podman: RootlessPodman) -> None:
    """The runtime runs in a container of podman's, with ids that are two ranges there. (RO-34)"""
    bundle = podman.home / "bundle"
    podman.do("mkdir", "-p", bundle / "rootfs")
    podman.do("tar", "-C", bundle / "rootfs", "-xf", podman.folder / "busybox.tar")
    podman.do(podman.runtime.path, "spec", "--rootless", "--bundle", bundle)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": ["sh", "-c", "echo $$; id -u; cat /proc/self/uid_map"],
                          "user": {"uid": 9, "gid": 9}}
    config["linux"] |= {name: [{"containerID": 0, "hostID": 0, "size": 10}] for name in ("uidMappings", "gidMappings")}
    (bundle / "config.json").write_text(json.dumps(config))
    said = podman("run", "--rm", "--network", "host", "--security-opt", "unmask=ALL", "--security-opt",
                  "seccomp=unconfined", "--cap-add", "SYS_ADMIN", "-v", f"{bundle}:/bundle", "-v",
                  f"{podman.runtime.path}:/bin/inner", *LIBRARIES, "busybox", "inner", "--root", "/tmp/state", "run",
                  "--bundle", "/bundle", "inside")
    equal(said.split(), ["1", "9", *"001", *"119"])


def nothing_left(podman: RootlessPodman) -> None:
    """No container, no cgroup, no record of the runtime in the user's directory or elsewhere."""
    equal(podman("ps", "-aq"), "", "left")
    left = [str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("libpod-*")]
    expect(not left, left)
    state = podman.runtime_directory / podman.runtime.name
    eventually("the records are gone", lambda: not state.exists() or not list(state.iterdir()))


SCENARIOS = [scenario(play) for play in (own_ids, keep_id, entered, stopped, volumes, nested)]
SCENARIOS += [scenario(network, "slirp4netns"), scenario(nothing_left)]

if __name__ == "__main__":
    sys.exit(scenarios.main(RootlessPodman, SCENARIOS))
