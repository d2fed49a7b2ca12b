#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits that bite, one line for each scenario ("ok", "not ok", "skip"):  limits.py RUNTIME

As root where /sys/fs/cgroup is cgroup v2; scenarios whose controller is missing are skipped, so it belongs into
scripts/vm. Goal: what the config limits, the kernel limits. Method: a Python that takes more than it may; a Python
service with both limits, asked over loopback.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("HULL_CACHE", "/var/cache/hull")) / "python"
CONTROLLERS = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
SECONDS = 100  # for one container: the machine may be emulated
MEMORY, PIDS = 64 << 20, 10

EAT = """
import sys
kept = []
print("begin", flush=True)
for turn in range(256):
    kept.append(bytes([turn % 255 + 1]) * (1 << 20))
print("never", flush=True)
"""
FORK = """
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except BlockingIOError as error:
    print("refused", error.errno, made, flush=True)
"""


class Runtime:
    """A runtime with a state root, bundles and a cgroup of its own."""

    def __init__(self, folder: pathlib.Path, program: str):
        self.folder = folder
        self.command = [program, "--root", str(folder / "state")]
        (folder / "state").mkdir()

    def bundle(self, name: str, args: list[str], **resources: dict) -> pathlib.Path:
        """The config of `spec` on the root with Python, as uid 1000, with podman's filter and the given limits."""
        bundle = self.folder / name
        bundle.mkdir()
        subprocess.run([self.command[0], "spec", "--bundle", bundle], check=True, timeout=SECONDS)
        config = json.loads((bundle / "config.json").read_text())
        process, linux = config["process"], config["linux"]
        process.update(terminal=False, args=args, user={"uid": 1000, "gid": 1000}, cwd="/", capabilities={})
        config["root"] = {"path": str(CACHE), "readonly": True}
        linux.setdefault("resources", {}).update(resources)
        linux["cgroupsPath"] = f"/limits.{os.getpid()}/{name}"
        linux["seccomp"] = json.loads((ROOT / "Tests/PlanTests/Fixtures/seccomp-podman.json").read_text())
        linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != "network"]
        config["mounts"] += [
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777", "size=16m"]},
            {"destination": "/srv", "type": "bind", "source": str(ROOT / "Tests/Workloads/app"),
             "options": ["bind", "ro"]},
        ]
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def run(self, bundle: pathlib.Path) -> subprocess.CompletedProcess:
        return subprocess.run([*self.command, "run", "--bundle", bundle, bundle.name], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS, check=False)

    def clean(self) -> None:
        """Deletes what is left, and complains of what the runtime left."""
        for name in os.listdir(self.folder / "state"):
            subprocess.run([*self.command, "delete", "--force", name], check=True, timeout=SECONDS)
        expect(not os.path.exists(f"/sys/fs/cgroup/limits.{os.getpid()}"), "a cgroup is left")


def expect(holds: bool, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)


def memory_limit(runtime: Runtime) -> None:
    """More memory than allowed: the kernel kills it, and the exit status says so."""
    done = runtime.run(runtime.bundle("memory", ["python3", "-c", EAT], memory={"limit": MEMORY, "swap": MEMORY}))
    expect(done.stdout == "begin\n", done)
    expect(done.returncode == 128 + signal.SIGKILL, done)


def pids_limit(runtime: Runtime) -> None:
    """More processes than allowed: fork answers EAGAIN, after exactly as many as there may be beside the first."""
    done = runtime.run(runtime.bundle("pids", ["python3", "-c", FORK], pids={"limit": PIDS}))
    expect(done.stdout == f"refused 11 {PIDS - 1}\n", done)
    expect(done.returncode == 0, done)


def tiny_limit(runtime: Runtime) -> None:
    """A limit under which nothing can start: an error that names the field, no hang, nothing left."""
    done = runtime.run(runtime.bundle("tiny", ["python3", "-c", ""], memory={"limit": 65536, "swap": 65536}))
    expect(done.returncode not in (0, 124), done)
    if done.returncode == 1:
        expect("/linux/resources/memory/limit" in done.stderr, done)


def service(runtime: Runtime) -> None:
    """The service sees its limits, answers, and ends by SIGTERM as it wants to."""
    words = ["python3", "/srv/app.py", "exit143"]
    bundle = runtime.bundle("service", words, memory={"limit": MEMORY}, pids={"limit": PIDS})
    running = subprocess.Popen([*runtime.command, "run", "--bundle", bundle, bundle.name], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    try:
        line = running.stdout.readline()
        port = re.fullmatch(r"listening on (\d+)\n", line)
        expect(port, line)
        facts = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port.group(1)}/", timeout=SECONDS))
        wanted = {"uid": 1000, "seccomp": "2", "root": "Read-only file system", "tmp": "written"}
        expect({key: facts[key] for key in wanted} == wanted, facts)
        limits = pathlib.Path(f"/sys/fs/cgroup/limits.{os.getpid()}/service")
        expect((limits / "memory.max").read_text() == f"{MEMORY}\n", "memory.max")
        expect((limits / "pids.max").read_text() == f"{PIDS}\n", "pids.max")
        running.terminate()
        expect(running.wait(SECONDS) == 143, running.returncode)
    finally:
        running.kill()
        running.wait()


SCENARIOS = [
    (memory_limit, ["memory"]), (pids_limit, ["pids"]), (tiny_limit, ["memory"]), (service, ["memory", "pids"])
]


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not CACHE.is_dir():
        subprocess.run([ROOT / "scripts/rootfs", tempfile.mkdtemp() + "/python", "python"], check=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hull-limits.") as folder:
        runtime = Runtime(pathlib.Path(folder), os.path.abspath(sys.argv[1]))
        for scenario, needs in SCENARIOS:
            missing = [name for name in needs if name not in CONTROLLERS]
            if missing:
                print(f"skip {scenario.__name__}: needs the cgroup2 controller {' and '.join(missing)}", flush=True)
                continue
            start = time.monotonic()
            try:
                scenario(runtime)
                runtime.clean()
                print(f"ok {scenario.__name__} ({time.monotonic() - start:.0f} s)", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
                failed += 1
                print(f"not ok {scenario.__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
