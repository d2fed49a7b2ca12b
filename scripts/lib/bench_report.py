# SPDX-License-Identifier: Apache-2.0
"""The results of scripts/bench as text, as Markdown for Specs/performance.md, and as a picture."""
import dataclasses
import pathlib
import platform
import re
import statistics
import sys
import time

import bench_picture

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERBS = {"run": ["run"], "exec": ["exec"], "state": ["state"], "list-10": ["list, 10 containers"],
         "list-1000": ["list, 1,000 containers"], "kill": [None, None, "kill"],
         "cycle": ["create", "start", None, "delete"]}  # None: what prepares
PICTURED = ("run", "run-seccomp", "cycle", "exec", "state", "kill", "list-1000", "parallel", "podman")


@dataclasses.dataclass
class Row:
    key: str
    title: str
    gap: int
    results: dict[str, dict]
    number: int = 0  # of what grows

    def median(self, name: str) -> float | None:
        """In ms; nothing if a step failed: the time of a failure is no time."""
        result = self.results.get(name)
        return statistics.median(result["samples"]) if result and not result["failed"] else None

    def ratio(self, name: str) -> str:
        ours, theirs = self.median("hull"), self.median(name)
        return f"{ours / theirs:.2f}" if ours and theirs else "–"

    def cells(self) -> list[str]:
        title = f"{self.title}, every {self.gap} ms" if self.gap else self.title
        times = [self.median(name) for name in ("hull", "crun", "runc")]
        said = [f"{t:.1f}" if t is not None else "–" for t in times]
        return [title, *said, self.ratio("crun"), self.ratio("runc")]

    def text(self) -> str:
        title, *rest = self.cells()
        return f"{title:44}" + "".join(f"{cell:>10}" for cell in rest)


HEAD = ["median, ms", "hull", "crun", "runc", "hull/crun", "hull/runc"]


def peaks(rows: list[Row], names: list[str]) -> list[list[str]]:
    table = []
    for row in rows:
        for step, verb in enumerate(VERBS.get(row.key, [])):
            if verb and not row.gap:
                values = {n: row.results[n]["peaks"][step] for n in names if not row.results[n]["failed"]}
                said = [f"{values[n] / 1024:.1f}" if n in values else "–" for n in ("hull", "crun", "runc")]
                ratio = f"{values['hull'] / values['crun']:.2f}" if {"hull", "crun"} <= set(values) else "–"
                table.append([verb, *said, ratio])
    return table


def markdown(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def finish(rows: list[Row], growth: list[Row], stage, write: bool, short: bool) -> None:
    names = [runtime.name for runtime in stage.runtimes]
    memory = peaks(rows, names)
    memory_head = ["peak resident MiB", "hull", "crun", "runc", "hull/crun"]
    print("\n" + memory_head[0].ljust(44) + "".join(f"{c:>10}" for c in memory_head[1:]))
    for title, *rest in memory:
        print(f"{title:44}" + "".join(f"{cell:>10}" for cell in rest))
    programs = "; ".join(f"{r.name} {r.version} {r.size / 1e6:.1f} MB" for r in stage.runtimes)
    floors = [against_floor(row) for row in rows if "floor" in row.results]
    print("\n" + "\n".join([*floors, f"programs: {programs}"]))
    if not write:
        return
    rounds = "short" if short else "full"
    said = (f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} ({rounds} run) on {stage.machine()}.\n"
            f"Programs: {programs}.\n\n{markdown(HEAD, [r.cells() for r in rows])}\n"
            + "".join(f"{line}\n" for line in floors) + "\n" * bool(floors)
            + f"{markdown(memory_head, memory)}\n{markdown(HEAD, [r.cells() for r in growth])}")
    put("measured", said)
    (ROOT / "Specs/performance.svg").write_text(bench_picture.svg(rows, growth, PICTURED, names))
    print("written: Specs/performance.md and Specs/performance.svg")


def against_floor(row: Row) -> str:
    ours, floor = row.median("hull"), row.median("floor")
    pause = f", every {row.gap} ms" if row.gap else ""
    if not ours or not floor:
        return f"{row.title}{pause}: no time of the floor"
    return (f"{row.title}{pause}: a C program that does what the config asks and nothing else takes {floor:.2f} ms; "
            f"hull's {ours:.2f} ms are {ours / floor:.2f} times that.")


def memory_limit(least: dict[str, int], stage, write: bool) -> None:
    """Prints, and with `write` records, the smallest limits that worked, in KiB."""
    head = ["smallest memory limit, KiB", "hull", "crun", "runc", "hull/crun"]
    said = [str(least.get(name, "–")) for name in ("hull", "crun", "runc")]
    ratio = f"{least['hull'] / least['crun']:.2f}" if {"hull", "crun"} <= set(least) else "–"
    kernel = ".".join(platform.release().split(".")[:2])
    table = markdown(head, [[f"run of a static `true`, Linux {kernel}", *said, ratio]])
    print(table, end="")
    if write:
        put("memory limit", table)
        print("written: Specs/performance.md")


def put(place: str, said: str) -> None:
    """Replaces what stands in Specs/performance.md between the marks of a place."""
    page = ROOT / "Specs/performance.md"
    marks = re.compile(rf"(<!-- {place} -->\n).*(<!-- /{place} -->)", flags=re.S)
    if not marks.search(page.read_text()):
        sys.exit(f"{page} has no place for \"{place}\"")
    page.write_text(marks.sub(lambda m: m.group(1) + said + m.group(2), page.read_text()))
