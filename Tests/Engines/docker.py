#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker over runtimes of choice, on an image made here:  docker.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, where /sys/fs/cgroup is cgroup v2: scripts/vm or scripts/native. Goal: docker cannot tell one runtime from
another. Method: a dockerd that knows the runtime by its daemon.json, the commands that people use, the probe inside,
exit statuses. scenarios.py says what is printed.
"""
import json
import os
import pathlib
import re
import sys
import time

import docker_limits
import scenarios
from dockerd import Docker
from scenarios import equal, eventually, expect, scenario


def run(docker: Docker) -> None:
    said = docker("run", "--rm", "busybox", "sh", "-c", "echo hello; echo error >&2; exit 7", status=7)
    expect("hello\n" in said and "error\n" in said, said)
    equal(docker("run", "--rm", "-i", "busybox", "cat", text="input\n"), "input\n")


def default_confinement(docker: Docker) -> None:
    seen = docker.probe("run", "--rm", "busybox", "probe", "report", "security", "capabilities", "process", "mounts")
    equal(seen["security"]["seccomp"], 2)
    equal(seen["process"]["pid"], 1)
    sets = seen["capabilities"]
    expect(sets["effective"] == sets["bounding"] == "00000000a80425fb", sets)
    options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
    expect("ro" in options["/sys"] and "ro" in options["/sys/fs/cgroup"] and "ro" in options["/proc/sys"], options)


def exit_statuses(docker: Docker) -> None:
    """125: the daemon's mistake; 126 and 127 come from the words of the runtime's error."""
    docker("run", "--rm", "--no-such-flag", "busybox", status=125)
    docker("run", "--rm", "busybox", "no-such-program", status=127)
    docker("run", "--rm", "busybox", "/no/such/program", status=127)
    docker("run", "--rm", "busybox", "/etc/passwd", status=126)
    docker("run", "--rm", "busybox", "/etc", status=126)
    equal(docker("ps", "-aq"), "", "left")


def life(docker: Docker) -> None:
    """run -d, logs, stop: SIGTERM, and the exit status is the container's; start gives it a second life."""
    docker("run", "-d", "--name", "life", "busybox", "probe", "say", "started", ",", "signal-wait")
    for times in [1, 2]:
        eventually("READY", lambda: docker("logs", "life").count("READY") == times)
        equal(docker.inspect("life", "State.Status"), "running")
        docker("stop", "-t", "60", "life")
        equal(docker("wait", "life").strip(), "115", "exit status")
        equal(docker.inspect("life", "State.ExitCode"), "115")
        docker("start" if times == 1 else "rm", "life")
    equal(docker("ps", "-aq"), "", "left")


def restart(docker: Docker) -> None:
    """restart; and the policy that brings a failing container back."""
    with docker.running("again", "probe", "signal-wait"):
        pid = docker.inspect("again", "State.Pid")
        docker("restart", "-t", "60", "again")
        eventually("a second life", lambda: docker("logs", "again").count("READY") == 2)
        expect(docker.inspect("again", "State.Pid") != pid, pid)
    with docker.running("policy", "false", flags=("--restart", "on-failure:2")):
        eventually("the end", lambda: docker.inspect("policy", "State.Status") == "exited")
        equal(docker.inspect("policy", "RestartCount"), "2")
        equal(docker.inspect("policy", "State.ExitCode"), "1")


def kill(docker: Docker) -> None:
    with docker.running("kill", "probe", "signal-wait"):
        docker.await_line("kill", "READY")
        docker("kill", "-s", "USR1", "kill")
        equal(docker("wait", "kill").strip(), "110", "exit status")
        expect("is not running" in docker("kill", "kill", status=1), "the dead container was killed")
    with docker.running("deaf", "sh", "-c", "trap '' TERM; echo READY; while :; do sleep 0.1; done"):
        docker.await_line("deaf", "READY")
        docker("stop", "-t", "1", "deaf")
        equal(docker.inspect("deaf", "State.ExitCode"), "137")


def exec_(docker: Docker) -> None:
    with docker.running("exec", "sleep", "1000"):
        said = docker("exec", "exec", "sh", "-c", "echo inside; echo error >&2; exit 3", status=3)
        expect("inside\n" in said and "error\n" in said, said)
        equal(docker("exec", "-i", "exec", "cat", text="input\n"), "input\n")
        seen = docker.probe("exec", "-u", "1000:1000", "-w", "/home", "-e", "A=b", "exec", "probe", "report", "ids",
                            "cwd", "env", "capabilities")
        equal((seen["ids"]["uid"], seen["ids"]["gid"], seen["cwd"]), (1000, 1000, "/home"))
        expect("A=b" in seen["env"], seen["env"])
        equal(seen["capabilities"]["effective"], "0000000000000000")
        docker("exec", "exec", "probe", "kill-self", "15", status=143)
        # docker itself tells 126 of every program that cannot be executed here; it knows 127 at `run` alone.
        expect("not found in $PATH" in docker("exec", "exec", "no-such-program", status=126), "no word of the reason")
        docker("exec", "exec", "/etc/passwd", status=126)
        docker("exec", "-d", "exec", "sleep", "2000")
        eventually("a detached process", lambda: "sleep 2000" in docker("top", "exec"))
        seen = docker.probe("exec", "--privileged", "exec", "probe", "report", "capabilities")
        expect(seen["capabilities"]["effective"] != "00000000a80425fb", seen)


def terminal(docker: Docker) -> None:
    """run -it and exec -it: a terminal inside with the size of the one outside, input and output, the exit status."""
    script = ("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; probe tty; read word; echo got $word; exit 5")
    with docker.running("terminal", "sleep", "1000"):
        for words in [("run", "--rm", "-it", "busybox"), ("exec", "-it", "terminal")]:
            said = docker.in_terminal(*docker.client, *words, "sh", "-c", script, size=(33, 77), status=5,
                                      dialogue=(("controlling", "input\n"),))
            seen = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
            expect(seen["isatty"] == [True] * 3 and seen["controlling"], seen)
            equal((seen["rows"], seen["columns"]), (33, 77), "size")
            expect("got input" in said, said)


def pause(docker: Docker) -> None:
    with docker.running("pause", "sh", "-c", "while :; do echo x; sleep 0.05; done"):
        docker.await_line("pause", "x")
        docker("pause", "pause")
        equal(docker.inspect("pause", "State.Status"), "paused")
        before = docker("logs", "pause")
        time.sleep(0.5)
        equal(len(docker("logs", "pause")), len(before), "lines of a paused container")
        expect("paused" in docker("exec", "pause", "true", status=1), "exec in a paused container")
        docker("unpause", "pause")
        eventually("progress", lambda: len(docker("logs", "pause")) > len(before))
        docker("pause", "pause")
        docker("rm", "-f", "pause")


def copy(docker: Docker) -> None:
    """cp into and out of a running and a stopped container."""
    (docker.folder / "word").write_text("text")
    with docker.running("copy", "probe", "signal-wait"):
        for state in ["running", "stopped"]:
            docker("cp", docker.folder / "word", f"copy:/tmp/{state}")
            docker("cp", f"copy:/tmp/{state}", docker.folder / state)
            equal((docker.folder / state).read_text(), "text")
            if state == "running":
                equal(docker("exec", "copy", "cat", "/tmp/running"), "text")
                docker("stop", "-t", "60", "copy")


def root_and_mounts(docker: Docker) -> None:
    """--read-only, --tmpfs, a volume, a bind mount, /etc/hosts."""
    flags = ["--read-only", "--tmpfs", "/new:size=1m,mode=1777", "-v", f"{docker.folder}:/outside:ro", "-v", "/volume"]
    words = ["write", "/file", "x", ",", "write", "/new/file", "x", ",", "write", "/outside/file", "x", ",", "write",
             "/volume/file", "x", ",", "read", "/etc/hosts"]
    seen = [json.loads(line) for line in docker("run", "--rm", *flags, "busybox", "probe", *words).splitlines()]
    equal([s.get("name", "ok") for s in seen[:4]], ["EROFS", "ok", "EROFS", "ok"])
    expect("localhost" in seen[4]["content"], seen)
    equal(docker("volume", "ls", "-q"), "", "left")


def user(docker: Docker) -> None:
    for flags, uid, gid, groups in [(["--user", "1000:2000"], 1000, 2000, {2000}),
                                    (["--user", "user"], 1000, 1000, {1000, 2000}),
                                    (["--user", "1000", "--group-add", "3000"], 1000, 1000, {1000, 2000, 3000})]:
        seen = docker.probe("run", "--rm", *flags, "busybox", "probe", "report", "ids", "capabilities")
        equal((seen["ids"]["uid"], seen["ids"]["gid"]), (uid, gid))
        expect(set(seen["ids"]["groups"]) <= groups, seen)
        equal(seen["capabilities"]["effective"], "0000000000000000")


def capabilities(docker: Docker) -> None:
    flags = ["--cap-add", "SYS_TIME", "--cap-drop", "CHOWN"]
    sets = docker.probe("run", "--rm", *flags, "busybox", "probe", "report", "capabilities")["capabilities"]
    effective = int(sets["effective"], 16)
    expect(effective >> 25 & 1 and not effective & 1 and sets["effective"] == sets["bounding"], sets)
    seen = docker.probe("run", "--rm", "--cap-drop", "ALL", "busybox", "probe", "report", "capabilities")
    equal(seen["capabilities"]["bounding"], "0000000000000000")
    seen = docker.probe("run", "--rm", "--privileged", "busybox", "probe", "report", "capabilities", "security",
                        "mounts")
    ours = re.search(r"CapBnd:\s*(\w+)", pathlib.Path("/proc/self/status").read_text()).group(1)
    known = (1 << 38) - 1  # to this docker: CAP_AUDIT_READ is the last
    equal((int(seen["capabilities"]["effective"], 16), seen["security"]["seccomp"]), (int(ours, 16) & known, 0))
    expect("rw" in next(m["options"] for m in seen["mounts"] if m["mountpoint"] == "/sys").split(","), seen["mounts"])


def security(docker: Docker) -> None:
    """The default profile, none, one from a file; no_new_privs."""
    def play(*flags: str) -> list:
        words = ["probe", "report", "security", ",", "mkdir", "/x"]
        return [json.loads(line) for line in docker("run", "--rm", *flags, "busybox", *words).splitlines()]

    equal(play()[0]["security"]["seccomp"], 2)
    equal(play("--security-opt", "seccomp=unconfined")[0]["security"]["seccomp"], 0)
    profile = docker.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}))
    equal(play("--security-opt", f"seccomp={profile}")[1]["name"], "EPERM")
    expect(play("--security-opt", "no-new-privileges")[0]["security"]["noNewPrivileges"], "no_new_privs")


def init(docker: Docker) -> None:
    """--init: docker's init is the first process, the program its child, signals go through."""
    with docker.running("init", "probe", "signal-wait", flags=("--init",)):
        docker.await_line("init", "READY")
        expect("docker-init" in docker("exec", "init", "cat", "/proc/1/cmdline"), "pid 1")
        docker("stop", "-t", "60", "init")
        equal(docker.inspect("init", "State.ExitCode"), "115")


def network(docker: Docker) -> None:
    """none: only lo, one of its own; host: the daemon's; container: another's."""
    ours = os.readlink("/proc/self/ns/net")

    def namespace(kind: str) -> str:
        return docker("run", "--rm", "--network", kind, "busybox", "readlink", "/proc/self/ns/net").strip()

    equal(namespace("host"), ours)
    expect(namespace("none") != ours, "not its own")
    with docker.running("other", "sleep", "1000", flags=("--network", "none")):
        pid = docker.inspect("other", "State.Pid")
        equal(namespace("container:other"), os.readlink(f"/proc/{pid}/ns/net"))
        said = docker("exec", "other", "ls", "/sys/class/net")
        equal(said, "lo\n")


def namespaces(docker: Docker) -> None:
    """--pid host and container:, --ipc, --uts, --hostname, --sysctl, --cgroupns."""
    seen = docker.probe("run", "--rm", "--pid", "host", "busybox", "probe", "report", "process")
    expect(seen["process"]["pid"] != 1, seen)
    with docker.running("other", "sleep", "1000", flags=("--ipc", "shareable")):
        seen = docker.probe("run", "--rm", "--pid", "container:other", "--ipc", "container:other", "busybox", "probe",
                            "report", "process")
        expect(seen["process"]["pid"] != 1, seen)
    equal(docker("run", "--rm", "--hostname", "named", "busybox", "hostname"), "named\n")
    equal(docker("run", "--rm", "--uts", "host", "busybox", "hostname").strip(), os.uname().nodename)
    equal(docker("run", "--rm", "--sysctl", "kernel.shm_rmid_forced=1", "busybox", "cat",
                 "/proc/sys/kernel/shm_rmid_forced"), "1\n")
    ours = os.readlink("/proc/self/ns/cgroup")
    for kind, same in [("host", True), ("private", False)]:
        said = docker("run", "--rm", "--cgroupns", kind, "busybox", "readlink", "/proc/self/ns/cgroup").strip()
        equal(said == ours, same, f"cgroupns {kind} is ours")


def devices(docker: Docker) -> None:
    words = ["probe", "open", "/dev/other", "r", ",", "mknod", "/x", "c", "1", "11", ",", "open", "/x", "r"]
    said = docker("run", "--rm", "--device", "/dev/zero:/dev/other:r", "busybox", *words)
    seen = [json.loads(line).get("name", "ok") for line in said.splitlines()]
    equal(seen, ["ok", "ok", "EPERM"])


def build(docker: Docker) -> None:
    """RUN steps of docker's own builder, with the runtime as its default."""
    folder = docker.folder / "build"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("FROM busybox\nWORKDIR /srv\nRUN echo text > file && test $(id -u) = 0\n"
                                       'USER 1000\nRUN test $(id -u) = 1000\nCMD ["cat", "/srv/file"]\n')
    docker("build", "-q", "--network", "none", "-t", "built", folder)
    equal(docker("run", "--rm", "built"), "text\n")
    docker("rmi", "built")


def daemon_restart(docker: Docker) -> None:
    """With live-restore a container outlives its daemon, and the next daemon knows it."""
    with docker.running("outlive", "probe", "signal-wait"):
        docker.await_line("outlive", "READY")
        docker.stop_daemon()
        docker.start_daemon()
        equal(docker.inspect("outlive", "State.Status"), "running")
        docker("exec", "outlive", "true")
        docker("stop", "-t", "60", "outlive")
        equal(docker.inspect("outlive", "State.ExitCode"), "115")


def nothing_left(docker: Docker) -> None:
    """After all of it: no container, no mount of one, no cgroup, no state."""
    equal(docker("ps", "-aq"), "", "left")
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
              if f"{docker.folder}/data/overlay2/" in line or f"{docker.folder}/data/containers/" in line]
    expect(not mounts, mounts)
    left = list((docker.folder / "exec").glob(f"runtime-{docker.word}/moby/*"))
    expect(not left, left)
    expect(not list(pathlib.Path(f"/sys/fs/cgroup/{docker.word}").glob("*/")), "a cgroup is left")


SCENARIOS = [
    *map(scenario, [run, default_confinement, exit_statuses, life, restart, kill, exec_, terminal, pause, copy,
                    root_and_mounts, user, capabilities, security, init, network, namespaces, devices, build,
                    daemon_restart]),
    *docker_limits.SCENARIOS,
    scenario(nothing_left),
]

if __name__ == "__main__":
    sys.exit(scenarios.main(Docker, SCENARIOS))
