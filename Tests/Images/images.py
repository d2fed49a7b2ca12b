#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hull image and hull run --image on images that other tools write:  images.py [--only SCENARIO,...] hull=RUNTIME

As root, in scripts/native, which also names crun and runc. Goal: an image is the same for hull as for the tools that
people use, and a container of it costs the host nothing that stays. Method: images made here by umoci, and passed on by
skopeo, buildah and podman; umoci's unpack as the measure of a tree.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from frame import Images, mounts, same_tree, tree
import scenarios
from scenarios import ROOT, equal, eventually, expect, scenario

SERVICE = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"answer to " + self.path.encode())
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", 8080), Answer).serve_forever()
"""
REQUEST = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/q', timeout=5).read().decode())"


def writers(images: Images) -> None:
    """What umoci, skopeo, buildah and podman write gives the tree that umoci unpacks. (IA-70)"""
    wanted = images.measure()
    copies = {
        "umoci": f"{images.layout}:web", "skopeo-dir": "oci:{}:web", "skopeo-archive": "oci-archive:{}:web",
        "skopeo-docker": "docker-archive:{}:localhost/web:1", "zstd": "oci:{}:web"}
    podman = ["podman", *images.storage()]
    images.do(*podman, "pull", f"oci:{images.layout}:web")
    number = images.do(*podman, "images", "--quiet").out.split()[0]
    saved = {"podman-oci": "oci-archive", "podman-dir": "oci-dir", "podman-docker": "docker-archive"}
    for name in [*copies, *saved, "buildah"]:
        place = images.fresh(name)
        reference = f"{place}:web"
        if name in saved:
            images.do(*podman, "save", "--format", saved[name], "--output", place, number)
            reference = str(place)
        elif name == "buildah":
            words = ["buildah", *images.storage()]
            working = images.do(*words, "from", "--pull-never", number).out.strip()
            images.do(*words, "commit", "--disable-compression=false", working, f"oci:{place}:web")
        elif name == "umoci":
            reference = copies[name]
        else:
            more = ["--dest-compress-format", "zstd"] if name == "zstd" else []
            images.do("skopeo", "copy", *more, f"oci:{images.layout}:web", copies[name].format(place))
            reference = f"{place}:localhost/web:1" if name == "skopeo-docker" else reference
        bundle = images.fresh(f"{name}.bundle")
        images.image("bundle", "--rootfs", reference, bundle, store=images.fresh(f"{name}.store"))
        try:
            same_tree(tree(bundle / "rootfs"), wanted)
        except AssertionError as problem:
            raise AssertionError(f"as {name} has it: {problem}") from problem


def runtimes(images: Images) -> None:
    """A bundle runs under hull as a union; with --rootfs under hull, crun and runc alike. (IA-71)"""
    wanted = "1000\n/srv\na b\n"
    union, copy = images.fresh("union"), images.fresh("copy")
    images.image("bundle", f"{images.layout}:web", union)
    equal(images.hull("run", "--bundle", union, "one").out, wanted)
    equal(os.listdir(union / "rootfs"), [], "in the union's rootfs")
    images.image("bundle", "--rootfs", f"{images.layout}:web", copy)
    for name, path in ({"hull": images.runtime.path} | images.peers).items():
        equal(images.do(path, "--root", images.folder / f"{name}.state", "run", "--bundle", copy, "one").out, wanted,
              name)
    again = images.image("bundle", f"{images.layout}:web", union, status=1).err
    expect(again.endswith("config.json exists (remove it first)\n"), again)
    images.nothing_left()


def run_image(images: Images) -> None:
    """hull run --image: the image's program or other arguments, its user, volume and layers; nothing stays. (IA-72)"""
    equal(images.run_image("web", "one").out, "1000\n/srv\na b\n")
    script = "cat /data/seed; echo x > /data/own; cat /srv/kept/below /srv/kept/more; ls /srv/replaced; id -G; " \
             "stat -c %u:%a /data; grep -c ' /data tmpfs ' /proc/mounts"
    done = images.run_image("web", "one", "sh", "-c", script)
    equal(done.out, "of the image\nkept below\nmore\nnew\n1000 2000\n1000:755\n1\n")
    equal(images.run_image("web", "one", "sh", "-c", "exit 7", status=7).err, "")
    # Created, and removed by delete.
    images.hull("create", "--image", f"{images.layout}:web", "--image-store", images.store, "two", "--", "sleep", "60")
    equal(sorted(os.listdir(images.state)), ["two", "two@image"])
    said = images.run_image("web", "two", status=1).err
    expect("container with given ID already exists: two" in said, said)
    images.hull("start", "two")
    images.hull("delete", "--force", "two")
    # A program that cannot be started, and an image that is not there.
    images.run_image("web", "one", "/no/such/program", status=1)
    said = images.run_image("wbe", "one", status=1).err
    equal(said, f'hull run one: {images.layout}: there is no image "wbe" in it '
                f'(did you mean "web"? in it: base, second, web)\n')
    # What a hull left that was killed is taken away.
    (images.state / "one@image/rootfs").mkdir(parents=True)
    (images.state / "one@image/config.json").write_text("{}")
    equal(images.run_image("web", "one", "echo", "again").out, "again\n")
    images.nothing_left()


def shared(images: Images) -> None:
    """Two containers of one image share its layers, and neither sees what the other writes. (IA-73)"""
    for name in ("one", "two"):
        script = f"echo {name} > /tmp/{name}; ls /tmp > /tmp/seen; exec sleep 60"
        images.run_image("web", name, "sh", "-c", script, options=("--detach",))
    layers = []
    for name in ("one", "two"):
        seen = eventually("written", lambda: images.hull("exec", name, "cat", "/tmp/seen", status=None).out)
        equal(sorted(seen.split()), sorted([name, "seen"]))
        pid = json.loads(images.hull("state", name).out)["pid"]
        bundle = json.loads((images.state / f"{name}@image/config.json").read_text())
        layers.append(bundle["annotations"]["run.hull.overlay.lower"].split(":"))
        inside = pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
        expect(any(" / / " in line and " - overlay " in line for line in inside), inside)
    equal(layers[0], layers[1], "layers")
    equal(len(layers[0]), 3)
    equal(mounts(), images.before, "mounts of the host")
    for layer in layers[0]:
        expect(not os.path.exists(f"{layer}/tmp/one"), layer)
    for name in ("one", "two"):
        images.hull("delete", "--force", name)
    images.nothing_left()


def service(images: Images) -> None:
    """A service in Python, straight from its image, answers. (IA-74)"""
    root = images.folder / "python"
    images.do(ROOT / "scripts/rootfs", root, "python", seconds=1200)
    (root / "srv/service.py").write_text(SERVICE)
    images.do("umoci", "new", "--image", f"{images.layout}:python")
    images.do("umoci", "insert", "--image", f"{images.layout}:python", root, "/", seconds=600)
    images.do("umoci", "config", "--image", f"{images.layout}:python", "--config.entrypoint", "python3",
              "--config.cmd", "/srv/service.py", "--config.user", "65534:65534")
    shutil.rmtree(root)
    images.run_image("python", "one", options=("--detach",), seconds=600)
    ask = ("exec", "one", "python3", "-c", REQUEST)
    answer = eventually("an answer", lambda: images.hull(*ask, status=None).out, seconds=60)
    equal(answer, "answer to /q\n")
    images.hull("kill", "one", "KILL")
    eventually("the end", lambda: '"stopped"' in images.hull("state", "one").out)
    images.hull("delete", "one")
    images.nothing_left()


def commit(images: Images) -> None:
    """An upper directory becomes a layer; hull runs the result, umoci and skopeo read it. (IA-75)"""
    changes = images.fresh("changes")
    script = "echo new > /srv/new; rm -r /srv/kept; rm /srv/file; rm -r /srv/replaced; mkdir /srv/replaced; " \
             "echo x > /root/not; ln /srv/new /srv/hard; chmod 750 /srv/new"
    images.do("umoci", "config", "--image", f"{images.layout}:web", "--tag", "root", "--config.user", "0",
              "--config.volume", "/root")
    images.run_image("root", "one", "sh", "-c", script, options=(f"--overlay={changes}",))
    digest = images.image("commit", "--name", "after", "--author", "somebody", f"{images.layout}:root",
                          changes / "upper").out.strip()
    expect(re.fullmatch("sha256:[0-9a-f]{64}", digest), digest)
    script = "cat /srv/new; ls /srv /srv/replaced; cat /data/seed /root/not"
    done = images.run_image("after", "one", "sh", "-c", script, status=1)
    equal(done.out, "new\n/srv:\nhard\nlink\nnew\nnull\npipe\nreplaced\nset\nsparse\n\n/srv/replaced:\nof the image\n")
    equal(json.loads(images.do("skopeo", "inspect", f"oci:{images.layout}:after").out)["Digest"], digest)
    bundle, copy = images.fresh("umoci"), images.fresh("copy")
    images.do("umoci", "unpack", "--image", f"{images.layout}:after", bundle)
    images.image("bundle", "--rootfs", f"{images.layout}@{digest}", copy)
    same_tree(tree(copy / "rootfs"), tree(bundle / "rootfs"))
    images.do("skopeo", "copy", f"oci:{images.layout}:after", f"oci:{images.fresh('copied')}:after")
    # Which layer a path comes from: the one that changed it last.
    comes = dict(reversed(line.split(" ")[::4]) for line in
                 images.image("diff", f"{images.layout}:after").out.splitlines())
    equal([comes.get(path) for path in ("/bin/sh", "/data/seed", "/srv/new", "/srv/link", "/srv/kept", "/srv/file")],
          ["1", "2", "4", "2", None, None])
    images.nothing_left()


def second_start(images: Images) -> None:
    """The layers of the layout are not opened once they are in the store. (IA-76)"""
    layout, trace = images.fresh("moved"), images.folder / "trace"
    images.do("skopeo", "copy", f"oci:{images.layout}:web", f"oci:{layout}:web")
    store = images.fresh("second.store")
    manifest = json.loads(images.image("inspect", "--json", f"{layout}:web").out)["manifest"]
    layers = {layer["digest"].split(":")[1] for layer in manifest["layers"]}

    def opened(name: str) -> set[str]:
        companion = os.path.join(os.path.dirname(images.runtime.path), "hull-image")
        images.do("strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", trace, companion, "--store", store,
                  "bundle", f"{layout}:web", images.fresh(name))
        return {layer for layer in layers if layer in trace.read_text()}

    equal(opened("first.bundle"), layers, "layers that the first start opens")
    equal(opened("second.bundle"), set(), "layers that the second start opens")
    for layer in layers:
        os.remove(layout / "blobs/sha256" / layer)
    images.hull("run", "--image", f"{layout}:web", "--image-store", store, "one")
    images.nothing_left()


def at_once(images: Images) -> None:
    """Four containers of an image that nobody has unpacked yet, and one hull-image that is killed. (IA-77)"""
    store = images.fresh("once.store")
    words = ["image", "--store", store, "unpack", f"{images.layout}:web"]
    with subprocess.Popen([images.runtime.path, *words], env=images.environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as unpacking:
        eventually("a beginning", lambda: list(store.glob("layers/sha256/.*")) or unpacking.poll() is not None)
        unpacking.send_signal(signal.SIGKILL)
    running = [subprocess.Popen(
        [images.runtime.path, "--root", images.state, "run", "--image", f"{images.layout}:web", "--image-store", store,
         f"c{number}"], env=images.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in range(4)]
    for one in running:
        out, err = one.communicate(timeout=120)
        equal((one.returncode, out), (0, "1000\n/srv\na b\n"), err)
    equal([path.name for path in store.glob("layers/sha256/.*")], [], "leftovers")
    equal(len(list(store.glob("layers/sha256/*"))), 3, "layers")
    images.nothing_left()


def collected(images: Images) -> None:
    """gc keeps the layers of a bundle that is there, and of nothing else. (IA-78)"""
    store, bundle = images.fresh("gc.store"), images.fresh("gc.bundle")
    images.image("bundle", f"{images.layout}:web", bundle, store=store)
    images.image("unpack", f"{images.layout}:base", store=store)
    listed = json.loads(images.image("list", "--json", store=store).out)
    equal(sorted(name for one in listed for name in one["names"]), ["base", "web"])
    images.image("remove", "web", store=store)
    said = images.image("remove", "wbe", store=store, status=1).err
    equal(said, 'hull image remove: there is no image "wbe" in the store (base)\n')
    images.image("gc", store=store)
    equal(images.hull("run", "--bundle", bundle, "one").out, "1000\n/srv\na b\n")
    shutil.rmtree(bundle)
    expect(images.image("gc", store=store).out.startswith("removed 2 layers, "), "two layers were not needed")
    images.image("remove", "base", store=store)
    images.image("gc", store=store)
    equal(list(store.glob("layers/sha256/*")), [], "layers")
    equal(list(store.glob("blobs/*/*")), [], "documents")


def progress(images: Images) -> None:
    """Bars on a terminal, a line for each layer elsewhere, nothing for what is there. (IA-79)"""
    store = images.fresh("quiet.store")
    quiet = images.image("unpack", f"{images.layout}:web", store=store)
    equal([bool(re.fullmatch(rf"layer {number}/3 [0-9a-f]{{12}}  [\d.]+ (B|KiB|MiB) unpacked", line))
           for number, line in enumerate(quiet.err.splitlines(), 1)], [True] * 3, quiet.err)
    equal(len(quiet.out.splitlines()), 3)
    equal(images.image("unpack", f"{images.layout}:web", store=store).err, "")
    big = images.folder / "big"
    big.mkdir(exist_ok=True)
    with open(big / "noise", "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
        file.write(b"umoci insert leaves out what fills the last block")
    images.do("umoci", "new", "--image", f"{images.layout}:big")
    images.do("umoci", "insert", "--image", f"{images.layout}:big", big, "/")
    shown = images.folder / "shown"
    # script(1) is a terminal for it.
    images.do("script", "--quiet", "--return", "--command",
              f"stty cols 100; {images.runtime.path} image --store {images.fresh('bars.store')} unpack "
              f"{images.layout}:big", shown)
    text = shown.read_bytes().decode()
    expect(re.search(r"\rlayer 1/1 [0-9a-f]{12}\s+\[=*> *\] [\d.]+ .?i?B of 64\.\d MiB", text), text[:2000])
    expect(re.search(r"\rtotal\s+\[=*> *\] [\d.]+ .?i?B of 64\.\d MiB", text), text[:2000])
    images.do("umoci", "rm", "--image", f"{images.layout}:big")


def hostile(images: Images) -> None:
    """What an image must not do: a number that is none, a label that commands, a volume through a link, a blob that
    was changed, an overlay's mark. Each is refused with a sentence, or left out with one. (IA-80)"""
    def configured(name: str, *words: str) -> str:
        images.do("umoci", "config", "--image", f"{images.layout}:web", "--tag", name, *words)
        return f"{images.layout}:{name}"

    def refused(reference: str, sentence: str) -> None:
        bundle = images.fresh("refused")
        said = images.image("bundle", reference, bundle, status=1).err
        expect(said.startswith("hull image bundle: ") and said.count("\n") == 1 and sentence in said, said)
        expect(not bundle.exists(), "a bundle was made")

    refused(configured("bad", "--config.user", "4294967296"), "4294967296 is out of range")
    refused(configured("bad", "--config.user", "usr"), 'the image\'s user: "usr" is not in its /etc/passwd '
                                                       '(did you mean "user"?)')
    host = images.fresh("host")
    host.mkdir()
    reference = configured("bad", "--config.label", f"run.hull.overlay.lower={host}", "--config.label",
                           f"run.oci.hooks.stdout={host}/written")
    done = images.hull("run", "--image", reference, "--image-store", images.store, "one")
    expect(done.err.count("would command the runtime") == 2 and done.out == "1000\n/srv\na b\n", done)
    equal(os.listdir(host), [])
    images.change("web", "linked", lambda root: os.symlink(f"/../../../../..{host}", root / "volume"))
    images.do("umoci", "config", "--image", f"{images.layout}:linked", "--config.volume", "/volume", "--config.volume",
              "/proc/sys")
    images.run_image("linked", "one", "sh", "-c", "echo x > /volume/x")
    equal(os.listdir(host), [], "in the directory of the host")
    layout = images.fresh("changed")
    images.do("skopeo", "copy", f"oci:{images.layout}:web", f"oci:{layout}:web")
    manifest = json.loads(images.image("inspect", "--json", f"{layout}:web").out)["manifest"]
    blob = layout / "blobs/sha256" / manifest["layers"][1]["digest"].split(":")[1]
    content = bytearray(blob.read_bytes())
    content[4] ^= 1  # the time in the head of gzip: it unpacks to the same
    blob.write_bytes(content)
    store = images.fresh("changed.store")
    said = images.image("unpack", f"{layout}:web", store=store, status=1).err.splitlines()[-1]
    expect("digest" in said, said)
    equal(len(list(store.glob("layers/sha256/*"))), 1, "layers of the store")
    for name in ("bad", "linked"):
        images.do("umoci", "rm", "--image", f"{images.layout}:{name}")
    images.nothing_left()


def platforms(images: Images) -> None:
    """An index of two machines, as builders write it: the right one is taken, the other one when it is asked for.
    (IA-81)"""
    podman = ["podman", *images.storage()]
    images.do(*podman, "manifest", "rm", "localhost/both", status=None)
    images.do(*podman, "manifest", "create", "localhost/both")
    own = "arm64" if os.uname().machine == "aarch64" else "amd64"
    for architecture in (own, "riscv64"):
        one = images.fresh(f"one.{architecture}")
        images.do("skopeo", "copy", f"oci:{images.layout}:web", f"oci:{one}:x")
        images.do("umoci", "config", "--image", f"{one}:x", "--architecture", architecture)
        images.do(*podman, "manifest", "add", "localhost/both", f"oci:{one}:x")
    both = images.fresh("both")
    images.do(*podman, "manifest", "push", "--all", "localhost/both", f"oci:{both}:both")
    listed = json.loads(images.image("list", "--json", both).out)
    equal(sorted(one["platform"]["architecture"] for one in listed), sorted([own, "riscv64"]))
    said = json.loads(images.image("inspect", "--json", f"{both}:both").out)
    equal(said["configuration"]["architecture"], own)
    done = images.image("inspect", "--json", "--platform", "linux/riscv64", f"{both}:both")
    equal((json.loads(done.out)["configuration"]["architecture"], done.err), ("riscv64", ""))
    said = images.image("inspect", "--platform", "linux/s390x", f"{both}:both", status=1).err
    expect("not for linux/s390x (it is for linux/" in said, said)
    images.hull("run", "--image", f"{both}:both", "--image-store", images.store, "one")
    images.nothing_left()


SCENARIOS = [scenario(one) for one in (
    writers, runtimes, run_image, shared, service, commit, second_start, at_once, collected, progress, hostile,
    platforms)]

if __name__ == "__main__":
    sys.exit(scenarios.main(Images, SCENARIOS))
