# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of images.py stand on: an image with all that a file can be, a store, and trees to compare."""
import hashlib
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Engines"))
import scenarios  # noqa: E402
from scenarios import ROOT, equal  # noqa: E402


class Images(scenarios.Engine):
    """A layout with an image of three layers, a store, and hull."""
    name = "images"
    programs = ("umoci", "skopeo", "buildah", "podman", "strace")

    def start(self) -> None:
        self.layout, self.store, self.state = (self.folder / name for name in ("layout", "store", "state"))
        self.environment["PATH"] = f"{os.path.dirname(self.runtime.path)}:{self.environment['PATH']}"
        self.peers = {name: os.environ[f"HULL_{name.upper()}"] for name in ("crun", "runc")
                      if os.environ.get(f"HULL_{name.upper()}")}
        self.do("umoci", "init", "--layout", self.layout)
        self.do("umoci", "new", "--image", f"{self.layout}:base")
        self.do(ROOT / "scripts/rootfs", self.folder / "busybox", "busybox", seconds=600)
        self.do("umoci", "insert", "--image", f"{self.layout}:base", self.folder / "busybox", "/")
        self.change("base", "second", self.second)
        self.change("second", "web", self.third)
        self.do("umoci", "config", "--image", f"{self.layout}:web", "--config.cmd", "sh", "--config.cmd", "-c",
                "--config.cmd", "id -u; pwd; echo $WORD", "--config.user", "user", "--config.workingdir", "/srv",
                "--config.env", "WORD=a b", "--config.volume", "/data", "--config.stopsignal", "SIGINT")
        self.before = mounts()

    def change(self, old: str, new: str, do) -> None:
        """Another layer, with what the function does to the unpacked tree of the old image."""
        bundle = self.folder / "change"
        self.do("umoci", "unpack", "--image", f"{self.layout}:{old}", bundle)
        do(bundle / "rootfs")
        self.do("umoci", "repack", "--image", f"{self.layout}:{new}", bundle)
        shutil.rmtree(bundle)

    @staticmethod
    def second(root: pathlib.Path) -> None:
        """Everything that a file can be."""
        (root / "srv").mkdir(exist_ok=True)
        for name in ("kept", "gone", "replaced"):
            (root / "srv" / name).mkdir()
            (root / "srv" / name / "below").write_text(f"{name} below\n")
        (root / "srv/file").write_text("lower\n")
        os.link(root / "srv/file", root / "srv/linked")
        os.symlink("/etc/../srv/file", root / "srv/link")
        os.chown(root / "srv/link", 7, 8, follow_symlinks=False)
        (root / "srv/set").write_text("#!/bin/sh\n")
        os.chown(root / "srv/set", 1000, 2000)
        os.chmod(root / "srv/set", 0o6751)
        os.mkfifo(root / "srv/pipe", 0o640)
        os.mknod(root / "srv/null", 0o20666, os.makedev(1, 3))
        with open(root / "srv/sparse", "wb") as file:
            file.truncate(8 << 20)
            file.seek(4 << 20)
            file.write(b"x")
        os.setxattr(root / "srv/file", "user.word", b"a\x00b")
        (root / "data").mkdir()
        (root / "data/seed").write_text("of the image\n")
        os.chown(root / "data", 1000, 1000)
        os.utime(root / "srv/kept", (1, 1_000_000_000))

    @staticmethod
    def third(root: pathlib.Path) -> None:
        """Things of the layer below that are gone, or something else now."""
        shutil.rmtree(root / "srv/gone")
        shutil.rmtree(root / "srv/replaced")
        (root / "srv/replaced").mkdir()
        (root / "srv/replaced/new").write_text("new\n")
        (root / "srv/kept/more").write_text("more\n")
        os.remove(root / "srv/linked")
        os.remove(root / "srv/pipe")
        (root / "srv/pipe").mkdir()

    # --- What scenarios do.
    def hull(self, *words: str | pathlib.Path, **options) -> scenarios.Done:
        return self.do(self.runtime.path, "--root", self.state, *words, **options)

    def image(self, *words: str | pathlib.Path, store: pathlib.Path | None = None, **options) -> scenarios.Done:
        return self.do(self.runtime.path, "image", "--store", store or self.store, *words, **options)

    def run_image(self, name: str, container: str, *words: str, options: tuple[str, ...] = (),
                  **more) -> scenarios.Done:
        """hull run --image"""
        words = ("--", *words) if words else ()
        return self.hull("run", "--image", f"{self.layout}:{name}", "--image-store", self.store, *options, container,
                         *words, **more)

    def fresh(self, name: str) -> pathlib.Path:
        """A path where nothing is."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return path

    def measure(self) -> dict[str, tuple]:
        """The tree that umoci makes of the image."""
        bundle = self.fresh("measure")
        self.do("umoci", "unpack", "--image", f"{self.layout}:web", bundle)
        found = tree(bundle / "rootfs")
        shutil.rmtree(bundle)
        return found

    def nothing_left(self) -> None:
        equal(sorted(os.listdir(self.state)), [], "in the state directory")
        equal(mounts(), self.before, "mounts of the host")

    def reset(self) -> None:
        for name in os.listdir(self.state) if self.state.exists() else ():
            self.hull("delete", "--force", name.removesuffix("@image"), status=None)

    def storage(self) -> list[str]:
        """Where buildah and podman keep their images."""
        return ["--root", str(self.folder / "storage"), "--runroot", str(self.folder / "runroot"),
                "--storage-driver", "vfs"]


def mounts() -> list[str]:
    return pathlib.Path("/proc/self/mountinfo").read_text().splitlines()


def tree(root: pathlib.Path) -> dict[str, tuple]:
    """Every path with its kind, mode, owner, time, attributes, content or target, and the paths it is linked with."""
    found: dict[str, tuple] = {}
    inodes: dict[int, str] = {}
    for directory, below, files in os.walk(root):
        below.sort()
        for name in [".", *sorted(below + files)] if directory == str(root) else sorted(below + files):
            path = os.path.join(directory, name)
            status = os.lstat(path)
            kind = status.st_mode >> 12
            content = os.readlink(path) if kind == 0o12 else None
            if kind == 0o10:
                content = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
            attributes = {one: os.getxattr(path, one, follow_symlinks=False)
                          for one in os.listxattr(path, follow_symlinks=False) if not one.startswith("security.sel")}
            same = None if kind == 0o4 else inodes.setdefault(status.st_ino, os.path.relpath(path, root))
            # Of the root itself an image need not say the time.
            when = status.st_mtime_ns // 1_000_000_000 if path != os.path.join(root, ".") else None
            found[os.path.relpath(path, root)] = (
                oct(status.st_mode), status.st_uid, status.st_gid, status.st_rdev if kind in (2, 6) else 0, when,
                attributes, content, same)
    return found


def same_tree(found: dict[str, tuple], wanted: dict[str, tuple]) -> None:
    for path in sorted(found.keys() | wanted.keys()):
        equal(found.get(path), wanted.get(path), path)
