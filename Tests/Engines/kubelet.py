# SPDX-License-Identifier: Apache-2.0
"""containerd's CRI service as an engine, asked for pods and containers as a kubelet asks; the runtime is its class."""
import contextlib
import itertools
import os
import pathlib
import re

import daemons
import scenarios
from criprotocol import Client, Refused, Stream
from daemons import DaemonEngine
from scenarios import controllers, eventually, last_json

IMAGE, PAUSE = "localhost/busybox:latest", "localhost/pause:latest"
RUNNING, EXITED = 1, 2
OURS, NODE, TARGET = 0, 2, 3  # whose namespace: the pod's, the node's, another container's (pid: 1 is its own)
CAP_SYS_RESOURCE = 24
CONFIG = """
version = 2
root = "{folder}/data"
state = "{folder}/state"
[grpc]
address = "{folder}/socket"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
disable_cgroup = {no_cgroup}
restrict_oom_score_adj = {no_oom_score}
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "tested"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested]
runtime_type = "io.containerd.runc.v2"
privileged_without_host_devices = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested.options]
BinaryName = "{binary}"
Root = "{folder}/runtime"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd.options]
BinaryName = "{binary}"
Root = "{folder}/runtime"
SystemdCgroup = true
"""
NETWORK = """{{"cniVersion": "0.4.0", "name": "pods", "plugins": [{{"type": "ptp", "ipam": {{"type": "host-local",
"subnet": "10.{number}.0.0/16", "dataDir": "{folder}/addresses"}}}}]}}"""
NUMBERS = itertools.count(200)


class Kubelet(DaemonEngine):
    name = "cri"
    programs = ("containerd", "ctr", "containerd-shim-runc-v2")

    def __init__(self, folder: pathlib.Path, runtime: scenarios.Runtime):
        super().__init__(folder, runtime)
        bounding = int(re.search(r"CapBnd:\s*(\w+)", pathlib.Path("/proc/self/status").read_text()).group(1), 16)
        (folder / "config.toml").write_text(CONFIG.format(
            folder=folder, binary=runtime.path, pause=PAUSE, no_cgroup=str("cpu" not in controllers()).lower(),
            no_oom_score=str(not bounding >> CAP_SYS_RESOURCE & 1).lower()))
        (folder / "cni").mkdir()
        (folder / "cni/pods.conflist").write_text(NETWORK.format(folder=folder, number=next(NUMBERS)))
        self.command = ["containerd", "--config", str(folder / "config.toml")]
        self.cri = Client(f"{folder}/socket")
        self.serial = itertools.count()

    def start(self) -> None:
        super().start()
        for image, program in [(IMAGE, ["probe"]), (PAUSE, ["probe", "signal-wait"])]:
            archive = daemons.image_archive(self.folder, image, {"Env": ["PATH=/bin"], "Cmd": program})
            self.do("ctr", "-a", self.folder / "socket", "-n", "k8s.io", "image", "import", archive)

    def ready(self) -> bool:
        try:
            conditions = self.cri("Status")["status"]["conditions"]
            return len(conditions) == 2 and all(condition["status"] for condition in conditions)
        except Refused:
            return False

    def reset(self) -> None:
        for pod in self.cri("ListPodSandbox")["items"]:
            self.cri("StopPodSandbox", pod_sandbox_id=pod["id"])
            self.cri("RemovePodSandbox", pod_sandbox_id=pod["id"])

    def stop(self) -> None:
        if self.daemon.poll() is None:
            with contextlib.suppress(Refused):
                self.reset()
        super().stop()

    @contextlib.contextmanager
    def pod(self, network: int = OURS, linux: dict | None = None, handler: str = "tested", **config):
        """A running pod, stopped and removed at the end with what is in it."""
        number = next(self.serial)
        name = f"pod{number}"
        logs = self.folder / "logs" / name
        logs.mkdir(parents=True)
        linux = {"cgroup_parent": f"/{self.parent}/{name}", "security_context": {
            "namespace_options": {"network": network, "pid": 1}}} | (linux or {})
        config = {"metadata": {"name": name, "uid": name, "namespace": "default"}, "log_directory": str(logs),
                  "linux": linux} | config
        pod = Pod(self, config, logs, handler)
        try:
            yield pod
            self.cri("StopPodSandbox", pod_sandbox_id=pod.id)
            for _ in range(2):  # twice is no error
                self.cri("RemovePodSandbox", pod_sandbox_id=pod.id)
        except BaseException:
            with contextlib.suppress(Refused):
                self.cri("StopPodSandbox", pod_sandbox_id=pod.id)
                self.cri("RemovePodSandbox", pod_sandbox_id=pod.id)
            raise

    @property
    def parent(self) -> str:
        return f"hull-cri.{os.getpid()}.{self.runtime.name}"


class Pod:
    def __init__(self, kubelet: Kubelet, config: dict, logs: pathlib.Path, handler: str):
        self.kubelet, self.cri, self.config, self.logs = kubelet, kubelet.cri, config, logs
        self.id = self.cri("RunPodSandbox", config=config, runtime_handler=handler)["pod_sandbox_id"]
        self.serial = itertools.count()

    def status(self) -> dict:
        return self.cri("PodSandboxStatus", pod_sandbox_id=self.id)["status"]

    def create(self, *command: str, name: str = "", attempt: int = 0, security: dict | None = None,
               resources: dict | None = None, **config) -> "Container":
        name = name or f"container{next(self.serial)}"
        log = f"{name}.{attempt}.log"
        options = self.config["linux"]["security_context"]["namespace_options"]
        linux = {"security_context": {"namespace_options": options} | (security or {})}
        if resources:
            linux["resources"] = resources
        config = {"metadata": {"name": name, "attempt": attempt}, "image": {"image": IMAGE}, "command": command,
                  "log_path": log, "linux": linux} | config
        answer = self.cri("CreateContainer", pod_sandbox_id=self.id, config=config, sandbox_config=self.config)
        return Container(self.cri, answer["container_id"], self.logs / log)

    def start(self, *command: str, **options) -> "Container":
        container = self.create(*command, **options)
        self.cri("StartContainer", container_id=container.id)
        return container

    def lines(self, *command: str, **options) -> list[str]:
        """What a container says until it ends, and it is removed."""
        container = self.start(*command, **options)
        container.await_end()
        lines = container.output()
        container.remove()
        return lines

    def probe(self, *words: str, **options) -> dict:
        return last_json("\n".join(self.lines("probe", *words, **options)))


class Container:
    def __init__(self, cri: Client, id: str, log: pathlib.Path):
        self.cri, self.id, self.log = cri, id, log

    def status(self) -> dict:
        return self.cri("ContainerStatus", container_id=self.id)["status"]

    def output(self, stream: str = "stdout") -> list[str]:
        """The lines of the log: time, stream, F for a full line, text."""
        parts = [line.split(" ", 3) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [text for _, of, full, text in parts if of == stream and full == "F"]

    def await_line(self, line: str) -> None:
        eventually(f"{line} in the log", lambda: line in self.output())

    def await_end(self) -> int:
        eventually("its end", lambda: self.status()["state"] == EXITED)
        return self.status()["exit_code"]

    def stop(self, timeout: int = 60) -> int:
        self.cri("StopContainer", container_id=self.id, timeout=timeout)
        return self.status()["exit_code"]

    def remove(self) -> None:
        self.cri("RemoveContainer", container_id=self.id)

    def exec_sync(self, *command: str, timeout: int = 0) -> tuple[str, str, int]:
        said = self.cri("ExecSync", container_id=self.id, cmd=command, timeout=timeout)
        return said["stdout"].decode(), said["stderr"].decode(), said["exit_code"]

    def exec(self, *command: str, tty: bool = False) -> Stream:
        return Stream(self.cri("Exec", container_id=self.id, cmd=command, tty=tty, stdin=True, stdout=True,
                               stderr=not tty)["url"])

    def attach(self, tty: bool = False) -> Stream:
        return Stream(self.cri("Attach", container_id=self.id, tty=tty, stdin=True, stdout=True, stderr=not tty)["url"])
