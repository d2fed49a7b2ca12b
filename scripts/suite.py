#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one suite and counts its tests:  suite.py NAME WHERE COMMAND...   and at the end:  suite.py --sum

Understands what `swift test` prints and lines that start with "ok", "not ok" or "skip". A command that prints neither
counts only if it fails. Everything goes to $HULL_TESTS/NAME.log; shown are failures and, counted, the reasons of what
was skipped.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import time

FOLDER = pathlib.Path(os.environ.get("HULL_TESTS", ".build/tests"))
COUNTS = FOLDER / "counts.jsonl"
ENDED = re.compile(r"^\S+ Test (?!run with|case)(.+?)(?: with \d+ test cases?)? (passed|failed) after ")
SKIPPED = re.compile(r'^\S+ Test (?!case)(.+?) (?:skipped|was cancelled after [\d.]+ seconds)(?:: (.*)|\.)?$')
ISSUE = re.compile(r"^\S+ Test (.+?) recorded an issue")
MOST_LINES, MOST_COLUMNS = 80, 240  # of failures on the screen
OUT_OF_TIME = 124  # the exit status of scripts/vm
LINE = re.compile(r"^(ok|not ok|skip)\b[ :]*(.*)")


def count(text: str, status: int) -> tuple[int, int, list[str]]:
    """passed, failed, reasons of the skipped ones."""
    passed = failed = 0
    reasons: list[str] = []
    complete = False
    for line in text.splitlines():
        if ended := ENDED.match(line):
            passed += ended.group(2) == "passed"
            failed += ended.group(2) == "failed"
        elif skipped := SKIPPED.match(line):
            reasons.append((skipped.group(2) or "no reason given").strip('"'))
        elif own := LINE.match(line):
            passed += own.group(1) == "ok"
            failed += own.group(1) == "not ok"
            reasons += [own.group(2)] if own.group(1) == "skip" else []
        complete = complete or " Test run with " in line or line.startswith("1..")
    if passed + failed + len(reasons) == 0 and not complete:
        return 0, (0 if status == 0 else 1), []
    # A run that ended by a crash, a signal or a time limit failed, whatever its tests said before.
    return passed, failed + (1 if status != 0 and failed == 0 else 0), reasons


def failures(text: str, plain: bool) -> list[str]:
    lines = text.splitlines()
    if plain:
        return lines[-40:]
    shown = []
    for at, line in enumerate(lines):
        if ISSUE.match(line) or line.startswith("not ok"):
            shown.append(line)
            for follow in lines[at + 1:at + 12]:
                if not re.match(r"^(↳|\s)", follow):
                    break
                shown.append(follow)
    return shown or lines[-25:]


def started(command: list[str], log: pathlib.Path) -> int:
    with log.open("w") as out:
        return subprocess.run(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False).returncode


def run(name: str, where: str, command: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{name}.log"
    start = time.monotonic()
    status = started(command, log)
    if status == OUT_OF_TIME:
        # An emulated machine on a busy one; what waited in it at the end is in the log, which is kept.
        print(f"   {name}: the machine ran out of time and is started once more ({log}.1)", flush=True)
        log.rename(f"{log}.1")
        status = started(command, log)
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))
    passed, failed, reasons = count(text, status)
    seconds = time.monotonic() - start
    print(f"== {name} ({where}): {passed} passed, {failed} failed, {len(reasons)} skipped, {seconds:.0f} s", flush=True)
    for reason, times in collections.Counter(reasons).most_common():
        print(f"   skipped {times}: {reason}")
    if failed:
        shown = failures(text, plain=passed + failed == 1)
        for line in shown[:MOST_LINES]:
            print(f"   {line[:MOST_COLUMNS]}")
        print(f"   (all of it: {log})")
    with COUNTS.open("a") as out:
        out.write(json.dumps([name, where, passed, failed, len(reasons), round(seconds)]) + "\n")
    return 1 if failed else 0


def total() -> int:
    rows = [json.loads(line) for line in COUNTS.read_text().splitlines()]
    print()
    for name, where, *numbers in rows:
        print(f"{name:18} {numbers[0]:5} passed {numbers[1]:4} failed {numbers[2]:4} skipped {numbers[3]:5} s  {where}")
    passed, failed, skipped = (sum(row[i] for row in rows) for i in (2, 3, 4))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--sum"]:
        sys.exit(total())
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
