#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pods over runtimes of choice, as Kubernetes makes them:  cri.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native. Goal: a node cannot tell one runtime from
another. Method: containerd's CRI service with a runtime class, a gRPC client of that protocol, CNI plugins, the probe
inside. scenarios.py says what is printed.
"""
import os
import pathlib
import re
import socket
import sys

import cri_confinement
import scenarios
from criprotocol import Refused, Stream
from daemons import descendants
from kubelet import EXITED, NODE, RUNNING, TARGET, Kubelet
from scenarios import equal, eventually, expect, last_json, scenario


def refusal(call, *words, **options) -> str:
    """The words of the error; an answer is the scenario's failure."""
    try:
        answer = call(*words, **options)
    except Refused as problem:
        return str(problem)
    raise AssertionError(f"no error: {answer}")


def pod(kubelet: Kubelet) -> None:
    """A pod of the class; a container in it to its end; nothing of it afterwards."""
    with kubelet.pod() as pod:
        status = pod.status()
        equal((status["state"], status["runtime_handler"]), (0, "tested"))
        container = pod.create("sh", "-c", "echo hello; echo error >&2; exit 7")
        equal(container.status()["state"], 0, "before start")
        kubelet.cri("StartContainer", container_id=container.id)
        equal(container.await_end(), 7)
        equal((container.output(), container.output("stderr")), (["hello"], ["error"]))
        form = r"\d{4}-\d\d-\d\dT[\d:.]+\S+ std(out|err) F \w+\n"
        expect(re.match(form, container.log.read_text()), "the log's form")
        equal(container.status()["reason"], "Error")
        container.remove()
        kubelet.cri("StopPodSandbox", pod_sandbox_id=pod.id)
        equal(pod.status()["state"], 1, "after stop")
    equal(kubelet.cri("ListPodSandbox")["items"], [], "left")


def not_startable(kubelet: Kubelet) -> None:
    """The reason of a program that cannot be executed is in the status that a user sees."""
    with kubelet.pod() as pod:
        for command, reason in [("no-such-program", "executable file not found in $PATH"),
                                ("/no/such/program", "no such file or directory"),
                                ("/etc/passwd", "permission denied")]:
            container = pod.create(command)
            expect(reason in refusal(kubelet.cri, "StartContainer", container_id=container.id), command)
            status = container.status()
            equal((status["state"], status["exit_code"], status["reason"]), (EXITED, 128, "StartError"))
            expect(reason in status["message"], status)
            container.remove()


def stop(kubelet: Kubelet) -> None:
    """SIGTERM, and SIGKILL for who is deaf to it."""
    with kubelet.pod() as pod:
        container = pod.start("probe", "signal-wait")
        container.await_line("READY")
        equal(container.status()["state"], RUNNING)
        equal(container.stop(), 115, "exit status")
        equal(container.stop(), 115, "stopped again")
        deaf = pod.start("sh", "-c", "trap '' TERM; echo READY; while :; do sleep 0.1; done")
        deaf.await_line("READY")
        equal(deaf.stop(timeout=1), 137, "exit status")


def restart(kubelet: Kubelet) -> None:
    """As after a crash: the next attempt of the same name in the same pod, with a log and a root of its own."""
    with kubelet.pod() as pod:
        for attempt in range(3):
            container = pod.start("probe", "stat", "/new", ",", "write", "/new", "x", ",", "exit", "1", name="again",
                                  attempt=attempt)
            equal(container.await_end(), 1)
            expect('"ok":false' in container.output()[0] and '"ok":true' in container.output()[1], container.output())
            equal(container.log.name, f"again.{attempt}.log")


def exec_sync(kubelet: Kubelet) -> None:
    """As probes of liveness are: output, exit status, an end in time."""
    with kubelet.pod() as pod:
        container = pod.start("sleep", "1000")
        equal(container.exec_sync("sh", "-c", "echo inside; echo error >&2; exit 3"), ("inside\n", "error\n", 3))
        equal(container.exec_sync("probe", "kill-self", "15")[2], 143)
        expect("DEADLINE_EXCEEDED" in refusal(container.exec_sync, "sleep", "2000", timeout=1), "no end in time")
        eventually("its end", lambda: ["sleep", "2000"] not in descendants().values())
        expect("executable file not found in $PATH" in refusal(container.exec_sync, "no-such-program"), "missing")
        expect("permission denied" in refusal(container.exec_sync, "/etc/passwd"), "denied")
        equal(container.status()["state"], RUNNING)


def exec_stream(kubelet: Kubelet) -> None:
    """As `kubectl exec`, without and with a terminal: input, output, exit status, size."""
    with kubelet.pod() as pod:
        container = pod.start("sleep", "1000")
        stream = container.exec("sh", "-c", "echo READY; echo error >&2; read word; echo got $word; exit 3")
        stream.until(b"READY")
        stream.give(Stream.STDIN, b"input\n")
        equal(stream.end(), 3)
        equal((stream.said[Stream.STDOUT], stream.said[Stream.STDERR]), (b"READY\ngot input\n", b"error\n"))
        script = "echo READY; until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; read word; probe tty; exit 4"
        stream = container.exec("sh", "-c", script, tty=True)
        stream.until(b"READY")
        stream.give(Stream.RESIZE, b'{"Width": 77, "Height": 33}')
        stream.give(Stream.STDIN, b"input\n")
        equal(stream.end(), 4)
        seen = last_json(stream.said[Stream.STDOUT].decode())
        expect(seen["isatty"] == [True] * 3 and seen["controlling"], seen)
        equal((seen["rows"], seen["columns"]), (33, 77), "size")


def attach(kubelet: Kubelet) -> None:
    """As `kubectl attach` and `kubectl run -it`: the first process's own input and output."""
    with kubelet.pod() as pod:
        script = "while read word; do echo got $word; [ $word != end ] || exit 5; done"
        for tty in [False, True]:
            container = pod.start("sh", "-c", script, stdin=True, tty=tty)
            stream = container.attach(tty)
            stream.give(Stream.STDIN, b"input\n")
            stream.until(b"got input")
            stream.give(Stream.STDIN, b"end\n")
            equal(container.await_end(), 5)
            stream.close()
            expect("got end" in "\n".join(container.output()), container.output())


def network(kubelet: Kubelet) -> None:
    """The pod's address answers, through its CNI network; its containers share it; the host's is the daemon's."""
    with kubelet.pod() as pod:
        address = pod.status()["network"]["ip"]
        server = pod.start("sh", "-c", "echo hello | nc -l -p 8080")
        said = eventually("an answer", lambda: answer(address))
        equal(said, b"hello\n")
        equal(server.await_end(), 0)
        lines = pod.lines("ip", "-o", "-4", "address")
        expect(any(f" {address}/" in line for line in lines), lines)
        equal(pod.lines("readlink", "/proc/self/ns/net"), pod.lines("readlink", "/proc/self/ns/net"))
    with kubelet.pod(network=NODE) as pod:
        ours = str(pathlib.Path("/proc/self/ns/net").readlink())
        equal(pod.lines("readlink", "/proc/self/ns/net"), [ours])


def answer(address: str) -> bytes:
    try:
        with socket.create_connection((address, 8080), timeout=5) as connection:
            return connection.recv(100)
    except OSError:
        return b""


def namespaces(kubelet: Kubelet) -> None:
    """Containers share net, ipc and uts; the pid namespace is as asked: own, another's, the pod's, the node's."""
    def inside(container) -> dict:
        return last_json(container.exec_sync("probe", "report", "namespaces")[0])["namespaces"]

    with kubelet.pod(hostname="named") as pod:
        first, second = pod.start("sleep", "1000"), pod.start("sleep", "1000")
        seen = [inside(first), inside(second)]
        for kind, shared in [("net", True), ("ipc", True), ("uts", True), ("pid", False), ("mnt", False)]:
            equal(seen[0][kind] == seen[1][kind], shared, f"{kind} is shared")
        equal(first.exec_sync("hostname")[0], "named\n")
        target = {"namespace_options": {"pid": TARGET, "target_id": first.id}}
        equal(inside(pod.start("sleep", "1000", security=target))["pid"], seen[0]["pid"])
    for mode, what in [(0, "the pod's"), (NODE, "the node's")]:
        options = {"security_context": {"namespace_options": {"pid": mode, "network": 0}}}
        with kubelet.pod(linux=options) as pod:
            container = pod.start("sleep", "1000")
            own, inner = os.readlink("/proc/self/ns/pid"), container.exec_sync("readlink", "/proc/self/ns/pid")[0]
            equal(own == inner.strip(), mode == NODE, what)
            expect("signal-wait" in container.exec_sync("ps")[0], "the pause process is not seen")
            equal(container.stop(timeout=0), 137)


def daemon_restart(kubelet: Kubelet) -> None:
    """A pod outlives its daemon, and the next daemon knows it."""
    with kubelet.pod() as pod:
        container = pod.start("probe", "signal-wait")
        container.await_line("READY")
        kubelet.stop_daemon()
        kubelet.start_daemon()
        equal((pod.status()["state"], container.status()["state"]), (0, RUNNING))
        equal(container.exec_sync("echo", "inside")[0], "inside\n")
        equal(container.stop(), 115)


def nothing_left(kubelet: Kubelet) -> None:
    """After all of it: no pod, no container, no shim, no mount, no cgroup, no state."""
    equal(kubelet.cri("ListPodSandbox")["items"] + kubelet.cri("ListContainers")["containers"], [], "left")
    eventually("no shim", lambda: not [words for words in descendants().values() if "containerd-shim" in words[0]
                                       and f"{kubelet.folder}/socket" in words])
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
              if str(kubelet.folder) in line]
    expect(not mounts, mounts)
    for folder in [kubelet.folder / "state/io.containerd.runtime.v2.task/k8s.io", kubelet.folder / "runtime/k8s.io"]:
        left = [path for path in folder.glob("*") if path.is_dir()]
        expect(not left, left)
    left = list(pathlib.Path("/sys/fs/cgroup").glob(f"{kubelet.parent}/*/*/cgroup.procs"))
    expect(not left, left)


SCENARIOS = [
    *map(scenario, [pod, not_startable, stop, restart, exec_sync, exec_stream, attach, network, namespaces]),
    *cri_confinement.SCENARIOS,
    scenario(daemon_restart),
    scenario(nothing_left),
]

if __name__ == "__main__":
    sys.exit(scenarios.main(Kubelet, SCENARIOS))
