# SPDX-License-Identifier: Apache-2.0
"""A dockerd as an engine, which knows the runtime by its daemon.json, and the client."""
import contextlib
import json
import pathlib

import daemons
import scenarios
from daemons import DaemonEngine
from scenarios import eventually, last_json


class Docker(DaemonEngine):
    name = "docker"
    programs = ("dockerd", "docker", "containerd", "containerd-shim-runc-v2", "tini-static")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        super().__init__(folder, runtime)
        self.client = ["docker", "-H", f"unix://{folder}/docker.sock"]
        # A name of its own for runc too: dockerd has one of that name already, and will not have it said again.
        self.word = f"tested-{runtime.name}"
        self.command = ["dockerd", "--config-file", str(folder / "daemon.json")]
        self.configure("cgroupfs", f"/{self.word}")

    def configure(self, driver: str, parent: str) -> None:
        """For the next start of the daemon."""
        folder = self.folder
        (folder / "daemon.json").write_text(json.dumps({
            "runtimes": {self.word: {"path": self.runtime.path}}, "default-runtime": self.word,
            "hosts": [self.client[-1]], "data-root": f"{folder}/data", "exec-root": f"{folder}/exec",
            "pidfile": f"{folder}/docker.pid", "cgroup-parent": parent, "exec-opts": [f"native.cgroupdriver={driver}"],
            "live-restore": True, "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False,
            "storage-driver": "overlay2", "init-path": str(daemons.UNPACKED / "usr/bin/tini-static")}))

    def start(self) -> None:
        super().start()
        archive = daemons.root_archive(self.folder)
        self("import", "--change", "ENV PATH=/bin", archive, "busybox:latest")

    def ready(self) -> bool:
        return self.do(*self.client, "version", status=None).status == 0

    def reset(self) -> None:
        for name in self("ps", "-aq", status=None).split():
            self("rm", "-f", name, status=None)

    def stop(self) -> None:
        if self.daemon.poll() is None:
            self.reset()
        super().stop()

    def __call__(self, *words: str | pathlib.Path, **options) -> str:
        """A command of docker: what it says (with stderr if it fails)."""
        done = self.do(*self.client, *words, **options)
        return done.out + (done.err if done.status else "")

    def probe(self, *words: str, **options) -> dict:
        return last_json(self(*words, **options))

    def inspect(self, name: str, what: str) -> str:
        return self("inspect", "--format", f"{{{{.{what}}}}}", name).strip()

    def await_line(self, name: str, line: str) -> None:
        eventually(f"{name} says {line}", lambda: line in self("logs", name))

    @contextlib.contextmanager
    def running(self, name: str, *words: str, flags: tuple = ()):
        """A container in the background, gone at the end."""
        self("run", "-d", "--name", name, *flags, "busybox", *words)
        try:
            yield
        finally:
            self("rm", "-f", "-v", name, status=None)
