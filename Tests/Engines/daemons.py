# SPDX-License-Identifier: Apache-2.0
"""What engines with a daemon share: Debian's programs, unpacked in a folder; a network of their own; an end to all."""
import contextlib
import ctypes
import hashlib
import io
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import tarfile
import termios
import time
import fcntl

import scenarios
from scenarios import CACHE, SECONDS, Done, Engine, eventually, expect

# scripts/unpack puts them there: installed, they would start a daemon on the machine.
UNPACKED = CACHE / "engines"
os.environ["PATH"] = f"{UNPACKED}/usr/bin:{UNPACKED}/usr/sbin:{os.environ['PATH']}"

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36


class DaemonEngine(Engine):
    """An engine with a daemon. Whatever it starts is below this process, and ends with it."""
    secluded = False
    command: list[str] = []  # the daemon

    def start(self) -> None:
        self.seclude()
        self.start_daemon()

    @classmethod
    def seclude(cls) -> None:
        """A network of our own, for a daemon may change it, and orphans become our children, to be found and ended."""
        if DaemonEngine.secluded:
            return
        expect(LIBC.unshare(CLONE_NEWNET) == 0, "unshare")
        expect(LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "prctl")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        DaemonEngine.secluded = True

    def start_daemon(self) -> None:
        self.log = self.folder / "daemon.log"
        with open(self.log, "ab") as output:
            self.daemon = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                           env=self.environment)

        def ready() -> bool:
            expect(self.daemon.poll() is None, self.last_words())
            return self.ready()
        try:
            eventually("ready", ready, 60)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {self.last_words()}") from None

    def ready(self) -> bool:
        raise NotImplementedError

    def last_words(self) -> str:
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-8:])

    def stop_daemon(self) -> None:
        self.daemon.terminate()
        try:
            self.daemon.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()

    def stop(self) -> None:
        self.stop_daemon()
        end_all()
        mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        for path in reversed([path for path in mounts if path.startswith(str(self.folder))]):
            subprocess.run(["umount", "-l", path], stderr=subprocess.DEVNULL, check=False)

    def in_terminal(self, *words: str, dialogue: tuple[tuple[str, str], ...] = (), size: tuple[int, int] = (24, 80),
                    status: int | None = 0) -> str:
        """A command whose terminal we hold: each time that it has said the one, it is given the other."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        running = subprocess.Popen([str(word) for word in words], env=self.environment, stdin=theirs, stdout=theirs,
                                   stderr=theirs, start_new_session=True)
        os.close(theirs)
        said, todo, end = "", list(dialogue), time.monotonic() + SECONDS
        try:
            with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
                while select.select([ours], [], [], max(0, end - time.monotonic()))[0]:
                    said += os.read(ours, 4096).decode(errors="replace")
                    if todo and todo[0][0] in said:
                        os.write(ours, todo.pop(0)[1].encode())
            expect(time.monotonic() < end, f"no end of {words}: {said!r}")
            code = running.wait(SECONDS)
        finally:
            os.close(ours)
            running.kill()
            running.wait()
        expect(status in (None, code), Done(list(words), code, said, ""))
        return said


def children(pid: int | str = "self") -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def descendants() -> dict[int, list[str]]:
    """Every process below this one that still has a command line."""
    found, left = {}, children()
    while left:
        pid = left.pop()
        left += children(pid)
        with contextlib.suppress(OSError):
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if words:
                found[pid] = words.decode(errors="replace").rstrip("\0").split("\0")
    return found


def end_all() -> None:
    """Ends every process below this one; who loses its parent comes to us."""
    while below := children():
        for pid in below:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def root_archive(folder: pathlib.Path, kind: str = "busybox") -> pathlib.Path:
    """The root file system in a tar, made once for all images and runtimes."""
    made = folder.parent / f"{kind}.tar"
    return made if made.exists() else scenarios.root_archive(folder.parent, kind)


def image_archive(folder: pathlib.Path, name: str, config: dict, kind: str = "busybox") -> pathlib.Path:
    """An OCI image layout in a tar, of a root file system of scripts/rootfs."""
    layer = root_archive(folder, kind).read_bytes()
    archive = folder / f"{kind}.oci.tar"
    with tarfile.open(archive, "w") as tar:
        def add(path: str, data: bytes) -> None:
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))

        def blob(kind: str, data: bytes, **more) -> dict:
            digest = hashlib.sha256(data).hexdigest()
            add(f"blobs/sha256/{digest}", data)
            media = f"application/vnd.oci.image.{kind}"
            return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data), **more}

        layers = [blob("layer.v1.tar", layer)]
        document = {"architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine], "os": "linux",
                    "config": config, "rootfs": {"type": "layers", "diff_ids": [layers[0]["digest"]]}}
        about = blob("config.v1+json", json.dumps(document).encode())
        manifest = blob("manifest.v1+json", json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": about,
            "layers": layers}).encode(), annotations={"io.containerd.image.name": name})
        add("index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
        add("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    return archive
