# SPDX-License-Identifier: Apache-2.0
"""The picture of scripts/bench: bars for each case, and lines for what grows. Shorter and lower is better."""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, BARS, BAR = 740, 215, 430, 15
PANEL, PLOT, ROOM = 168, 150, 18  # a panel of what grows: its width, its height, and what is between two
STYLE = """text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}.n{font-size:12px;fill:#57606a}
.hull{fill:#d9480f}.crun{fill:#74a9cf}.runc{fill:#a6a6b8}
.l{fill:none;stroke-width:2}.l.hull{stroke:#d9480f}.l.crun{stroke:#74a9cf}.l.runc{stroke:#a6a6b8}
.g{stroke:#8c959f;stroke-opacity:.3}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9da7b3}
.hull{fill:#ff7b39}.crun{fill:#4f8fbf}.runc{fill:#70708a}
.l{fill:none}.l.hull{stroke:#ff7b39}.l.crun{stroke:#4f8fbf}.l.runc{stroke:#70708a}}"""


def svg(rows: list, growth: list, pictured: tuple[str, ...], names: list[str]) -> str:
    """`rows` and `growth` are bench_report.Row."""
    parts, y = bars([row for row in rows if not row.gap and row.key in pictured], names)
    panels, y = lines(growth, names, y + 10) if growth else ([], y)
    body = "\n".join(parts + panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
            f'role="img" aria-label="hull compared with crun and runc">\n<style>{STYLE}</style>\n{body}\n</svg>\n')


def bars(rows: list, names: list[str]) -> tuple[list[str], int]:
    """The longest bar of a case is as long as the picture."""
    parts, y = ['<text x="0" y="18" class="t">median time of whole processes, ms (shorter is better)</text>'], 46
    for row in rows:
        times = {name: row.median(name) for name in names}
        longest = max((t for t in times.values() if t), default=1)
        parts.append(f'<text x="0" y="{y + BAR * len(names) / 2 + 4:.0f}">{escape(row.title)}</text>')
        for name in names:
            taken = times[name]
            length = max(2.0, BARS * taken / longest) if taken else 0
            parts.append(f'<rect class="{name}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" rx="2"/>')
            said = f"{taken:.1f}" if taken else "fails"
            parts.append(f'<text class="n" x="{LEFT + length + 6:.0f}" y="{y + BAR - 4}">{name} {said}</text>')
            y += BAR
        y += 14
    return parts, y


def lines(growth: list, names: list[str], top: int) -> tuple[list[str], int]:
    """A panel for each thing that grows; both axes are logarithmic, the same in all panels."""
    parts = [f'<text x="0" y="{top + 8}" class="t">how it grows, ms (lower is better; both axes logarithmic)</text>']
    times = [t for row in growth for t in map(row.median, names) if t]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    numbers = sorted({row.number for row in growth})
    keys = list(dict.fromkeys(row.key for row in growth))
    plot = top + 44
    for place, key in enumerate(keys):
        x = place * (PANEL + ROOM) + (38 if place == 0 else 12)
        width = PANEL - (38 if place == 0 else 12)
        rows = [row for row in growth if row.key == key]
        title = rows[0].title.replace(f"{rows[0].number:,}", "n")
        parts.append(f'<text x="{x}" y="{plot - 12}" class="n">{escape(title)}</text>')
        for power in range(low, high + 1):
            y = plot + PLOT * (high - power) / (high - low)
            parts.append(f'<line class="g" x1="{x}" x2="{x + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
            if place == 0:
                parts.append(f'<text class="n" x="{x - 6}" y="{y + 4:.1f}" text-anchor="end">{10 ** power:g}</text>')
        step = (width - 34) / max(1, len(numbers) - 1)
        across = {number: x + 12 + step * index for index, number in enumerate(numbers)}
        for number in numbers:
            parts.append(f'<text class="n" x="{across[number]:.0f}" y="{plot + PLOT + 16}" text-anchor="middle">'
                         f'{number:,}</text>')
        for name in names:
            dots = [(across[row.number], plot + PLOT * (high - math.log10(taken)) / (high - low))
                    for row in rows if (taken := row.median(name))]
            parts.append(f'<polyline class="l {name}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in dots)}"/>')
            parts += [f'<circle class="{name}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in dots]
    y = plot + PLOT + 40
    for index, name in enumerate(names):
        parts.append(f'<circle class="{name}" cx="{36 + index * 70}" cy="{y - 4}" r="5"/>'
                     f'<text class="n" x="{46 + index * 70}" y="{y}">{name}</text>')
    return parts, y + 12
