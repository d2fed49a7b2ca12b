# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench measures with: fresh copies of the runtimes, bundles, containers that are there already."""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

import bench_bundle

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Runtime:
    def __init__(self, name: str, program: pathlib.Path, state: pathlib.Path, variables: dict[str, str]):
        self.name, self.program, self.state, self.variables = name, program, state, variables
        self.size, self.version = program.stat().st_size, ""

    def command(self, state: pathlib.Path | None = None) -> str:
        """As a step of interleave."""
        said = [f"{key}={value}" for key, value in self.variables.items()]
        return " ".join([*said, str(self.program), "--root", str(state or self.state)])

    def call(self, *words: object, state: pathlib.Path | None = None, stdout: int = subprocess.DEVNULL):
        return subprocess.run([self.program, "--root", state or self.state, *words], env=os.environ | self.variables,
                              stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.DEVNULL, check=False)

    def start(self, identifier: str, bundle: pathlib.Path, state: pathlib.Path | None = None) -> None:
        if self.call("create", "-b", bundle, identifier, state=state).returncode != 0:
            print(f"   {self.name} cannot create a container", file=sys.stderr)
        self.call("start", identifier, state=state)


class Stage:
    """A folder with everything, gone at the end. State directories are on a tmpfs, as /run is on a usual machine."""

    def __init__(self, hull: str, without: list[str]):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-bench.", dir="/var/tmp"))
        self.bundles, self.states = self.folder / "bundles", self.folder / "states"
        self.residents: set[str] = set()
        self.states.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.states], check=True)
        found = {"hull": hull, "crun": shutil.which("crun"), "runc": shutil.which("runc", path="/usr/sbin:/usr/bin")}
        self.runtimes = [self.copy(name, path) for name, path in found.items() if name not in without and path]
        self.timer = self.compiled("interleave")
        self.root = self.folder / "rootfs"
        for name in ("dev", "proc", "sys"):
            (self.root / name).mkdir(parents=True)
        self.compiled("true").rename(self.root / "true")
        self.bundle("plain")
        (self.bundles / "plain/rootfs").symlink_to(self.root)  # where a program for --floor looks for it
        self.bundle("hostcg", cgroup_namespace=False)
        self.bundle("seccomp", podmans_seccomp=True)
        self.bundle("resident", words=["/true", "stay"])

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        for runtime in self.runtimes:
            if runtime.name in self.residents:
                runtime.call("delete", "--force", "b-exec")
            for folder in self.states.glob(f"{runtime.name}-many-*"):
                runtime.call("delete", "--force", "b-00000", state=folder)
        subprocess.run(["umount", "-l", self.states], check=True)
        shutil.rmtree(self.folder)

    def copy(self, name: str, path: str) -> Runtime:
        """A fresh copy: how a file lies in the page cache moves a run by more than a millisecond."""
        program = self.folder / name
        shutil.copyfile(path, program)
        program.chmod(0o755)
        variables = {}
        if name == "crun" and not has_sys_resource():
            subprocess.run([ROOT / "scripts/peers"], check=True)
            variables["LD_PRELOAD"] = f"{os.environ.get('HULL_CACHE', '/var/cache/hull')}/peers/memlock.so"
        (self.states / name).mkdir()
        return Runtime(name, program, self.states / name, variables)

    def compiled(self, name: str) -> pathlib.Path:
        program = self.folder / f"{name}.program"
        subprocess.run(["gcc", "-O2", "-static", "-s", "-o", program, ROOT / f"Tests/Bench/{name}.c"], check=True)
        return program

    def bundle(self, name: str, **said: object) -> pathlib.Path:
        """What `bench_bundle.config` makes of what is said."""
        folder = self.bundles / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(bench_bundle.config(self.root, **said), indent=1))
        return folder

    def start_resident(self) -> None:
        """A container that stays, for exec and state."""
        for runtime in self.runtimes:
            if runtime.name not in self.residents:
                runtime.start("b-exec", self.bundles / "resident")
                self.residents.add(runtime.name)

    def many(self, runtime: Runtime, number: int) -> pathlib.Path:
        """A state directory with so many stopped containers: a real one, and copies under names of its length."""
        folder = self.states / f"{runtime.name}-many-{number}"
        if folder.exists():
            return folder
        folder.mkdir()
        runtime.start("b-00000", self.bundles / "plain", state=folder)
        for _ in range(100):
            said = runtime.call("state", "b-00000", state=folder, stdout=subprocess.PIPE).stdout
            if b'"stopped"' in said:
                break
            time.sleep(0.05)
        for copy in range(1, number):
            name = f"b-{copy:05}"
            shutil.copytree(folder / "b-00000", folder / name, ignore=lambda where, names: [
                n for n in names if not (pathlib.Path(where) / n).is_dir() and not (pathlib.Path(where) / n).is_file()])
            for file in (folder / name).rglob("*"):
                if file.is_file():
                    file.write_bytes(file.read_bytes().replace(b"b-00000", name.encode()))
        return folder

    def grow(self, key: str, number: int) -> None:
        """The bundle of a case that grows, if it is the bundle that does."""
        if key == "mounts":
            volume = self.folder / "volume"
            volume.mkdir(exist_ok=True)
            self.bundle(f"mounts-{number}", mounts=number, volume=volume)
        if key == "rules":
            self.bundle(f"rules-{number}", rules=number)

    def podman(self, runtime: Runtime) -> str:
        """podman with this runtime, as a step: its own storage, and no facility that a machine may lack."""
        folder = self.folder / f"podman-{runtime.name}"
        folder.mkdir()
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n')
        (folder / "containers.conf").write_text(
            f'[containers]\npids_limit = 0\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
            f'log_driver = "k8s-file"\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
            f'tmp_dir = "{folder}/tmp"\n')
        said = {"CONTAINERS_CONF": folder / "containers.conf", "CONTAINERS_STORAGE_CONF": folder / "storage.conf",
                "HOME": folder}
        program = runtime.program
        if runtime.variables:  # conmon hands on no variables
            program = folder / runtime.name
            words = [f"{key}={value}" for key, value in runtime.variables.items()]
            program.write_text(f'#!/bin/sh\n{" ".join(words)} exec {runtime.program} "$@"\n')
            program.chmod(0o755)
        return " ".join([f"{key}={value}" for key, value in said.items()]
                        + [shutil.which("podman") or "podman", "--runtime", str(program)])

    def sizes_and_versions(self) -> None:
        for runtime in self.runtimes:
            said = runtime.call("--version", stdout=subprocess.PIPE).stdout.decode(errors="replace")
            found = re.search(r"version (\S+)", said)
            runtime.version = found.group(1) if found else "?"

    def machine(self) -> str:
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        return f"Linux {platform.release()}, {os.cpu_count()} × {model.group(1) if model else platform.machine()}"

    def print_machine(self) -> None:
        print(f"{self.machine()}; load {os.getloadavg()[0]:.1f}; {', '.join(r.name for r in self.runtimes)}")


def has_sys_resource() -> bool:
    found = re.search(r"CapEff:\s*([0-9a-f]+)", pathlib.Path("/proc/self/status").read_text())
    return bool(found and int(found.group(1), 16) >> 24 & 1)
