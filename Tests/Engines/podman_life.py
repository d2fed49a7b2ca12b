# SPDX-License-Identifier: Apache-2.0
"""podman: containers from run to rm, and what is done to them meanwhile."""
import json
import os
import pty
import re
import signal
import subprocess
import time

from scenarios import SECONDS, equal, eventually, expect, last_json, scenario

NOT_FOUND = "OCI runtime attempted to invoke a command that was not found"
SLEEP = ("busybox", "sleep", "1000")


def run(podman) -> None:
    done = podman.do("podman", "run", "--rm", "busybox", "sh", "-c", "echo hello; echo error >&2; exit 7", status=7)
    equal((done.out, done.err), ("hello\n", "error\n"))


def exit_statuses(podman) -> None:
    """125 of podman itself, 126 and 127 of the runtime's words, 128 and the signal; and podman's own phrases."""
    done = podman.do("podman", "run", "--rm", "busybox", "no-such-program", status=127)
    expect("executable file not found in $PATH" in done.err and NOT_FOUND in done.err, done)
    done = podman.do("podman", "run", "--rm", "busybox", "/no/such/program", status=127)
    expect("no such file or directory" in done.err and NOT_FOUND in done.err, done)
    done = podman.do("podman", "run", "--rm", "busybox", "/etc/passwd", status=126)
    expect("permission denied" in done.err.lower() and "OCI permission denied" in done.err, done)
    podman("run", "--rm", "--no-such-option", "busybox", "true", status=125)
    podman("run", "--rm", "--init", "busybox", "sh", "-c", "kill -USR1 $$", status=128 + signal.SIGUSR1)
    equal(podman("ps", "-aq"), "", "left")


def runtime_named(podman) -> None:
    """podman info and inspect name the runtime, which containers.conf names."""
    host = json.loads(podman("info", "--format", "json"))["host"]["ociRuntime"]
    equal((host["name"], host["path"]), (podman.runtime.name, podman.runtime.path))
    expect(re.match(rf"{podman.runtime.name} version \S+\n", host["version"]), host)
    podman("create", "--name", "named", "busybox", "true")
    equal(podman.inspect("named", ".OCIRuntime"), podman.runtime.name)
    podman("rm", "named")
    said = podman("--runtime", podman.runtime.path, "run", "--rm", "busybox", "echo", "by path")
    equal(said, "by path\n")


def life(podman) -> None:
    """run -d, exec, logs, stop: the signal is SIGTERM, and the exit status is the container's."""
    podman("run", "-d", "--name", "life", "busybox", "probe", "say", "started", ",", "signal-wait")
    podman.await_line("life", "READY")
    equal(podman.inspect("life", ".State.Status"), "running")
    said = podman("exec", "life", "sh", "-c", "echo inside; exit 3", status=3)
    expect(said.startswith("inside\n"), said)
    podman("stop", "-t", "60", "life")
    equal(podman.status("life"), 115)
    equal(podman.inspect("life", ".State.Status"), "exited")
    equal(podman("logs", "life"), '"started"\nREADY\n')
    podman("rm", "life")
    equal(podman("ps", "-aq"), "", "left")


def attached_signals(podman) -> None:
    """A signal to the podman that runs in the foreground reaches the program, whose exit status is podman's.

    It is one that does nothing to podman as long as podman does not hand it on: it does so a moment after the start.
    """
    running = podman.background("run", "--name", "signals", "busybox", "probe", "signal-wait",
                                stderr=subprocess.DEVNULL)
    equal(running.stdout.readline(), "READY\n")
    eventually("it ended", lambda: running.send_signal(signal.SIGCONT) or running.poll() is not None)
    equal(running.wait(SECONDS), 100 + signal.SIGCONT)
    running.communicate()
    podman("rm", "signals")


def kill(podman) -> None:
    """Signals by name and by number; SIGKILL is 137."""
    for name, wanted in (("USR1", 110), ("15", 115), ("KILL", 137)):
        podman("run", "-d", "--replace", "--name", "kill", "busybox", "probe", "signal-wait")
        podman.await_line("kill", "READY")
        podman("kill", "-s", name, "kill")
        equal(podman.status("kill"), wanted)
    done = podman.do("podman", "kill", "kill", status=None)
    expect(done.status != 0 and "can only kill running containers" in done.err, done)
    podman("rm", "kill")


def stop_stubborn(podman) -> None:
    """What does not end by SIGTERM ends by SIGKILL after the grace."""
    script = "trap '' TERM; echo deaf; while :; do sleep 1; done"
    podman("run", "-d", "--name", "stubborn", "busybox", "sh", "-c", script)
    podman.await_line("stubborn", "deaf")
    podman("stop", "-t", "1", "stubborn")
    equal(podman.status("stubborn"), 137)
    podman("rm", "stubborn")


def restart(podman) -> None:
    """restart makes a new process of the same container; start does so after it ended; on-failure by itself."""
    podman("run", "-d", "--name", "restart", *SLEEP)
    before = podman.inspect("restart", ".State.Pid")
    podman("restart", "-t", "0", "restart")
    expect(podman.inspect("restart", ".State.Pid") not in (before, "0"), "the same process")
    podman("stop", "-t", "0", "restart")
    podman("start", "restart")
    equal(podman.inspect("restart", ".State.Status"), "running")
    podman("rm", "-f", "-t", "0", "restart")
    podman("run", "-d", "--name", "again", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo once; exit 1")
    eventually("it was restarted twice", lambda: podman("logs", "again") == "once\n" * 3)
    eventually("it gave up", lambda: podman.inspect("again", ".State.Status") == "exited")
    podman("rm", "-f", "-t", "0", "again")


def remove_running(podman) -> None:
    podman("run", "-d", "--name", "running", *SLEEP)
    podman("rm", "-f", "-t", "0", "running")
    equal(podman("ps", "-aq"), "", "left")


def pause(podman) -> None:
    """A paused container counts no further and takes no exec; it goes on where it was."""
    podman("run", "-d", "--name", "pause", "busybox", "sh", "-c", "while :; do echo turn; sleep 0.1; done")
    podman.await_line("pause", "turn")
    podman("pause", "pause")
    equal(podman.inspect("pause", ".State.Status"), "paused")
    said = podman("logs", "pause")
    time.sleep(0.5)
    equal(podman("logs", "pause"), said, "output of the paused container")
    expect(podman("exec", "pause", "true", status=None) != "", "exec in a paused container")
    podman("unpause", "pause")
    equal(podman.inspect("pause", ".State.Status"), "running")
    eventually("it goes on", lambda: len(podman("logs", "pause")) > len(said))
    podman("pause", "pause")
    podman("rm", "-f", "-t", "0", "pause")


def top(podman) -> None:
    """podman's own ps reads /proc in the container's namespaces; with other words it runs ps inside."""
    podman("run", "-d", "--name", "top", *SLEEP)
    equal(podman("top", "top", "pid", "comm").split(), ["PID", "COMMAND", "1", "sleep"])
    expect("sleep 1000" in podman("exec", "top", "ps"), "ps of the container")
    podman("rm", "-f", "-t", "0", "top")


def logs(podman) -> None:
    """The lines of both streams, the last ones, and those to come, until the container ends."""
    script = "echo one; echo two >&2; read line < /tmp/go; echo three"
    podman("run", "-d", "--name", "logs", "busybox", "sh", "-c", f"mkfifo /tmp/go; {script}")
    done = eventually("both lines", lambda: (said := podman.do("podman", "logs", "logs")).err == "two\n" and said)
    equal(done.out, "one\n")
    following = podman.background("logs", "-f", "--tail", "1", "logs", stderr=subprocess.STDOUT)
    equal(following.stdout.readline(), "two\n")
    podman("exec", "logs", "sh", "-c", "echo > /tmp/go", status=None)  # it may be killed as the container ends
    equal(following.communicate(timeout=SECONDS)[0], "three\n")
    podman("rm", "logs")


def attach(podman) -> None:
    """attach is given the streams of a running container."""
    podman("run", "-d", "-i", "--name", "attach", "busybox", "sh", "-c", "read line; echo got $line; exit 4")
    expect("got a line\n" in podman("attach", "attach", text="a line\n", status=None), "nothing came back")
    equal(podman.status("attach"), 4)
    podman("rm", "attach")


def interactive(podman) -> None:
    said = podman("run", "--rm", "-i", "busybox", "cat", text="what goes in\n")
    equal(said, "what goes in\n")
    podman("create", "-i", "--name", "created", "busybox", "sh", "-c", "cat; exit 6")
    equal(podman.do("podman", "start", "-a", "-i", "created", text="later\n", status=6).out, "later\n")
    podman("rm", "created")


def terminal(podman) -> None:
    """A terminal of its own: the program sees one and its size; what is typed reaches it."""
    seen = podman.probe("-t", action="tty", terminal=True)
    expect(seen["isatty"] == [True] * 3 and seen["controlling"] and seen["name"] == "/dev/pts/0", seen)
    ours, theirs = pty.openpty()
    script = "stty size; read line; echo got $line; exit 5"
    subprocess.run(["stty", "rows", "33", "cols", "77"], stdin=theirs, check=True)
    running = subprocess.Popen(["podman", "run", "--rm", "-it", "--name", "typed", "busybox", "sh", "-c",
                                f"sleep 0.5; {script}"],
                               env=podman.environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = read_until(ours, b"33 77")
    os.write(ours, b"typed\n")
    said += read_until(ours, b"got typed")
    equal(running.wait(SECONDS), 5, said)
    os.close(ours)


def read_until(descriptor: int, wanted: bytes) -> bytes:
    said = b""
    while wanted not in said:
        try:
            more = os.read(descriptor, 4096)
        except OSError:
            more = b""
        expect(more, f"ended before {wanted!r}: {said!r}")
        said += more
    return said


def execute(podman) -> None:
    """exec with user, environment, directory, standard input, terminal, detached."""
    podman("run", "-d", "--name", "exec", "--env", "OUTER=1", *SLEEP)
    words = ["exec", "-e", "INNER=2", "-w", "/home/user", "-u", "1000:2000", "exec", "probe"]
    seen = last_json(podman(*words, "report", "env", "cwd", "ids"))
    expect({"OUTER=1", "INNER=2"} <= set(seen["env"]) and seen["cwd"] == "/home/user", seen)
    equal((seen["ids"]["uid"], seen["ids"]["gid"]), (1000, 2000))
    equal(podman("exec", "-i", "exec", "cat", text="into exec\n"), "into exec\n")
    seen = last_json(podman("exec", "-t", "exec", "probe", "tty", terminal=True))
    expect(seen["isatty"] == [True] * 3 and seen["controlling"], seen)
    podman("exec", "-d", "exec", "sh", "-c", "echo done > /tmp/detached")
    eventually("the detached one ran", lambda: podman("exec", "exec", "cat", "/tmp/detached", status=None) == "done\n")
    full = last_json(podman("exec", "--privileged", "exec", "probe", "report", "capabilities"))["capabilities"]
    own = last_json(podman("exec", "exec", "probe", "report", "capabilities"))["capabilities"]
    expect(int(full["effective"], 16) > int(own["effective"], 16), (full, own))
    podman("rm", "-f", "-t", "0", "exec")


def exec_statuses(podman) -> None:
    """126 and 127 by the runtime's words, the program's own, a signal's, and 255 where there is nothing to run in."""
    podman("run", "-d", "--name", "statuses", *SLEEP)
    podman("exec", "statuses", "sh", "-c", "exit 42", status=42)
    podman("exec", "statuses", "sh", "-c", "kill -9 $$", status=137)
    done = podman.do("podman", "exec", "statuses", "no-such-program", status=127)
    expect("executable file not found in $PATH" in done.err and NOT_FOUND in done.err, done)
    done = podman.do("podman", "exec", "statuses", "/etc/passwd", status=126)
    expect("OCI permission denied" in done.err, done)
    podman("exec", "-w", "/no/such/directory", "statuses", "true", status=127)
    podman("kill", "statuses")
    podman("wait", "statuses")
    podman("exec", "statuses", "true", status=255)
    podman("rm", "statuses")


def exec_descriptors(podman) -> None:
    """--preserve-fds gives open descriptors to run and to exec."""
    given = podman.folder / "given"
    given.write_text("from outside\n")
    podman("run", "-d", "--name", "fds", *SLEEP)
    for words in ("run --rm --preserve-fds 1 busybox", "exec --preserve-fds 1 fds"):
        done = podman.do("sh", "-c", f"exec 3< {given}; exec podman {words} sh -c 'cat <&3'")
        equal(done.out, "from outside\n", words)
    podman("rm", "-f", "-t", "0", "fds")


def healthcheck(podman) -> None:
    """The check is run by exec: healthy, then not. No timer is asked for, which would need systemd."""
    podman("run", "-d", "--name", "health", "--health-cmd", "test -e /tmp/well", "--health-interval", "disable",
           "--health-retries", "1", *SLEEP)
    podman("healthcheck", "run", "health", status=1)
    equal(podman.inspect("health", ".State.Health.Status"), "unhealthy")
    podman("exec", "health", "touch", "/tmp/well")
    podman("healthcheck", "run", "health")
    equal(podman.inspect("health", ".State.Health.Status"), "healthy")
    podman("rm", "-f", "-t", "0", "health")


def init(podman) -> None:
    """--init: podman's init is the first process and reaps."""
    seen = podman.report("--init", section="process")
    expect(seen["pid"] != 1 and seen["ppid"] == 1, seen)


def copy(podman) -> None:
    """cp into and out of a running container; commit, and run what was committed."""
    (podman.folder / "copied").write_text("copied\n")
    podman("run", "-d", "--name", "copy", *SLEEP)
    podman("cp", podman.folder / "copied", "copy:/srv.txt")
    equal(podman("exec", "copy", "cat", "/srv.txt"), "copied\n")
    podman("commit", "-q", "copy", "localhost/committed")
    equal(podman("run", "--rm", "localhost/committed", "cat", "/srv.txt"), "copied\n")
    podman("rm", "-f", "-t", "0", "copy")
    podman("rmi", "localhost/committed")


SCENARIOS = [
    scenario(run),
    scenario(exit_statuses, "catatonit"),
    scenario(runtime_named),
    scenario(life),
    scenario(attached_signals),
    scenario(kill),
    scenario(stop_stubborn),
    scenario(restart),
    scenario(remove_running),
    scenario(pause),
    scenario(top),
    scenario(logs),
    scenario(attach),
    scenario(interactive),
    scenario(terminal),
    scenario(execute),
    scenario(exec_statuses),
    scenario(exec_descriptors),
    scenario(healthcheck),
    scenario(init, "catatonit"),
    scenario(copy),
]
