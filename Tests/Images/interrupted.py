#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hull image unpack that is killed, and many at once:  interrupted.py [--only SCENARIO,...] hull=RUNTIME

As root, in scripts/native. Goal: whenever a process that unpacks is killed, the next one makes what is missing, and
nothing is left of the first. Method: strace kills it at the entrance of a system call, counted over all calls that
change a file system; then a second process, and the tree that the first image had.
"""
import concurrent.futures
import pathlib
import re
import shutil
import sys

from frame import Images, same_tree, tree
import scenarios
from scenarios import equal, expect, scenario

# What changes a store, with the number of calls between two kills.
CHANGES = {"openat2": 211, "mkdirat": 17, "pwrite64": 31, "fchmod": 31, "utimensat": 211, "linkat": 1, "symlinkat": 97,
           "mknodat": 1, "fsetxattr": 1, "syncfs": 1, "renameat2": 1, "fsync": 1, "write": 1, "unlinkat": 1}


def trees(store: pathlib.Path) -> list[dict]:
    """The layers' trees; the mark of a removal has no time that would mean anything."""
    found = [tree(layer / "diff") for layer in sorted(store.glob("layers/sha256/*"))]
    return [{path: (*one[:4], None if one[0] == "0o20000" else one[4], *one[5:]) for path, one in layer.items()}
            for layer in found]


def clean(store: pathlib.Path, wanted: list[dict]) -> None:
    places = ("", "images/", "holds/", "blobs/*/", "layers/*/")
    left = [str(path) for place in places for path in store.glob(f"{place}.*")]
    equal(left, [], "what was half made")
    for found, one in zip(trees(store), wanted, strict=True):
        same_tree(found, one)


def killed(images: Images) -> None:
    """Killed at many points, a second unpacking succeeds, and nothing is left. (LY-12)"""
    store, words = images.fresh("killed.store"), ["unpack", f"{images.layout}:web"]
    images.image(*words, store=store)
    wanted = trees(store)
    program = pathlib.Path(images.runtime.path).with_name("hull-image")
    points = 0
    for call, step in CHANGES.items():
        count = 1
        while True:
            shutil.rmtree(store)
            done = images.do("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                             f"inject={call}:signal=KILL:when={count}", program, "--store", store, *words, status=None)
            if done.status == 0:
                break
            points += 1
            store.mkdir(exist_ok=True)
            images.image(*words, store=store)
            clean(store, wanted)
            images.image("gc", store=store)
            clean(store, wanted)
            count += step
    expect(points > 40, f"killed at {points} points only")


def together(images: Images) -> None:
    """Eight at once, each layer made once. (LY-13)"""
    store = images.fresh("together.store")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(images.image, "unpack", f"{images.layout}:web", store=store) for _ in range(8)]
        said = [one.result() for one in running]
    equal(len({done.out for done in said}), 1, "what is printed")
    made = [line for done in said for line in done.err.splitlines() if re.search(r"unpacked", line)]
    equal(len(made), 3, "\n".join(made))
    clean(store, trees(store))


SCENARIOS = [scenario(one) for one in (killed, together)]

if __name__ == "__main__":
    sys.exit(scenarios.main(Images, SCENARIOS))
