#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hull image and hull run --image by an ordinary user:  rootless.py [--only SCENARIO,...] hull=RUNTIME

In scripts/native. Goal: nobody needs root for an image; files have the owners that the image says where the user is
granted ids, else it is said why not. Method: the image of images.py, a user with and without ranges in /etc/subuid and
/etc/subgid, and with a newuidmap that can do nothing.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from frame import Images
import scenarios
from scenarios import equal, expect, scenario

USER = 4500
GRANT = "sailor:300000:65536\n"


class RootlessImages(Images):
    """The same with a user, whose store and records are where they are without a word."""
    name = "images_rootless"
    programs = ("umoci", "newuidmap", "newgidmap", "setpriv")

    def start(self) -> None:
        super().start()
        self.home = self.folder / "sailor"
        for name in (".", "bin", "run"):
            (self.home / name).mkdir(mode=0o755)
        for name in ("hull", "hull-image"):  # their own directory may be one that only root enters
            shutil.copy(pathlib.Path(self.runtime.path).parent / name, self.home / "bin" / name)
        for name, text in {
                "passwd": f"root:x:0:0::/root:/bin/sh\nsailor:x:{USER}:{USER}::{self.home}:/bin/sh\n",
                "group": f"root:x:0:\nsailor:x:{USER}:\n", "subuid": "", "subgid": ""}.items():
            (self.folder / name).write_text(text)
            subprocess.run(["mount", "--bind", self.folder / name, f"/etc/{name}"], check=True)
        for place in (self.home, self.layout):
            self.do("chown", "-R", f"{USER}:{USER}", place)
        self.data = self.home / ".local/share/hull/images"

    def grant(self, text: str) -> None:
        """What the user is granted from now on, with a new store."""
        for name in ("subuid", "subgid"):
            (self.folder / name).write_text(text)
        shutil.rmtree(self.home / ".local", ignore_errors=True)

    def user(self, *words: str | pathlib.Path, privileges: tuple[str, ...] = (), variables: tuple[str, ...] = (),
             **options) -> scenarios.Done:
        """hull, called by the user."""
        return self.do(
            "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all", *privileges,
            "env", "-i", "PATH=/usr/bin:/bin", f"HOME={self.home}", f"XDG_RUNTIME_DIR={self.home}/run", *variables,
            self.home / "bin/hull", *words, cwd=self.home, **options)

    def run(self, image: str, *words: str, **options) -> scenarios.Done:
        words = ("--", *words) if words else ()
        return self.user("run", "--image", f"{self.layout}:{image}", "one", *words, **options)

    def nothing_left(self) -> None:
        equal(os.listdir(self.home / "run/hull"), [], "in the runtime directory")


def own_id(images: RootlessImages) -> None:
    """Without a grant all files are the user's, which is said with the reason; removals and marks work. (IA-90)"""
    images.grant("")
    script = "id -u; cat /srv/kept/below /srv/kept/more; ls /srv/replaced; ls /srv/gone /srv/linked 2> /dev/null; " \
             "stat -c %u:%g:%a /srv/set /data; echo new > /srv/own && cat /srv/own"
    done = images.run("second", "sh", "-c", "true")
    expect(re.search(r"warning: \d+ files belong to the caller instead of who the image says: /etc/subuid and "
                     r"/etc/subgid have no ranges for sailor: as root usermod --add-subuids", done.err), done.err)
    expect("1 devices were not made" in done.err, done.err)
    # The image's own user is somebody whom this container does not have.
    said = images.run("web", status=1).err
    expect("the image's user is not in its groups 1000, 2000: /etc/subuid" in said, said)
    expect("the image's user is 1000:1000, which no container of this caller has: /etc/subuid" in said, said)
    expect("/process/user/uid: 1000 is not mapped" in said, said)
    bundle = images.fresh("sailor/bundle")
    images.user("image", "bundle", f"{images.layout}:web", bundle)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"user": {"uid": 0, "gid": 0}, "args": ["sh", "-c", script]}
    (bundle / "config.json").write_text(json.dumps(config))
    equal(images.user("run", "--bundle", bundle, "one").out,
          "0\nkept below\nmore\nnew\n0:0:6751\n0:0:755\nnew\n")
    images.nothing_left()


def granted(images: RootlessImages) -> None:
    """With a grant files have their owners, inside and outside, and the image its user. (IA-91)"""
    images.grant(GRANT)
    equal(images.run("web").out, "1000\n/srv\na b\n")
    script = "stat -c %u:%g:%a /srv/set; stat -c %u /srv/link; cat /data/seed; stat -c %u:%g /data; id -G; " \
             "tr -s ' ' < /proc/self/uid_map; ls -d /srv/gone /srv/pipe/"
    done = images.run("web", "sh", "-c", script, status=1)
    equal(done.out, "1000:2000:6751\n7\nof the image\n1000:1000\n1000 2000\n 0 4500 1\n 1 300000 65536\n/srv/pipe/\n")
    owners = {path.stat().st_uid for path in images.data.glob("layers/sha256/*/diff/srv/set")}
    equal(owners, {300999})
    # A copy, and again when the layers are there; another process in the container; collected.
    copy = images.fresh("sailor/copy")
    images.user("image", "bundle", "--rootfs", f"{images.layout}:web", copy)
    equal((copy / "rootfs/srv/set").stat().st_uid, 300999)
    equal(images.user("run", "--bundle", copy, "one").out, "1000\n/srv\na b\n")
    shutil.rmtree(copy)
    images.user("run", "--detach", "--image", f"{images.layout}:web", "two", "--", "sleep", "100")
    equal(images.user("exec", "--user", "7", "two", "id", "-u").out, "7\n")
    images.user("delete", "--force", "two")
    images.user("image", "remove", "web")
    images.user("image", "gc")
    equal(list(images.data.glob("layers/sha256/*")), [], "layers")
    images.nothing_left()


def other_ids(images: RootlessImages) -> None:
    """A store for other ids is refused with both; another one does. (IA-92)"""
    images.grant(GRANT)
    images.user("image", "unpack", f"{images.layout}:base")
    for name in ("subuid", "subgid"):
        (images.folder / name).write_text("sailor:400000:10\n")
    said = images.user("image", "unpack", f"{images.layout}:base", status=1).err
    equal(said, f"hull image unpack: open the store {images.data}: it is for the ids users 0 4500 1, 1 300000 65536; "
                "groups 0 4500 1, 1 300000 65536, and the caller has users 0 4500 1, 1 400000 10; groups 0 4500 1, "
                "1 400000 10 (say another one with --store DIR)\n")
    said = images.user("image", "--store", images.home / "other", "unpack", f"{images.layout}:web").err
    expect("files belong to the caller instead of who the image says: /etc/subuid and /etc/subgid grant no ids for "
           "them" in said, said)


def powerless(images: RootlessImages) -> None:
    """Tools that are missing, or can do nothing: the files are the user's, and the reason is said. (IA-93)"""
    images.grant(GRANT)
    done = images.run("second", "id", "-u", privileges=("--no-new-privs",))
    equal(done.out, "0\n")
    expect("files belong to the caller instead of who the image says: /usr/bin/newgidmap" in done.err, done.err)
    images.grant(GRANT)
    (images.home / "empty").mkdir(exist_ok=True)
    done = images.run("second", "/bin/id", "-u", variables=(f"PATH={images.home}/empty",))
    equal(done.out, "0\n")
    expect("newuidmap and newgidmap are not installed: they are in the package uidmap" in done.err, done.err)


def denied(images: RootlessImages) -> None:
    """What only root may read: the place, its owner and mode, and who was denied. (IA-94)"""
    images.grant("")
    closed = images.fresh("closed")
    closed.mkdir(mode=0o700)
    words = f"{closed} belongs to uid 0 and gid 0 and has the mode 0700; uid {USER} and gid {USER} may not search it"
    said = images.user("image", "unpack", f"{closed}/layout:web", status=1).err
    expect(words in said, said)
    shutil.copytree(images.layout, images.fresh("mine"))
    os.chmod(images.folder / "mine/index.json", 0o600)
    said = images.user("image", "unpack", f"{images.folder}/mine:web", status=1).err
    expect(f"{images.folder}/mine/index.json belongs to uid 0 and gid 0 and has the mode 0600; uid {USER} and gid "
           f"{USER} may not read it" in said, said)
    said = images.user("image", "--store", closed / "store", "unpack", f"{images.layout}:web", status=1).err
    expect(words in said, said)
    said = images.user("image", "unpack", f"{images.layout}:web", variables=("HOME=",), status=1).err
    expect("HOME is not set (say one with --store DIR)" in said, said)


SCENARIOS = [scenario(play) for play in (own_id, granted, other_ids, powerless, denied)]

if __name__ == "__main__":
    sys.exit(scenarios.main(RootlessImages, SCENARIOS))
