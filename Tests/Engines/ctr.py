# SPDX-License-Identifier: Apache-2.0
"""A containerd with its own client as an engine: the runtime is the one of `ctr run --runc-binary`."""
import contextlib
import json
import os
import pathlib
import re

import daemons
import scenarios
from daemons import DaemonEngine
from scenarios import controllers, eventually, expect, last_json

IMAGE = "localhost/busybox:latest"
CONFIG = """
version = 2
root = "{folder}/data"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{folder}/socket"
"""


class Containerd(DaemonEngine):
    """A daemon of its own in one folder, and its client."""
    name = "containerd"
    programs = ("containerd", "ctr", "containerd-shim-runc-v2")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        super().__init__(folder, runtime)
        (folder / "config.toml").write_text(CONFIG.format(folder=folder))
        self.command = ["containerd", "--config", str(folder / "config.toml")]
        # `container create` has no --runc-binary, and --uidmap makes `run` forget it: the shim then looks in PATH.
        (folder / "bin").mkdir()
        (folder / "bin/runc").symlink_to(runtime.path)
        # Containers of two daemons would meet in one cgroup if their namespaces had one name.
        self.environment |= {"PATH": f"{folder}/bin:{os.environ['PATH']}", "CONTAINERD_ADDRESS": f"{folder}/socket",
                             "CONTAINERD_NAMESPACE": runtime.name}
        self.binary = ["--runc-binary", runtime.path]
        if "cpu" not in controllers():
            self.binary += ["--cpu-shares", "0"]  # the default is 1024, said as a demand

    def start(self) -> None:
        super().start()
        archive = daemons.image_archive(self.folder, IMAGE, {"Env": ["PATH=/bin"], "Cmd": ["probe"]})
        for snapshotter in ["overlayfs", "native"]:
            self("image", "import", "--snapshotter", snapshotter, archive)

    def ready(self) -> bool:
        return self.do("ctr", "version", status=None).status == 0

    def reset(self) -> None:
        for name in self("container", "ls", "-q").split():
            self("task", "delete", "-f", name, status=None)
            self("container", "delete", name, status=None)

    def stop(self) -> None:
        if self.daemon.poll() is None:
            self.reset()
        super().stop()

    def __call__(self, *words: str | pathlib.Path, **options) -> str:
        """A command of ctr: what it says (with stderr if it fails)."""
        done = self.do("ctr", *words, **options)
        return done.out + (done.err if done.status else "")

    def run(self, name: str, *words: str, flags: tuple = (), **options) -> str:
        return self("run", *self.binary, "--rm", *flags, IMAGE, name, *words, **options)

    def probe(self, name: str, *words: str, **options) -> dict:
        return last_json(self.run(name, "probe", *words, **options))

    def lines(self, name: str, *words: str, **options) -> list:
        return [json.loads(line) for line in self.run(name, "probe", *words, **options).splitlines() if line[0] == "{"]

    @contextlib.contextmanager
    def detached(self, name: str, *words: str, flags: tuple = ()):
        """A running container, with its output in a file; killed and deleted at the end."""
        log = self.folder / f"{name}.log"
        self("run", *self.binary, "-d", "--log-uri", f"file://{log}", *flags, IMAGE, name, *words)
        try:
            yield log
        finally:
            self("task", "delete", "-f", name, status=None)
            self("container", "delete", name, status=None)
        expect(name not in self("container", "ls", "-q").split(), f"{name} is left")

    def task(self, name: str) -> list[str]:
        """What `task ls` says: pid and status."""
        lines = [line.split() for line in self("task", "ls").splitlines()]
        return next((line[1:] for line in lines if line[0] == name), ["0", ""])

    def await_status(self, name: str, wanted: str) -> None:
        eventually(f"{name} {wanted}", lambda: self.task(name)[1] == wanted)

    def delete(self, name: str, *flags: str) -> int:
        """Deletes a task, and tells its exit status: ctr itself exits with 0."""
        done = self.do("ctr", "task", "delete", *flags, name)
        code = re.search(r"non-zero exit code (\d+)", done.err)
        return int(code.group(1)) if code else 0


def await_text(log: pathlib.Path, text: str) -> None:
    eventually(f"{text} in {log.name}", lambda: log.exists() and text in log.read_text())
