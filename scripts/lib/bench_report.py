# SPDX-License-Identifier: Apache-2.0
"""The results of scripts/bench as text, as Markdown for Specs/performance.md, and as a picture."""
import dataclasses
import pathlib
import re
import statistics
import time
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERBS = {"run": ["run"], "exec": ["exec"], "state": ["state"], "list": ["list"],
         "cycle": ["create", "start", None, "delete"]}  # None: @wait


@dataclasses.dataclass
class Row:
    key: str
    title: str
    gap: int
    results: dict[str, dict]

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


def finish(rows: list[Row], stage, write: bool, short: bool) -> None:
    names = [runtime.name for runtime in stage.runtimes]
    memory = peaks(rows, names)
    memory_head = ["peak resident MiB", "hull", "crun", "runc", "hull/crun"]
    print("\n" + memory_head[0].ljust(44) + "".join(f"{c:>10}" for c in memory_head[1:]))
    for title, *rest in memory:
        print(f"{title:44}" + "".join(f"{cell:>10}" for cell in rest))
    programs = "; ".join(f"{r.name} {r.version} {r.size / 1e6:.1f} MB" for r in stage.runtimes)
    print(f"\nprograms: {programs}")
    if not write:
        return
    rounds = "short" if short else "full"
    said = (f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} ({rounds} run) on {stage.machine()}.\n"
            f"Programs: {programs}.\n\n{markdown(HEAD, [r.cells() for r in rows])}\n{markdown(memory_head, memory)}")
    page = ROOT / "Specs/performance.md"
    text = re.sub(r"(<!-- measured -->\n).*(<!-- /measured -->)", lambda m: m.group(1) + said + m.group(2),
                  page.read_text(), flags=re.S)
    page.write_text(text)
    (ROOT / "Specs/performance.svg").write_text(svg(rows, names))
    print(f"written: {page.relative_to(ROOT)} and Specs/performance.svg")


STYLE = """text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}.n{font-size:12px;fill:#57606a}
.hull{fill:#d9480f}.crun{fill:#74a9cf}.runc{fill:#a6a6b8}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9da7b3}
.hull{fill:#ff7b39}.crun{fill:#4f8fbf}.runc{fill:#70708a}}"""


def svg(rows: list[Row], names: list[str]) -> str:
    """Bars for each case, the longest of a case as long as the picture: shorter is better."""
    left, width, bar, y = 215, 430, 15, 46
    parts = [f'<text x="0" y="18" class="t">median time of whole processes, ms (shorter is better)</text>']
    for row in (r for r in rows if not r.gap):
        times = {name: row.median(name) for name in names}
        longest = max((t for t in times.values() if t), default=1)
        parts.append(f'<text x="0" y="{y + bar * len(names) / 2 + 4:.0f}">{escape(row.title)}</text>')
        for name in names:
            time_taken = times[name]
            length = max(2.0, width * time_taken / longest) if time_taken else 0
            parts.append(f'<rect class="{name}" x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" rx="2"/>')
            said = f"{time_taken:.1f}" if time_taken else "fails"
            parts.append(f'<text class="n" x="{left + length + 6:.0f}" y="{y + bar - 4}">{name} {said}</text>')
            y += bar
        y += 14
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 {y}" width="740" height="{y}" role="img" '
            f'aria-label="hull compared with crun and runc">\n<style>{STYLE}</style>\n{body}\n</svg>\n')
