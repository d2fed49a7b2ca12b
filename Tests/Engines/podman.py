#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podman with a runtime of choice, on an image made here: one line for each scenario ("ok", "not ok", "skip").

  podman.py RUNTIME [--only SCENARIO,...]      as root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native

Goal: an engine cannot tell one runtime from another. Method: the commands that people use, the probe inside, exit
statuses. The scenarios of limits need their controllers and are skipped where those are missing.
"""
import argparse
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CONTROLLERS = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
SECONDS = 240  # for one command of podman: generous, for the machine may be emulated


class Podman:
    """An engine with storage, state and configuration of its own in one folder."""

    def __init__(self, folder: pathlib.Path, runtime: str):
        self.folder = folder
        name = os.path.basename(runtime)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n')
        # podman knows what a runtime can by its name, and these two only of crun and runc. Its default limits need
        # CAP_SYS_RESOURCE, which may be missing; its default pids limit needs the controller.
        (folder / "containers.conf").write_text(f"""
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
{'' if "pids" in CONTROLLERS else 'pids_limit = 0'}
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime_supports_json = ["crun", "runc", "{name}"]
runtime_supports_nocgroups = ["crun", "{name}"]
tmp_dir = "{folder}/tmp"
""")
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = os.environ | {
            "CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}
        self.command = ["podman", "--runtime", runtime]

    def __call__(self, *words: str, status: int | None = 0, terminal: bool = False) -> str:
        """Stdout (with stderr if the status is not 0). A wrong exit status is the scenario's failure."""
        options = {"stdin": subprocess.DEVNULL}
        if terminal:
            ours, theirs = pty.openpty()
            options["stdin"] = theirs
        done = subprocess.run([*self.command, *words], env=self.environment, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False, **options)
        if terminal:
            os.close(ours), os.close(theirs)
        said = done.stdout + (done.stderr if done.returncode else "")
        expect(status is None or done.returncode == status,
               f"podman {' '.join(words)}: exit status {done.returncode}, not {status}: {done.stdout}{done.stderr}")
        return said

    def probe(self, *words: str, **options) -> dict:
        return json.loads(self(*words, **options).strip().splitlines()[-1])

    def status(self, name: str) -> int:
        return int(self("wait", name).strip())


def expect(holds: bool, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)


# --- Scenarios. Each is given the engine; NEEDS names the controller without which it is skipped.
def run(podman: Podman) -> None:
    said = podman("run", "--rm", "busybox", "sh", "-c", "echo hello; exit 7", status=7)
    expect(said.startswith("hello\n"), said)


def default_confinement(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "busybox", "probe", "report", "security", "capabilities", "process", "mounts")
    expect(seen["security"]["seccomp"] == 2, seen["security"])
    expect(seen["process"]["pid"] == 1, seen["process"])
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
    expect(podman.status("life") == 115, podman.status("life"))
    logs = podman("logs", "life")
    expect(logs == '"started"\nREADY\n', logs)
    podman("rm", "life")
    expect(podman("ps", "-aq") == "", "rm left the container")


def kill(podman: Podman) -> None:
    podman("run", "-d", "--name", "kill", "busybox", "probe", "signal-wait")
    await_line(podman, "kill", "READY")
    podman("kill", "-s", "USR1", "kill")
    expect(podman.status("kill") == 110, podman.status("kill"))
    podman("rm", "kill")


def remove_running(podman: Podman) -> None:
    podman("run", "-d", "--name", "running", "busybox", "sleep", "1000")
    podman("rm", "-f", "-t", "0", "running")
    expect(podman("ps", "-aq") == "", "rm -f left the container")


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
    expect((seen["ids"]["uid"], seen["ids"]["gid"]) == (1000, 2000), seen)
    expect(set(seen["ids"]["groups"]) <= {2000}, seen)
    expect(seen["capabilities"]["effective"] == "0000000000000000", seen)


def terminal(podman: Podman) -> None:
    seen = podman.probe("run", "--rm", "-t", "busybox", "probe", "tty", terminal=True)
    expect(seen["isatty"] == [True] * 3 and seen["controlling"] and seen["name"] == "/dev/pts/0", seen)


def nothing_left(podman: Podman) -> None:
    """After all of it: no container, no mount, no cgroup of a container."""
    expect(podman("ps", "-aq") == "", "a container is left")
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "/merged " in line]
    expect(not mounts, mounts)
    left = [str(p) for p in pathlib.Path("/sys/fs/cgroup").rglob("libpod-*")]
    expect(not left, left)


SCENARIOS = [run, default_confinement, exit_statuses, life, kill, remove_running, memory, pids, read_only, user,
             terminal, nothing_left]
NEEDS = {memory: "memory", pids: "pids"}


def await_line(podman: Podman, name: str, line: str) -> None:
    for _ in range(100):
        if line in podman("logs", name):
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} never said {line}")


def make_image(podman: Podman) -> None:
    root = podman.folder / "root"
    subprocess.run([HERE / "../../scripts/rootfs", root], check=True)
    subprocess.run(["tar", "-C", root, "-cf", podman.folder / "root.tar", "."], check=True)
    podman("import", "--change", "ENV=PATH=/bin", str(podman.folder / "root.tar"), "localhost/busybox:latest")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime")
    parser.add_argument("--only", default="")
    said = parser.parse_args()
    failed = 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-podman.", dir="/var/tmp"))
    podman = Podman(folder, said.runtime)
    try:
        make_image(podman)
        for scenario in SCENARIOS:
            if said.only and scenario.__name__ not in said.only.split(","):
                continue
            if scenario in NEEDS and NEEDS[scenario] not in CONTROLLERS:
                print(f"skip {scenario.__name__}: no {NEEDS[scenario]} controller here", flush=True)
                continue
            start = time.monotonic()
            try:
                scenario(podman)
                print(f"ok {scenario.__name__} ({time.monotonic() - start:.0f} s)", flush=True)
            except (AssertionError, subprocess.TimeoutExpired, ValueError, LookupError) as problem:
                failed += 1
                print(f"not ok {scenario.__name__}: {problem}", flush=True)
    finally:
        podman("rm", "-af", "-t", "0", status=None)
        subprocess.run(["umount", "-l", folder / "storage/overlay"], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", folder], check=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
