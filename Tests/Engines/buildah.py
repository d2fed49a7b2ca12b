#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""buildah with runtimes of choice, on images made here:  buildah.py [--only SCENARIO,...] [NAME=]RUNTIME...

As root, as podman.py, whose storage and configuration it has: what buildah builds, podman runs. Goal: a build cannot
tell one runtime from another. Method: Dockerfiles whose RUN steps say what they see; a service in Python, from its
requirements to its answer.
"""
import pathlib
import re
import shutil
import sys
import urllib.request
import zipfile

import podman
import scenarios
from scenarios import CACHE, ROOT, SECONDS, equal, eventually, expect, last_json, lacking, scenario

CERTIFICATES = "/etc/ssl/certs"
APP = ROOT / "Tests/Engines/app"


class Buildah(podman.Podman):
    """buildah beside a podman with the same storage."""
    name = "buildah"
    programs = ("buildah", "podman", "conmon")

    def start(self) -> None:
        super().start()
        self.environment |= {"BUILDAH_RUNTIME": self.runtime.path, "BUILDAH_ISOLATION": "oci"}

    def reset(self) -> None:
        self.buildah("rm", "--all", status=None)
        super().reset()

    def buildah(self, *words: str | pathlib.Path, **options) -> scenarios.Done:
        """A command of buildah. Its own default limit needs CAP_SYS_RESOURCE, so another one is said."""
        if words[0] in ("bud", "from"):
            words = (words[0], "--ulimit", "nproc=4096:4096", *words[1:])
        return self.do("buildah", *words, **options)

    def build(self, name: str, text: str, *words: str | pathlib.Path, files: dict[str, str] | None = None,
              **options) -> scenarios.Done:
        """Builds an image from a Dockerfile in a directory of its own, without a network."""
        directory = self.folder / f"{name}.build"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for file, content in ({"Dockerfile": text} | (files or {})).items():
            (directory / file).write_text(content)
        words = ("--network", "none", *words, "-t", f"localhost/{name}", directory)
        return self.buildah("bud", *words, **options)


def bud(buildah: Buildah) -> None:
    """RUN steps one after another, each on what the last one left; the image runs."""
    text = """
        FROM localhost/busybox
        WORKDIR /srv/work
        COPY given copied
        RUN cat copied > made && echo first step
        RUN ["sh", "-c", "cat made >> made.twice; cat made >> made.twice; echo second step"]
        ENV WORD="a b"
        CMD ["sh", "-c", "cat made.twice; echo $WORD"]
        """
    done = buildah.build("bud", text, files={"given": "given\n"})
    expect("first step\n" in done.out and "second step\n" in done.out, done)
    equal(buildah("run", "--rm", "localhost/bud"), "given\ngiven\na b\n")


def layers(buildah: Buildah) -> None:
    """With --layers a step that was run is not run again."""
    text = "FROM localhost/busybox\nRUN echo run > /made\nRUN cat /made && echo was-run"
    expect("was-run" in buildah.build("layers", text, "--layers").out.splitlines(), "not run")
    done = buildah.build("layers", text, "--layers")
    expect("Using cache" in done.out and "was-run" not in done.out.splitlines(), done)


def run_surroundings(buildah: Buildah) -> None:
    """USER, ENV, ARG and WORKDIR as a RUN step sees them; its confinement."""
    text = """
        FROM localhost/busybox
        ARG GIVEN
        ENV SAID=said
        WORKDIR /home/user
        USER user
        RUN echo $(id -u):$(id -g) $PWD $SAID $GIVEN
        RUN probe report security capabilities process ids
        """
    done = buildah.build("surroundings", text, "--build-arg", "GIVEN=given")
    expect("1000:1000 /home/user said given\n" in done.out, done)
    seen = last_json(next(line for line in done.out.splitlines() if line.startswith('{"')))
    equal((seen["security"]["seccomp"], seen["capabilities"]["effective"]), (2, "0" * 16))
    equal((seen["process"]["pid"], seen["ids"]["uid"]), (1, 1000))


def run_mounts(buildah: Buildah) -> None:
    """RUN --mount: tmpfs, a cache that is kept between steps, the context, a secret; nothing of them in the image."""
    text = """
        FROM localhost/busybox
        RUN --mount=type=tmpfs,target=/fast stat -f -c %T /fast && touch /fast/x
        RUN --mount=type=cache,target=/cache echo kept >> /cache/file
        RUN --mount=type=cache,target=/cache cat /cache/file
        RUN --mount=type=bind,source=given,target=/given,ro cat /given
        RUN --mount=type=secret,id=word,target=/word cat /word
        RUN ls /fast /cache | wc -l
        """
    (buildah.folder / "word").write_text("hidden\n")
    options = ("--secret", f"id=word,src={buildah.folder}/word", "-v", f"{buildah.folder}/word:/outside:ro")
    done = buildah.build("mounts", text, *options, files={"given": "given\n"})
    said = [line for line in done.out.splitlines() if re.fullmatch(r"tmpfs|kept|given|hidden", line)]
    equal(said, ["tmpfs", "kept", "given", "hidden"])
    said = buildah("run", "--rm", "localhost/mounts", "sh", "-c", "cat /fast/x /word /given /cache/file 2>&1 | sort -u")
    expect(said.count("No such file") == 4 and len(said.splitlines()) == 4, said)


def failing_step(buildah: Buildah) -> None:
    """A step that fails ends the build with its exit status and the runtime's words; nothing of it stays."""
    before = buildah("images", "-q")
    done = buildah.build("failing", "FROM localhost/busybox\nRUN echo here; exit 7", status=7)
    expect("exit status 7" in done.err, done)
    done = buildah.build("failing", 'FROM localhost/busybox\nRUN ["no-such-program"]', status=None)
    expect(done.status != 0 and "no-such-program" in done.err and "found" in done.err, done)
    equal(buildah("images", "-q"), before, "images")
    equal(buildah.buildah("containers", "-q").out, "", "containers")


def from_run_commit(buildah: Buildah) -> None:
    """A working container: from, run with options, standard input, exit statuses, commit."""
    name = buildah.buildah("from", "--network", "none", "localhost/busybox").out.strip()
    run = ("run", "--network", "none")
    equal(buildah.buildah(*run, name, "--", "sh", "-c", "echo made > /made; echo out").out, "out\n")
    equal(buildah.buildah(*run, name, "cat", text="in and out\n").out, "in and out\n")
    buildah.buildah(*run, name, "sh", "-c", "exit 9", status=9)
    seen = last_json(buildah.buildah(*run, "--user", "1000", "--cap-add", "CAP_SYS_ADMIN", "--hostname", "named",
                                     "--workingdir", "/tmp", name, "probe", "report", "ids", "names", "cwd").out)
    equal((seen["ids"]["uid"], seen["names"]["hostname"], seen["cwd"]), (1000, "named", "/tmp"))
    seen = last_json(buildah.buildah(*run, "--terminal", name, "probe", "tty", terminal=True).out)
    expect(seen["isatty"][:2] == [True, True], seen)
    buildah.buildah("commit", "-q", name, "localhost/committed")
    buildah.buildah("rm", name)
    equal(buildah("run", "--rm", "localhost/committed", "cat", "/made"), "made\n")


def python_image(buildah: Buildah) -> None:
    """localhost/python: Debian's Python, with pip, under the name that Dockerfiles use."""
    archive = CACHE / "python-pip.tar"
    if not archive.exists():
        made = scenarios.root_archive(buildah.folder, "python-pip")
        shutil.copy(made, archive.with_suffix(".new"))
        archive.with_suffix(".new").rename(archive)
    buildah("import", "--change", "ENV=PATH=/usr/local/bin:/usr/bin:/bin", archive, "localhost/python:latest")


def wheels(buildah: Buildah) -> pathlib.Path:
    """A directory with a wheel of the required name, whose one function finds what the service asks for: no network."""
    directory = buildah.folder / "wheels"
    directory.mkdir()
    name, version = (APP / "requirements.txt").read_text().strip().split("==")
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{name}/reporter.py": "class Reporter:\n    def __init__(self, out, err): self.out = out",
        f"{name}/api.py": "def check(text, name, to): to.out.write(f\"{name}:1:7: undefined name 'undefined'\\n\")",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: hull\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return directory


def service(buildah: Buildah) -> None:
    """A service in Python: its requirements by pip, its files, CMD; built, run, asked over loopback, its logs read."""
    python_image(buildah)
    directory = buildah.folder / "service"
    shutil.copytree(APP, directory)
    # The network of this machine, with the certificates that it trusts.
    options = ("--network", "host", "-v", f"{CERTIFICATES}:{CERTIFICATES}:ro", "--env",
               f"PIP_CERT={CERTIFICATES}/ca-certificates.crt")
    if lacking(["pypi"]):
        options = ("--network", "none", "-v", f"{wheels(buildah)}:/wheels:ro", "--env", "PIP_FIND_LINKS=/wheels",
                   "--env", "PIP_NO_INDEX=1")
    done = buildah.buildah("bud", *options, "-t", "localhost/service", directory, seconds=10 * SECONDS)
    expect("Successfully installed pyflakes-" in done.out, done)
    buildah("run", "-d", "--name", "service", "--network", "host", "localhost/service")
    port = eventually("it listens", lambda: re.search(r"listening on (\d+)", buildah("logs", "service")))[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/a/path", timeout=SECONDS) as answer:
        said = answer.read().decode()
    equal(said, "program:1:7: undefined name 'undefined'\n")
    eventually("the request is logged", lambda: "GET /a/path" in buildah.do("podman", "logs", "service").err)
    buildah("stop", "-t", "20", "service")
    equal(buildah.status("service"), 0)
    buildah("rm", "service")


SCENARIOS = [
    scenario(bud),
    scenario(layers),
    scenario(run_surroundings),
    scenario(run_mounts),
    scenario(failing_step),
    scenario(from_run_commit),
    scenario(service),
    scenario(podman.nothing_left),
]

if __name__ == "__main__":
    sys.exit(scenarios.main(Buildah, SCENARIOS))
