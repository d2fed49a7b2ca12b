#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a Debian package of hull, uses it, removes it:  scripts/native python3 Tests/Package/package.py PACKAGE

In a mount namespace of its own /usr, /var and /etc become layers over the machine's own, so
that dpkg does its whole work and the machine keeps nothing of it. One line for each test, as scripts/suite.py reads it.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FAILED = []


def call(*words: object, status: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, env=os.environ | {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    if done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, words))}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done


def test(work):
    """Runs what is decorated at once, and tells how it went."""
    try:
        work()
        print(f"ok package {work.__name__}", flush=True)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as problem:
        FAILED.append(work.__name__)
        print(f"not ok package {work.__name__}: {problem}", flush=True)


def layered(folder: str, work: pathlib.Path) -> None:
    upper, under = work / folder.strip("/") / "upper", work / folder.strip("/") / "work"
    upper.mkdir(parents=True)
    under.mkdir()
    call("mount", "-t", "overlay", "-o", f"lowerdir={folder},upperdir={upper},workdir={under}", "hull-package", folder)


def rendered(page: str) -> str:
    """A page as man(1) shows it; what groff complains of is a failure."""
    done = call("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-P", "cat", page)
    assert not done.stderr, f"{page}: {done.stderr}"
    return done.stdout


def install(work: pathlib.Path, listed: list[list[str]]) -> None:
    # Goal: root runs nothing that another can change. Method: owner and mode of each entry of the archive.
    @test
    def modes():
        for mode, owner, *_, path in listed:
            assert owner == "root/root", f"{path} belongs to {owner}"
            wanted = "drwxr-xr-x" if mode[0] == "d" else "-rwxr-xr-x" if "/bin/" in path else "-rw-r--r--"
            assert mode == wanted, f"{path} has {mode}"

    # Goal: dpkg and the packages that it depends on are content. Method: its own status.
    @test
    def installed():
        call("dpkg", "--install", work / "hull.deb")
        shown = call("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "hull").stdout
        assert shown.startswith("installed "), shown
        assert call("dpkg", "--verify", "hull").stdout == ""

    # Goal: a person who has installed it can use it. Method: a container with a static program, as the README has it.
    @test
    def runs():
        version = call("dpkg-query", "-W", "-f", "${Version}", "hull").stdout
        assert call("/usr/bin/hull", "--version").stdout.startswith(f"hull version {version}\n")
        bundle = work / "bundle"
        (bundle / "rootfs/bin").mkdir(parents=True)
        shutil.copy("/bin/busybox", bundle / "rootfs/bin/sh")
        call("hull", "spec", "--bundle", bundle)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"terminal": False, "args": ["/bin/sh", "-c", "echo from within"]}
        (bundle / "config.json").write_text(json.dumps(config))
        done = call("hull", "--root", work / "state", "run", "--bundle", bundle, "packaged")
        assert done.stdout == "from within\n", done.stdout
        assert "hull image" in call("hull", "image", "--help").stdout


def look_up(work: pathlib.Path) -> None:
    # Goal: every command has a page, which groff sets without a complaint, and which man finds by its name. Method:
    # the commands that the help names.
    @test
    def manual():
        words = call("hull", "--help").stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()
        for name in ["hull"] + ["hull-" + line.split()[0] for line in words]:
            if name in ("hull-help", "hull-version"):
                continue  # said by the page of hull itself
            page = call("man", "-w", name).stdout.strip()
            assert page == f"/usr/share/man/man8/{name}.8.gz", page
            assert name in rendered(page), f"{page} does not name it"

    # Goal: the shells find the completions where they look. Method: each is asked what it has for `hull`.
    @test
    def completions():
        shown = call("bash", "-c", ". /usr/share/bash-completion/completions/hull && complete -p hull").stdout
        assert shown.startswith("complete "), shown
        if shutil.which("zsh"):
            shown = call("zsh", "-fc", "fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -Uz compinit;"
                                       f" compinit -u -d {work}/dump; echo $_comps[hull]").stdout
            assert shown == "_hull\n", shown
        if shutil.which("fish"):
            shown = call("fish", "--no-config", "-c", "source /usr/share/fish/vendor_completions.d/hull.fish;"
                                                      " complete -C 'hull che'").stdout
            assert shown.startswith("check"), shown


def remove(listed: list[list[str]]) -> None:
    # Goal: nothing is left. Method: each file of the package, after it is removed.
    @test
    def removed():
        call("dpkg", "--purge", "hull")
        left = [path for _, _, *_, path in listed if not path.endswith("/") and os.path.lexists(path.lstrip("."))]
        assert not left, left


def main() -> None:
    package = pathlib.Path(sys.argv[1]).resolve()
    if os.environ.pop("HULL_PACKAGE_APART", None) is None:
        os.environ["HULL_PACKAGE_APART"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, __file__, package])
    work = pathlib.Path(tempfile.mkdtemp(prefix="hull-package."))
    call("mount", "-t", "tmpfs", "hull-package", work)
    shutil.copy(package, work / "hull.deb")
    for folder in ("/usr", "/var", "/etc"):
        layered(folder, work)
    listed = [line.split(maxsplit=5) for line in call("dpkg-deb", "-c", work / "hull.deb").stdout.splitlines()]
    install(work, listed)
    look_up(work)
    remove(listed)
    os.chdir("/")
    for folder in ("/usr", "/var", "/etc"):
        call("umount", "--lazy", folder)
    call("umount", "--lazy", work)
    work.rmdir()
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
