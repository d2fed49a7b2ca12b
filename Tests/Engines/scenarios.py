#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The frame of the engines' scenarios: what each file here that drives an engine shares.

A file names an engine (a subclass of Engine) and a table of scenarios, and calls `main`. A scenario is a function that
is given the engine and fails by an exception; `Scenario` adds what it needs of the machine. It is played with each
runtime that the command line names, each with an engine of its own, and one line tells how it went:

    ok podman run: hull ok 1 s, crun ok 1 s, runc FAIL: ...

"not ok" means that the first runtime failed and no other was asked, or another passed; "skip" that the machine lacks
something, or that no runtime passes.
"""
import argparse
import dataclasses
import functools
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import typing
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("HULL_CACHE", "/var/cache/hull"))
EMULATED = os.path.exists("/run/vm")  # scripts/vm: about fifty times slower
PATIENCE = float(os.environ.get("HULL_PATIENCE", 10 if EMULATED else 1))
SECONDS = 60 * PATIENCE  # for one command of an engine
STAGE = "HULL_ENGINES_STAGE"
MOST_COLUMNS = 700  # of a reason on the screen


class Runtime(typing.NamedTuple):
    name: str
    path: str


class Done(typing.NamedTuple):
    """How a command ended."""
    words: list[str]
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{' '.join(self.words)}: exit status {self.status}, said {self.out!r} and {self.err!r}"


class Engine:
    """An engine with state, storage and configuration of its own in one folder, and the runtime it is to use."""
    name = ""
    programs: tuple[str, ...] = ()  # without these it cannot be played

    def __init__(self, folder: pathlib.Path, runtime: Runtime):
        self.folder, self.runtime = folder, runtime
        self.environment = os.environ | {"HOME": str(folder / "home")}
        (folder / "home").mkdir()

    def start(self) -> None:
        """Brings the engine up, with its images."""

    def reset(self) -> None:
        """After a scenario that failed: removes what it left."""

    def stop(self) -> None:
        """Takes the engine down. The folder is removed after it."""

    def do(self, *words: str | pathlib.Path, status: int | None = 0, terminal: bool = False, text: str | None = None,
           seconds: float = SECONDS, **options: typing.Any) -> Done:
        """A command, to its end. A wrong exit status (None: any is right) is the scenario's failure.

        Its output goes to files: what it leaves running would keep a pipe open.
        """
        words = [str(word) for word in words]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, \
                tempfile.TemporaryFile("w+") as given:
            given.write(text or "")
            given.seek(0)
            ours, theirs = pty.openpty() if terminal else (None, None)
            try:
                code = subprocess.run(words, env=self.environment, stdin=theirs if terminal else given, stdout=out,
                                      stderr=err, timeout=seconds, check=False, **options).returncode
            finally:
                for end in (ours, theirs) if terminal else ():
                    os.close(end)
            for stream in (out, err):
                stream.seek(0)
            done = Done(words, code, out.read(), err.read())
        expect(status is None or done.status == status, f"{done}, where exit status {status} was wanted")
        return done


@dataclasses.dataclass
class Scenario:
    """A function, and what it needs of the machine (`lacking` knows the words)."""
    play: typing.Callable[[typing.Any], None]
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.play.__name__


def scenario(play: typing.Callable, *needs: str) -> Scenario:
    return Scenario(play, needs)


# --- What scenarios say.
def expect(holds: object, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)


def equal(found: object, wanted: object, what: str = "found") -> None:
    expect(found == wanted, f"{what}: {found!r}, not {wanted!r}")


def eventually(what: str, holds: typing.Callable[[], typing.Any], seconds: float = 20) -> typing.Any:
    """Asks until the answer is true; the answer."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        if answer := holds():
            return answer
        expect(time.monotonic() < end, f"{what}: not within {seconds * PATIENCE:.0f} s")
        time.sleep(0.05 * PATIENCE)


def last_json(text: str) -> typing.Any:
    """What the probe said last."""
    return json.loads(text.strip().splitlines()[-1])


# --- What the machine has.
def controllers() -> list[str]:
    try:
        return pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    except OSError:
        return []


def lacking(needs: typing.Iterable[str]) -> list[str]:
    """Which of these the machine lacks: a controller, "systemd" as pid 1, its program for a container ("init"),
    "apparmor", "pypi", or a program."""
    def has(need: str) -> bool:
        match need:
            case "memory" | "pids" | "cpu" | "io" | "cpuset" | "hugetlb":
                return need in controllers()
            case "systemd":
                return pathlib.Path("/proc/1/comm").read_text() == "systemd\n"
            case "apparmor":
                return os.path.exists("/sys/kernel/security/apparmor/profiles")
            case "pypi":
                return reaches("https://pypi.org/simple/pyflakes/")
            case "init":
                return os.path.exists("/lib/systemd/systemd")
            case "native":  # too slow elsewhere
                return not EMULATED
        return shutil.which(need) is not None
    return [need for need in needs if not has(need)]


@functools.cache
def reaches(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status == 200
    except OSError:
        return False


def confined_to_machine(needs: typing.Iterable[str]) -> bool:
    """True of what scripts/native cannot give on a hybrid machine, so that it must be played in scripts/vm."""
    return bool({"memory", "pids", "cpu", "io", "cpuset", "hugetlb", "systemd", "apparmor"} & set(needs))


def enclose() -> None:
    """Goes on in a mount namespace of its own, with a /run of its own: runtimes and engines leave nothing on the host.

    The emulated machine is thrown away, and systemd would be missed in a new /run.
    """
    if EMULATED or os.environ.get(STAGE):
        return
    os.environ[STAGE] = "enclosed"
    mounts = "mount -t tmpfs tmpfs /run && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && mount --make-rshared / && exec"
    words = ["sh", "-c", f'{mounts} "$@"', "sh", sys.executable, *sys.argv]
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *words])


def root_archive(folder: pathlib.Path, kind: str = "busybox") -> pathlib.Path:
    """A tar file with a root file system of scripts/rootfs."""
    root, archive = folder / f"{kind}.root", folder / f"{kind}.tar"
    subprocess.run([ROOT / "scripts/rootfs", root, kind], check=True, timeout=SECONDS * 10)
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True, timeout=SECONDS)
    shutil.rmtree(root)
    return archive


# --- The play.
def reason(problem: BaseException) -> str:
    text = str(problem) or repr(problem)
    if not isinstance(problem, AssertionError):
        at = traceback.extract_tb(problem.__traceback__)[-1]
        text = f"{type(problem).__name__} in {os.path.basename(at.filename)}:{at.lineno}: {text}"
    return re.sub(r"\s*\n\s*", " / ", text)[:MOST_COLUMNS]


def attempt(engine: Engine, what: Scenario) -> tuple[bool, str]:
    """Whether it passed, and what to print."""
    start = time.monotonic()
    try:
        what.play(engine)
        return True, f"{engine.runtime.name} ok {time.monotonic() - start:.0f} s"
    except Exception as problem:  # whatever it is, the next scenario is played
        try:
            engine.reset()
        except Exception as more:
            return False, f"{engine.runtime.name} FAIL: {reason(problem)} (and then {reason(more)})"
        return False, f"{engine.runtime.name} FAIL: {reason(problem)}"


def verdict(passed: list[bool]) -> str:
    if passed[0]:
        return "ok"
    return "not ok" if len(passed) == 1 or any(passed) else "skip"


def play(engines: list[Engine], scenarios: list[Scenario]) -> bool:
    """Prints a line for each scenario, then the sum; true if none is "not ok"."""
    good, sums = True, [0] * len(engines)
    for what in scenarios:
        if missing := lacking(what.needs):
            print(f"skip {engines[0].name} {what.name}: needs {', '.join(missing)}", flush=True)
            continue
        results = [attempt(engine, what) for engine in engines]
        passed = [holds for holds, _ in results]
        word = verdict(passed)
        good = good and word != "not ok"
        sums = [sum + holds for sum, holds in zip(sums, passed)]
        print(f"{word} {engines[0].name} {what.name}: {', '.join(said for _, said in results)}", flush=True)
    told = ", ".join(f"{engine.runtime.name} {sum}" for engine, sum in zip(engines, sums))
    print(f"-- {engines[0].name}: passed by {told}", flush=True)
    return good


def runtimes(words: list[str]) -> list[Runtime]:
    """PATH or NAME=PATH. An empty path is a runtime that the machine has not."""
    found = []
    for word in words:
        name, _, path = word.rpartition("=")
        if path:
            found.append(Runtime(name or os.path.basename(path), os.path.abspath(path)))
    return found


def main(engine: type[Engine], scenarios: list[Scenario]) -> int:
    parser = argparse.ArgumentParser(description=f"Plays {engine.name} with runtimes of choice, the tested one first.")
    parser.add_argument("runtimes", nargs="+", metavar="[NAME=]RUNTIME")
    parser.add_argument("--only", metavar="SCENARIO,...")
    parser.add_argument("--confined", action="store_true", help="only what needs controllers, systemd or AppArmor")
    parser.add_argument("--list", action="store_true", help="name the scenarios, play none")
    said = parser.parse_args()
    chosen = [one for one in scenarios if not said.only or one.name in said.only.split(",")]
    chosen = [one for one in chosen if not said.confined or confined_to_machine(one.needs)]
    if said.list:
        print("\n".join(one.name for one in chosen))
        return 0
    if missing := lacking(engine.programs):
        print(f"skip {engine.name}: needs {', '.join(missing)}")
        return 0
    enclose()
    engines: list[Engine] = []
    # A random name may begin or end with an underscore, which is no name of an image to podman.
    with tempfile.TemporaryDirectory(
            prefix=f"hull-{engine.name}.x", suffix="x", dir="/var/tmp", ignore_cleanup_errors=True) as top:
        try:
            for runtime in runtimes(said.runtimes):
                folder = pathlib.Path(top) / runtime.name
                folder.mkdir()
                os.chmod(top, 0o755)
                engines.append(engine(folder, runtime))
                engines[-1].start()
            return 0 if play(engines, chosen) else 1
        finally:
            for one in engines:
                one.stop()
