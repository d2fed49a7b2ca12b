#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""containerd's own client over runtimes of choice:  containerd.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native. Goal: containerd's shim cannot tell one
runtime from another. Method: `ctr run --runc-binary RUNTIME` and the verbs of tasks, the probe inside, exit statuses.
scenarios.py says what is printed.
"""
import json
import pathlib
import re
import sys
import time

import containerd_confinement
import scenarios
from ctr import IMAGE, Containerd, await_text
from daemons import descendants
from scenarios import equal, eventually, expect, scenario


def run(ctr: Containerd) -> None:
    """The output and the exit status are the container's; --rm leaves nothing."""
    said = ctr.run("run", "sh", "-c", "echo hello; echo error >&2; exit 7", status=7)
    expect("hello\n" in said and "error\n" in said, said)
    expect(ctr("container", "ls", "-q") == "", "the container is left")


def stdin(ctr: Containerd) -> None:
    said = ctr.run("stdin", "sh", "-c", "read word; echo got $word", text="input\n")
    expect(said == "got input\n", said)


def exit_statuses(ctr: Containerd) -> None:
    """What cannot be executed is an error of `create`, and the client prints the runtime's words."""
    said = ctr.run("missing", "no-such-program", status=1)
    expect("executable file not found in $PATH" in said, said)
    said = ctr.run("denied", "/etc/passwd", status=1)
    expect("permission denied" in said, said)
    said = ctr.run("nowhere", "/no/such/program", status=1)
    expect("no such file or directory" in said, said)
    expect(ctr("container", "ls", "-q") == "", "a container is left")


def snapshotters(ctr: Containerd) -> None:
    """The root is writable over either snapshotter; the next container sees none of it."""
    for snapshotter in ["overlayfs", "native"]:
        for _ in range(2):
            seen = ctr.lines("snapshot", "stat", "/etc/new", ",", "write", "/etc/new", "x",
                             flags=("--snapshotter", snapshotter))
            expect([s["ok"] for s in seen] == [False, True], seen)


def terminal(ctr: Containerd) -> None:
    """run -t: a terminal inside, with the size of the one outside; input and output through it; the exit status."""
    said = ctr.in_terminal("ctr", "run", *ctr.binary, "--rm", "-t", IMAGE, "terminal", "sh", "-c",
                           "until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done;"
                           "probe tty; read word; echo got $word; exit 5",
                           size=(33, 77), status=5, dialogue=(("controlling", "input\n"),))
    seen = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    expect(seen["isatty"] == [True] * 3 and seen["controlling"] and seen["name"] == "/dev/pts/0", seen)
    equal((seen["rows"], seen["columns"]), (33, 77), "size")
    expect("got input" in said, said)


def life(ctr: Containerd) -> None:
    """Detached: the task's pid is the program's, SIGTERM reaches it, `delete` gives its exit status."""
    pid_file = ctr.folder / "life.pid"
    with ctr.detached("life", "probe", "signal-wait", flags=("--pid-file", str(pid_file))) as log:
        await_text(log, "READY")
        pid, status = ctr.task("life")
        equal((pid, status), (pid_file.read_text(), "RUNNING"))
        expect("signal-wait" in pathlib.Path(f"/proc/{pid}/cmdline").read_text(), pid)
        ctr("task", "kill", "life")
        ctr.await_status("life", "STOPPED")
        equal(ctr.delete("life"), 115, "exit status")
        said = ctr("task", "kill", "life", status=1)
        expect("not found" in said, said)


def kill(ctr: Containerd) -> None:
    with ctr.detached("kill", "probe", "signal-wait") as log:
        await_text(log, "READY")
        ctr("task", "kill", "-s", "USR1", "kill")
        ctr.await_status("kill", "STOPPED")
        expect("not found" in ctr("task", "kill", "kill", status=1), "the dead task was killed")
        equal(ctr.delete("kill"), 110, "exit status")


def kill_all(ctr: Containerd) -> None:
    """Every process of the container, also without a pid namespace that ends them with the first."""
    with ctr.detached("all", "sh", "-c", "sleep 1000 & echo READY; wait") as log:
        await_text(log, "READY")
        before = ctr("task", "ps", "all").split()[2:]
        expect(len([word for word in before if word.isdigit()]) == 2, before)
        ctr("task", "kill", "-a", "-s", "KILL", "all")
        ctr.await_status("all", "STOPPED")
        equal(ctr.delete("all"), 137, "exit status")
        eventually("its end", lambda: ["sleep", "1000"] not in descendants().values())


def delete_force(ctr: Containerd) -> None:
    with ctr.detached("force", "sleep", "1000"):
        expect("must be stopped" in ctr("task", "delete", "force", status=1), "it was deleted")
        equal(ctr.delete("force", "-f"), 137, "exit status")
        equal(ctr.task("force"), ["0", ""], "left")


def restart(ctr: Containerd) -> None:
    """A second task of the same container, on the same root."""
    ctr("container", "create", IMAGE, "restart", "probe", "stat", "/new", ",", "write", "/new", "x")
    for before in [False, True]:
        seen = [json.loads(line)["ok"] for line in ctr("task", "start", "restart").splitlines()]
        equal(seen, [before, True])
    ctr("container", "delete", "restart")


def exec_(ctr: Containerd) -> None:
    """exec: output, input, exit statuses, user, working directory; what cannot be executed is an error."""
    with ctr.detached("exec", "sleep", "1000"):
        def execute(*words: str, **options) -> str:
            return ctr("task", "exec", "--exec-id", f"e{time.monotonic_ns()}", *words, **options)

        said = execute("exec", "sh", "-c", "echo inside; echo error >&2; exit 3", status=3)
        expect("inside\n" in said and "error\n" in said, said)
        expect(execute("exec", "sh", "-c", "read word; echo got $word", text="input\n") == "got input\n", "stdin")
        seen = json.loads(execute("--user", "1000:1000", "--cwd", "/home", "exec", "probe", "report", "ids", "cwd"))
        expect((seen["ids"]["uid"], seen["ids"]["gid"], seen["cwd"]) == (1000, 1000, "/home"), seen)
        execute("exec", "probe", "kill-self", "15", status=143)
        expect("executable file not found in $PATH" in execute("exec", "no-such-program", status=1), "127")
        expect("permission denied" in execute("exec", "/etc/passwd", status=1), "126")


def exec_terminal(ctr: Containerd) -> None:
    with ctr.detached("exec-tty", "sleep", "1000"):
        said = ctr.in_terminal("ctr", "task", "exec", "-t", "--exec-id", "tty", "exec-tty", "sh", "-c",
                               "echo begin; read word; probe tty; exit 4", status=4, dialogue=(("begin", "input\n"),))
        seen = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        expect(seen["isatty"] == [True] * 3 and seen["controlling"], seen)


def exec_detached(ctr: Containerd) -> None:
    """exec -d, seen by `ps`, killed by its own id; the container lives on."""
    with ctr.detached("exec-d", "sleep", "1000"):
        ctr("task", "exec", "-d", "--exec-id", "second", "exec-d", "sleep", "2000")
        said = ctr("task", "ps", "exec-d")
        expect(re.search(r"exec_id:\"second\"|second", said), said)
        ctr("task", "kill", "--exec-id", "second", "-s", "KILL", "exec-d")
        eventually("its end", lambda: ["sleep", "2000"] not in descendants().values())
        equal(ctr.task("exec-d")[1], "RUNNING", "status")


def pause(ctr: Containerd) -> None:
    """A paused container makes no progress and says so; resumed it goes on. Killed while paused, it dies."""
    with ctr.detached("pause", "sh", "-c", "while :; do echo x; sleep 0.05; done") as log:
        await_text(log, "x")
        ctr("task", "pause", "pause")
        equal(ctr.task("pause")[1], "PAUSED", "status")
        time.sleep(0.3)
        size = log.stat().st_size
        time.sleep(0.5)
        expect(log.stat().st_size == size, "it ran while paused")
        ctr("task", "resume", "pause")
        eventually("progress", lambda: log.stat().st_size > size)
        equal(ctr.task("pause")[1], "RUNNING", "status")
        ctr("task", "pause", "pause")
        ctr("task", "kill", "-s", "KILL", "pause")
        ctr("task", "resume", "pause", status=None)
        ctr.await_status("pause", "STOPPED")


def daemon_restart(ctr: Containerd) -> None:
    """A container outlives its daemon, and the next daemon knows it."""
    with ctr.detached("outlive", "probe", "signal-wait") as log:
        await_text(log, "READY")
        ctr.stop_daemon()
        ctr.start_daemon()
        equal(ctr.task("outlive")[1], "RUNNING", "status")
        ctr("task", "kill", "outlive")
        ctr.await_status("outlive", "STOPPED")
        equal(ctr.delete("outlive"), 115, "exit status")


def nothing_left(ctr: Containerd) -> None:
    """After all of it: no container, no shim, no mount, no cgroup, no state."""
    equal(ctr("container", "ls", "-q"), "", "left")
    eventually("no shim", lambda: not [words for words in descendants().values()
                                       if "containerd-shim" in words[0] and ctr.runtime.name in words])
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if str(ctr.folder) in line]
    expect(not mounts, mounts)
    for folder in [ctr.folder / "state/io.containerd.runtime.v2.task", pathlib.Path("/sys/fs/cgroup"),
                   pathlib.Path("/run/containerd/runc")]:
        left = [path for path in (folder / ctr.runtime.name).glob("*") if path.is_dir()]
        expect(not left, left)


SCENARIOS = [
    *map(scenario, [run, stdin, exit_statuses, snapshotters, terminal, life, kill, kill_all, delete_force, restart,
                    exec_, exec_terminal, exec_detached, pause, daemon_restart]),
    *containerd_confinement.SCENARIOS,
    scenario(nothing_left),
]

if __name__ == "__main__":
    sys.exit(scenarios.main(Containerd, SCENARIOS))
