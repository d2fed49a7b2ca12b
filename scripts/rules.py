#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the boundaries between modules, the home of unsafe code, and the sizes of files, lines and functions."""
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Who may import whom: Specs/modules.md says what each boundary is for. Tools named hull-… are free.
ALLOWED = {
    "HullBytes": set(),
    "HullLinux": {"HullBytes", "CHull", "CSeccomp", "CCap"},
    "HullKernel": {"HullBytes", "HullLinux", "CHull"},
    "HullOCI": {"HullBytes"},
    "HullPlan": {"HullBytes", "HullOCI", "HullLinux"},
    "HullInit": {"HullBytes", "HullPlan", "HullKernel", "HullLinux"},
    "HullRuntime": {"HullBytes", "HullInit", "HullPlan", "HullOCI", "HullKernel", "HullLinux"},
    "HullCommandLine": {"HullBytes", "HullPlan", "HullOCI"},
    "hull": {"CHullSeal", "CVersion", "HullBytes", "HullCommandLine", "HullRuntime", "HullPlan", "HullOCI"},
    "HullArchive": {"HullBytes", "CArchive", "Dispatch", "Synchronization"},
    "HullImage": {"HullBytes", "HullOCI"},
    "HullLayers": {"HullBytes", "HullOCI", "HullImage", "HullArchive", "HullLinux", "HullKernel"},
}
MAY_BE_UNSAFE = {"HullBytes", "HullLinux", "HullKernel", "HullArchive"}
FILE_LINES, LINE_COLUMNS, FUNCTION_LINES = 400, 120, 70
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:(?:internal|package|public|private|fileprivate)\s+)?import\s+(?:\w+\s+)?(\w+)")
SWIFT_FUNCTION = re.compile(
    r"^\s*(?:@[\w.]+(?:\([^)]*\))?\s+)*(?:\w+(?:\(\w+\))?\s+)*?(?:func\s+\S+|init[?<(]|deinit\b|subscript\b)")
C_FUNCTION = re.compile(r"^[A-Za-z_].*\(.*\)\s*\{\s*$")

problems: list[str] = []


def problem(path: pathlib.Path, line: int, text: str) -> None:
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def blanked(text: str) -> str:
    """The text with comments and string contents replaced by spaces: the same lines, only code in them."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|(#*)""".*?"""\1|(#*)"(?:\\.|[^"\\\n])*"\2', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def check_boundaries(path: pathlib.Path, module: str, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        found = IMPORT.match(line)
        if found and found.group(1) not in ALLOWED[module]:
            problem(path, number, f"{module} must not import {found.group(1)}")
        if module not in MAY_BE_UNSAFE and re.search(r"\bunsafe\b", line):
            problem(path, number, f"unsafe code belongs to {', '.join(sorted(MAY_BE_UNSAFE))}, not to {module}")
        if re.match(r"\s*(public|open)\s+(?!=)", line):
            problem(path, number, "access between modules is package, never public")


def check_functions(path: pathlib.Path, lines: list[str], start: re.Pattern[str]) -> None:
    for first, line in enumerate(lines):
        if not start.match(line):
            continue
        depth, opened = 0, False
        for last in range(first, len(lines)):
            depth += lines[last].count("{") - lines[last].count("}")
            opened = opened or "{" in lines[last]
            if depth < 0 or (opened and depth == 0) or (not opened and last > first and start.match(lines[last])):
                break
        if opened and last - first + 1 > FUNCTION_LINES:
            problem(path, first + 1, f"this function has {last - first + 1} lines; the limit is {FUNCTION_LINES}")


def check_python(path: pathlib.Path, text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= FUNCTION_LINES:
            problem(path, node.lineno, f"{node.name} is longer than {FUNCTION_LINES} lines")


def check_file(path: pathlib.Path) -> None:
    text = path.read_text()
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        problem(path, len(lines), f"{len(lines)} lines; the limit is {FILE_LINES}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS:
            problem(path, number, f"{len(line)} columns; the limit is {LINE_COLUMNS}")
        if re.search(r"\b(TODO|FIXME|XXX)\b", line) and path.name != "rules.py":
            problem(path, number, "nothing is left to be done later")
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
        problem(path, 1, "the first line says the licence: SPDX-License-Identifier: Apache-2.0")
    if path.suffix == ".py":
        check_python(path, text)
    code = blanked(text).splitlines()
    module = path.relative_to(ROOT).parts[1]
    if path.suffix == ".swift":
        check_functions(path, code, SWIFT_FUNCTION)
        if path.is_relative_to(ROOT / "Sources") and module in ALLOWED:
            check_boundaries(path, module, code)
    elif path.suffix in (".c", ".h"):
        check_functions(path, code, C_FUNCTION)


def main() -> int:
    for folder in ("Sources", "Tests", "scripts"):
        for path in sorted((ROOT / folder).rglob("*")):
            is_script = folder == "scripts" and path.is_file() and "__pycache__" not in path.parts
            if path.suffix in (".swift", ".c", ".h", ".py") or is_script:
                check_file(path)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
