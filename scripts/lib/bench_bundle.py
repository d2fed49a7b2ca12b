# SPDX-License-Identifier: Apache-2.0
"""The bundles of scripts/bench and scripts/instructions: what Debian's `runc spec` writes, with what a case asks."""
import json
import os
import pathlib
import subprocess

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
# Calls of which every architecture and version of libseccomp knows the name; a rule is about one argument of one.
CALLS = ("read write lseek fcntl dup2 ioctl flock fsync fchdir fchmod fchown umask getpgid setpgid getsid mlock "
         "munlock madvise mprotect msync mincore prctl kill tgkill tkill alarm nice sync acct truncate ftruncate chdir "
         "rename mkdir rmdir link unlink symlink readlink chmod access chroot mount umount2 swapon swapoff "
         "personality").split()


def config(root: pathlib.Path, words: list[str] | None = None, cgroup_namespace: bool = True,
           memory: int | None = None, podmans_seccomp: bool = False, rules: int | None = None,
           mounts: int | None = None, volume: pathlib.Path | None = None) -> dict:
    """`rules` is a number of seccomp rules, `mounts` of read-only bind mounts of `volume`."""
    folder = root.parent / "spec"
    folder.mkdir(exist_ok=True)
    if not (folder / "config.json").exists():
        path = os.environ | {"PATH": "/usr/sbin:/usr/bin:/bin"}
        subprocess.run(["runc", "spec"], cwd=folder, check=True, env=path)
    said = json.loads((folder / "config.json").read_text())
    said["root"]["path"] = str(root)
    said["process"] |= {"terminal": False, "args": words or ["/true"]}
    linux = said["linux"]
    linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != "cgroup"]
    linux["namespaces"] += [{"type": "cgroup"}] if cgroup_namespace else []
    if podmans_seccomp:
        linux["seccomp"] = json.loads(subprocess.run([SCRIPTS / "profile.py"], check=True, capture_output=True).stdout)
    if rules is not None:
        linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                            "syscalls": [rule(number) for number in range(rules)]}
    if mounts is not None:
        said["mounts"].append({"destination": "/m", "type": "tmpfs", "source": "tmpfs"})
        said["mounts"] += [{"destination": f"/m/{n}", "type": "bind", "source": str(volume), "options": ["bind", "ro"]}
                           for n in range(mounts)]
    if memory:
        linux["resources"]["memory"] = {"limit": memory}
    return said


def rule(number: int) -> dict:
    """No two are alike, and none ever matches a call that a container of the cases makes."""
    argument = {"index": number // len(CALLS) % 3, "value": 0xBE0000 + number, "op": "SCMP_CMP_EQ"}
    return {"names": [CALLS[number % len(CALLS)]], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [argument]}
