# SPDX-License-Identifier: Apache-2.0
"""podman: pods, Kubernetes' YAML, notification of readiness."""
import pathlib
import socket

from scenarios import equal, eventually, expect, last_json, scenario

SLEEP = ("busybox", "sleep", "1000")
KUBE = """
apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  hostname: played
  containers:
  - name: speaker
    image: localhost/busybox:latest
    command: ["sh", "-c", "echo speaking as $(id -u) in $PWD with $WORD; exec sleep 1000"]
    workingDir: /tmp
    env:
    - {name: WORD, value: "a word"}
    securityContext:
      runAsUser: 1000
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    volumeMounts:
    - {name: data, mountPath: /data}
  volumes:
  - name: data
    hostPath: {path: FOLDER, type: Directory}
"""


def pod(podman) -> None:
    """Containers of a pod share network, uts and ipc; the pod is paused, stopped and removed as one."""
    # podman 4.3 with cgroupfs denies every device in the cgroup of a pod; so the containers have their own.
    podman("pod", "create", "--name", "pod", "--network", "none", "--hostname", "podname", "--share", "net,uts,ipc,pid",
           "--share-parent=false")
    podman("run", "-d", "--pod", "pod", "--name", "first", *SLEEP)
    podman("run", "-d", "--pod", "pod", "--name", "second", *SLEEP)
    seen = [last_json(podman("exec", name, "probe", "report", "namespaces", "names", "process"))
            for name in ("first", "second")]
    for kind, shared in (("net", True), ("uts", True), ("ipc", True), ("pid", True), ("mnt", False)):
        equal(seen[0]["namespaces"][kind] == seen[1]["namespaces"][kind], shared, kind)
    equal(seen[0]["names"]["hostname"], "podname")
    podman("pod", "pause", "pod")
    equal(podman.inspect("second", ".State.Status"), "paused")
    podman("pod", "unpause", "pod")
    podman("pod", "stop", "-t", "0", "pod")
    equal(podman.inspect("first", ".State.Status"), "exited")
    podman("pod", "start", "pod")
    equal(podman.inspect("first", ".State.Status"), "running")
    podman("pod", "rm", "-f", "-t", "0", "pod")
    equal(podman("ps", "-aq"), "", "left")


def kube(podman) -> None:
    """play kube, and generate kube of what it made, played again."""
    data = podman.folder / "data"
    data.mkdir(exist_ok=True)
    first, second = podman.folder / "first.yaml", podman.folder / "second.yaml"
    first.write_text(KUBE.replace("FOLDER", str(data)))
    play = ("--cgroup-manager", "systemd", "play", "kube", "--network", "none")
    podman(*play, first)
    eventually("it speaks", lambda: podman("logs", "played-speaker") == "speaking as 1000 in /tmp with a word\n")
    equal(last_json(podman("exec", "played-speaker", "probe", "write", "/file", "x")).get("name"), "EROFS")
    podman("generate", "kube", "-f", second, "played")
    podman("--cgroup-manager", "systemd", "play", "kube", "--down", first)
    podman(*play, second)
    # Its containers have the name of the pod once more.
    eventually("it speaks again", lambda: "with a word" in podman("logs", "played-played-speaker"))
    podman("pod", "rm", "-f", "-t", "0", "played")


def listener(podman, name: str) -> tuple[socket.socket, dict[str, str]]:
    """The socket of a service manager, and the variable that names it."""
    path = podman.folder / name
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(path))
    manager.settimeout(20)
    return manager, {"NOTIFY_SOCKET": str(path)}


def heard(manager: socket.socket, wanted: str) -> list[str]:
    said: list[str] = []
    while wanted not in said:
        said += manager.recv(4096).decode().split("\n")
    return said


def sdnotify_conmon(podman) -> None:
    """--sdnotify=conmon: conmon reports itself once the container runs; the container has no socket."""
    manager, variable = listener(podman, "conmon.notify")
    done = podman.do("env", *[f"{k}={v}" for k, v in variable.items()], "podman", "run", "-d", "--name", "notify",
                     "--sdnotify", "conmon", "busybox", "sh", "-c", "echo [$NOTIFY_SOCKET]; exec sleep 1000")
    said = heard(manager, "READY=1")
    monitor = pathlib.Path(podman.inspect("notify", ".ConmonPidFile")).read_text()
    expect(f"MAINPID={monitor}" in said, (said, done))
    podman.await_line("notify", "[]")
    podman("rm", "-f", "-t", "0", "notify")
    manager.close()


def sdnotify_container(podman) -> None:
    """--sdnotify=container: the word of the program itself arrives, and conmon as the main process."""
    manager, variable = listener(podman, "container.notify")
    words = ["podman", "run", "-d", "--name", "notify", "--sdnotify", "container", "busybox", "probe"]
    podman.do("env", *[f"{k}={v}" for k, v in variable.items()], *words, "notify", "READY=1", ",", "signal-wait")
    heard(manager, "READY=1")
    podman("rm", "-f", "-t", "0", "notify")
    manager.close()


SCENARIOS = [
    scenario(pod, "catatonit"),
    scenario(kube, "systemd", "catatonit"),
    scenario(sdnotify_conmon),
    scenario(sdnotify_container),
]
