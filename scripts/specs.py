#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the clause tables of Specs against code and tests.

A table with a column "id" whose cells look like NS-03 is a clause table. Each id is there once and is named in a test
(in a comment or a display name); each id that a test names is in a table; what the columns "code" and "tests" name in
`ticks` exists: a file, a type or function, or a member of one (`File.swift:name`, `Type.name`, `name(_:)`; `.name` is a
member of the one before).

Requirements.md has the demands of the specification: each row names clauses, of these tables or of the conformance
suite, or has an argument after a dash; the numbers in its text are those of its rows. So has Engines.md the habits of
engines, with their scenarios.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLAUSE = re.compile(r"\b([A-Z]{2,6})-(\d{2,3})\b")
DECLARATION = "|".join([
    r"\b(?:struct|enum|class|actor|protocol|extension|typealias|func|var|let|case|def|macro)\s+`?(?:\w+\.)*{0}\b",
    r"\bcase\b[^:\n]*[,\s]{0}\b",  # one of several cases on a line
    r"^\s*(?:\w+ )*{0}\b\s*[({{]",  # init, subscript, a function in shell
    r"^[A-Za-z_][^;=\n]*\b{0}\([^;]*\{{",  # a function in C
    r"#define\s+{0}\b",
])
CODE = ("Sources", "scripts", "Tests/Probe", "Tests/Bench")
problems: list[str] = []


def cells(line: str) -> list[str]:
    row = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [cell.strip() for cell in row]


def clauses() -> list[dict[str, str]]:
    """The rows of every clause table, each with the page and line where it stands."""
    found = []
    for page in sorted((ROOT / "Specs").rglob("*.md")):
        columns: list[str] = []
        for number, line in enumerate(page.read_text().splitlines(), 1):
            if not line.lstrip().startswith("|"):
                columns = []
            elif not columns:
                columns = [cell.lower().strip("*` ") for cell in cells(line)]
            elif "id" in columns:
                row = dict(zip(columns, cells(line)))
                if CLAUSE.fullmatch(row["id"].strip("`*")):
                    found.append(row | {"id": row["id"].strip("`*"), "at": f"{page.relative_to(ROOT)}:{number}"})
    return found


def files(folders: tuple[str, ...]) -> dict[pathlib.Path, str]:
    every = [p for folder in folders for p in sorted((ROOT / folder).rglob("*")) if p.is_file()]
    return {p: p.read_text(errors="replace") for p in every if "__pycache__" not in p.parts}


@functools.cache
def declares(text: str, name: str) -> bool:
    # Most files do not have the name at all; looking for the pattern is a hundred times slower.
    return name in text and re.search(DECLARATION.format(re.escape(name)), text, re.M) is not None


@functools.cache
def relative(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def homes(name: str, tree: dict[pathlib.Path, str]) -> list[pathlib.Path]:
    """The files that are meant by a name: those so called, and those that declare it."""
    is_path = "/" in name or "." in name
    by_path = [p for p in tree if relative(p).endswith(name)] if is_path else []
    return by_path or [p for p, text in tree.items() if p.stem == name or p.name == name or declares(text, name)]


def check_reference(reference: str, before: str, tree: dict[pathlib.Path, str]) -> tuple[str, str]:
    """("", name for the next `.member`) if it is there, else (what is missing, name)."""
    reference = re.sub(r"\(.*", "", reference).strip()
    path = re.match(r"[\w./+-]+\.(swift|c|h|py)\b", reference)
    first, *members = [reference] if "/" in reference and not path else (
        [path.group()] + [m for m in re.split(r"[.:#]+", reference[path.end():]) if m] if path
        else re.split(r"[.:#]+", reference))
    first = first or before
    where = homes(first, tree)
    if not where:
        return first, first
    missing = [m for m in members if m and not any(declares(tree[p], m) or p.stem == m for p in where)]
    return (f"{first}.{missing[0]}" if missing else ""), first


def check_column(row: dict[str, str], column: str, tree: dict[pathlib.Path, str]) -> None:
    before = ""
    for reference in re.findall(r"`([^`]+)`", row.get(column, "")):
        missing, before = check_reference(reference, before, tree)
        if missing:
            problems.append(f"{row['at']}: {row['id']} names {missing}, which is not in {column}")


def conformance() -> set[str]:
    """The clauses of the conformance suite."""
    text = (ROOT / "Tests/Conformance/CLAUSES.md").read_text()
    return set(re.findall(r"^\| ([A-Z]{2,6}-\d{2,3}) \|", text, re.M))


def check_requirements(known: set[str]) -> None:
    page = ROOT / "Specs/Requirements.md"
    counted = {"Demands": [0, 0], "Recommendations": [0, 0]}
    part, text = "Demands", page.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            part = "Recommendations" if line == "## Recommendations" else "Demands"
        row = cells(line)
        if not line.startswith("| ") or len(row) != 3 or not re.match(r"[a-z-]+\.md#", row[0]):
            continue
        at, words = f"{page.relative_to(ROOT)}:{number}", row[2].split()
        names = re.findall(r"\b[A-Z]{2}-\d\d\b", row[2])
        argued = words[:1] == ["–"]
        counted[part][argued] += 1
        if len(words) < 4 if argued else not names or names != words:
            problems.append(f"{at}: neither clauses nor an argument")
        problems.extend(f"{at}: there is no clause {name}" for name in names if name not in known)
    for word, (claimed, not_claimed) in counted.items():
        if f"{word} claimed: {claimed}. Not claimed: {not_claimed}," not in text:
            problems.append(f"{page.relative_to(ROOT)}: {word.lower()} are {claimed} and {not_claimed}")


def check_engines(known: set[str], tests: dict[pathlib.Path, str]) -> None:
    """Each row of what engines count on names clauses and scenarios that are there, or has an argument after a dash."""
    page = ROOT / "Specs/Engines.md"
    for number, line in enumerate(page.read_text().splitlines(), 1):
        row, at = cells(line), f"{page.relative_to(ROOT)}:{number}"
        if not re.match(r"\| C-\d\d \|", line):
            continue
        names, scenarios = re.findall(r"\b[A-Z]{2}-\d\d\b", row[2]), re.findall(r"`([^`]+)`", row[2])
        if not row[2].startswith("– ") and not names + scenarios:
            problems.append(f"{at}: neither proof nor argument")
        problems.extend(f"{at}: there is no clause {name}" for name in names if name not in known)
        for one in scenarios if not row[2].startswith("– ") else []:
            if missing := check_reference(one, "", tests)[0]:
                problems.append(f"{at}: names {missing}, which is not in Tests")


def check_names(rows: list[dict[str, str]], tests: dict[pathlib.Path, str]) -> None:
    known = {row["id"] for row in rows}
    prefixes = {identifier.split("-")[0] for identifier in known}
    named: set[str] = set()
    for path, text in tests.items():
        for match in CLAUSE.finditer(text):
            named.add(match.group())
            if match.group(1) in prefixes and match.group() not in known:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path.relative_to(ROOT)}:{line}: no table in Specs has the clause {match.group()}")
    seen: dict[str, str] = {}
    for row in rows:
        if row["id"] in seen:
            problems.append(f"{row['at']}: {row['id']} is already at {seen[row['id']]}")
        seen[row["id"]] = row["at"]
        if row["id"] not in named:
            problems.append(f"{row['at']}: no test names {row['id']}")


def main() -> int:
    rows, code, tests = clauses(), files(CODE), files(("Tests",))
    for row in rows:
        check_column(row, "code", code)
        check_column(row, "tests", tests)
    check_names(rows, tests)
    known = {row["id"] for row in rows} | conformance()
    check_requirements(known)
    check_engines(known, tests)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
