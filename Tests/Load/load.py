#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many containers at once:  load.py [--containers N] RUNTIME HULL      (in scripts/native; HULL writes the config)

Goal: as many callers as there are change nothing for each of them. Method: N containers (1000) are created and started
by 100 callers at a time, asked for by state and list meanwhile, deleted again by 100 at a time; pairs of callers want
the same id; the host is compared with the one before. A tenth of N first: what one call costs must not grow with the
containers that there are, in system calls, nor the whole more than in proportion, in time.
Prints "ok" and "not ok" lines, and the measured numbers after "#".
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable

AT_ONCE = 100
SECONDS = 180  # without the end of any call: then it hangs
PR_SET_CHILD_SUBREAPER = 36
CGROUPS = pathlib.Path("/sys/fs/cgroup")

Outcome = tuple[int, str, str]  # status, output, errors
Caller = Generator[list[str], Outcome, None]
failures: list[str] = []


class Stage:
    """Where the containers are: one root file system, a bundle for each, a cgroup that is above all of theirs."""

    def __init__(self, runtime: str, hull: str, containers: int) -> None:
        self.runtime, self.directory = runtime, pathlib.Path(tempfile.mkdtemp(prefix="hull-load."))
        self.root, self.cgroup = self.directory / "root", f"load.{os.getpid()}"
        self.ids = [f"load-{number}" for number in range(containers)]
        self.calls = 0
        rootfs = self.directory / "rootfs"
        for name in ("bin", "proc", "dev", "sys"):
            (rootfs / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", rootfs / "bin/sleep")
        self.root.mkdir()
        (self.directory / "said").mkdir()
        subprocess.run([hull, "spec", "--bundle", self.directory / "said"], check=True)
        self.config = json.loads((self.directory / "said/config.json").read_text())
        self.config["ociVersion"] = "1.0.2"  # older runtimes refuse what is newer than they are
        self.config["process"] |= {"args": ["/bin/sleep", "600"], "terminal": False}
        self.config["root"] = {"path": str(rootfs)}
        for name in self.ids:
            self.bundle(name)

    def bundle(self, name: str) -> None:
        self.config["linux"]["cgroupsPath"] = f"{self.own_cgroup()}/{self.cgroup}/{name}"
        (self.directory / name).mkdir()
        (self.directory / name / "config.json").write_text(json.dumps(self.config))

    @staticmethod
    def own_cgroup() -> str:
        """The parent of the one that the callers are in, as it is seen below the mount point."""
        line = [line for line in open("/proc/self/cgroup") if line.startswith("0::")][0]
        return line[3:].strip().rsplit("/", 1)[0]

    def words(self, *words: str) -> list[str]:
        return [self.runtime, "--root", str(self.root), *words]

    def left(self) -> dict[str, list[str]]:
        """What is on the host."""
        top = CGROUPS / self.own_cgroup().lstrip("/") / self.cgroup
        cgroups = [str(path) for path in top.rglob("*") if path.is_dir()]
        processes = [pid for pid in os.listdir("/proc") if pid.isdigit() and command(pid)[:1] == ["/bin/sleep"]]
        return {
            "mounts": open("/proc/self/mountinfo").read().splitlines(), "cgroups": cgroups, "processes": processes,
            "states": os.listdir(self.root), "devices": os.listdir("/sys/class/net"),
            "keyrings": [re.sub(r" +\S+ ", " ", line, 1) for line in open("/proc/keys") if "_ses" not in line],
        }

    def clean(self) -> None:
        top = CGROUPS / self.own_cgroup().lstrip("/") / self.cgroup
        if top.exists():
            (top / "cgroup.kill").write_text("1")
            deadline = time.monotonic() + 10
            while top.exists() and time.monotonic() < deadline:
                subprocess.run(["find", top, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"],
                               stderr=subprocess.DEVNULL)
        shutil.rmtree(self.directory)


def command(pid: str) -> list[str]:
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def fail(text: str) -> None:
    failures.append(text)


def play(stage: Stage, callers: Iterable[Caller], beside: Caller | None = None, at_once: int = AT_ONCE) -> float:
    """Plays the callers, so many at a time, and one beside them until they are done. Gives the seconds."""
    waiting, running, start = iter(callers), {}, time.monotonic()

    def go(caller: Caller, outcome: Outcome | None) -> bool:
        try:
            words = caller.send(outcome) if outcome else next(caller)
        except StopIteration:
            return False
        stage.calls += 1
        base = stage.directory / f"call.{stage.calls}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        streams = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, f"{base}.out", flags, 0o600),
                   (os.POSIX_SPAWN_OPEN, 2, f"{base}.err", flags, 0o600)]
        pid = os.posix_spawn(words[0], words, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, file_actions=streams)
        running[pid] = (caller, base, words)
        return True

    def refill() -> None:
        while len(running) < at_once + (beside is not None):
            caller = next(waiting, None)
            if caller is None:
                return
            go(caller, None)

    if beside:
        go(beside, None)
    refill()
    heard = time.monotonic()
    while any(caller is not beside for caller, _, _ in running.values()):
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            if time.monotonic() - heard > SECONDS:
                raise SystemExit(f"not ok hangs: {[words[3:] for _, _, words in running.values()]}")
            time.sleep(0.001)
            continue
        heard = time.monotonic()
        if pid in running:
            caller, base, _ = running.pop(pid)
            texts = [pathlib.Path(f"{base}.{name}").read_text() for name in ("out", "err")]
            for name in ("out", "err"):
                os.unlink(f"{base}.{name}")
            go(caller, (os.waitstatus_to_exitcode(status), *texts))
        refill()
    seconds = time.monotonic() - start
    for pid, (_, base, _) in list(running.items()):
        os.waitpid(pid, 0)
    return seconds


def expect(outcome: Outcome, *words: str) -> None:
    if outcome[0] != 0:
        fail(f"{' '.join(words)}: exit {outcome[0]}: {outcome[2].strip()[:300]}")


def life(stage: Stage, name: str) -> Caller:
    """Begins."""
    expect((yield stage.words("create", "--bundle", str(stage.directory / name), name)), "create", name)
    expect((yield stage.words("start", name)), "start", name)
    outcome = yield stage.words("state", name)
    expect(outcome, "state", name)
    if outcome[0] == 0 and json.loads(outcome[1])["status"] != "running":
        fail(f"state {name}: {outcome[1]}")


def end(stage: Stage, name: str) -> Caller:
    expect((yield stage.words("delete", "--force", name)), "delete", name)


def asking(stage: Stage, seen: list[int]) -> Caller:
    """Asks for all and for one, again and again, whatever others do."""
    while True:
        outcome = yield stage.words("list", "--format", "json")
        expect(outcome, "list")
        try:
            listed = [entry["id"] for entry in json.loads(outcome[1] or "[]") or []]
        except ValueError:
            fail(f"list: no JSON: {outcome[1][:200]}")
            continue
        seen.append(len(listed))
        if listed:
            # It may be gone by now: then the answer must say so.
            outcome = yield stage.words("state", listed[len(seen) % len(listed)])
            if outcome[0] != 0 and "does not exist" not in outcome[2]:
                expect(outcome, "state meanwhile")


def race(stage: Stage, name: str, results: list[Outcome]) -> Caller:
    results.append((yield stage.words("create", "--bundle", str(stage.directory / name), "load-raced")))


def system_calls(stage: Stage, *words: str) -> int:
    """How many a call makes, by strace; 0 where that is missing."""
    if not shutil.which("strace"):
        return 0
    log = stage.directory / "strace"
    subprocess.run(["strace", "-c", "-o", log, *stage.words(*words)], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    total = [line.split() for line in log.read_text().splitlines() if line.endswith(" total")]
    return int(total[0][3]) if total else 0


def cost(stage: Stage, extra: str) -> dict[str, int]:
    """System calls of each verb with the containers that there are."""
    bundle = str(stage.directory / extra)
    return {
        "create": system_calls(stage, "create", "--bundle", bundle, extra),
        "start": system_calls(stage, "start", extra), "state": system_calls(stage, "state", extra),
        "delete": system_calls(stage, "delete", "--force", extra), "list": system_calls(stage, "list"),
    }


def wave(stage: Stage, ids: list[str]) -> tuple[float, dict[str, int]]:
    """The whole life of so many; gives seconds, and system calls of one more while they are there."""
    seen: list[int] = []
    seconds = play(stage, (life(stage, name) for name in ids), asking(stage, seen))
    listed = json.loads(subprocess.run(stage.words("list", "--format", "json"), capture_output=True).stdout or "[]")
    running = sorted(entry["id"] for entry in listed if entry["status"] == "running")
    if running != sorted(ids):
        fail(f"{len(running)} of {len(ids)} are listed as running")
    calls = cost(stage, "one-more")
    seconds += play(stage, (end(stage, name) for name in ids), asking(stage, seen))
    print(f"# {len(ids)} containers: {seconds:.1f} s, list asked {len(seen)} times, system calls with all of them: "
          + ", ".join(f"{verb} {count}" for verb, count in calls.items()), flush=True)
    return seconds, calls


def races(stage: Stage, times: int) -> None:
    """Two callers for one id: one wins, and the other is told why."""
    for _ in range(times):
        results: list[Outcome] = []
        play(stage, (race(stage, name, results) for name in stage.ids[:2]))
        if sorted(status == 0 for status, _, _ in results) != [False, True]:
            fail(f"two creations of one id: {results}")
        subprocess.run(stage.words("delete", "--force", "load-raced"), check=False)


def report(name: str) -> None:
    shown = "; ".join(failures[:5]) + (f"; and {len(failures) - 5} more" if len(failures) > 5 else "")
    print(f"not ok {name}: {shown}" if failures else f"ok {name}", flush=True)
    globals()["any_failed"] = globals().get("any_failed", False) or bool(failures)
    failures.clear()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("runtime")
    parser.add_argument("hull")
    said = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    stage = Stage(os.path.abspath(said.runtime), said.hull, said.containers)
    try:
        stage.bundle("one-more")
        before = stage.left()
        few, calls_of_few = wave(stage, stage.ids[: said.containers // 10])
        report(f"load: {said.containers // 10} containers")
        many, calls_of_many = wave(stage, stage.ids)
        report(f"load: {said.containers} containers, {AT_ONCE} at a time")
        for verb, count in calls_of_many.items():
            most = calls_of_few[verb] * (10 if verb == "list" else 1) * 1.1 + 20
            if count > most:
                fail(f"{verb} makes {calls_of_few[verb]} and then {count} system calls")
        if many > 10 * 2 * few:
            fail(f"{few:.1f} s and then {many:.1f} s")
        report("load: what one costs does not grow with the others")
        races(stage, 20)
        report("load: two callers for one id")
        for kind, lines in stage.left().items():
            if extra := [line for line in lines if line not in before[kind]]:
                fail(f"{len(extra)} {kind} left: {extra[:3]}")
        report("load: nothing is left")
    finally:
        stage.clean()
    return 1 if globals().get("any_failed") else 0


if __name__ == "__main__":
    sys.exit(main())
