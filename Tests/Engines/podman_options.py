# SPDX-License-Identifier: Apache-2.0
"""podman: the options of run, each by what the program inside sees of it."""
import contextlib
import json
import os
import pathlib
import stat
import subprocess

from scenarios import equal, expect, last_json, scenario

ALL = int("1ffffffffff", 16)
ROOT_MAP = [0, 100000, 65536]


def default_confinement(podman) -> None:
    seen = last_json(podman("run", "--rm", "busybox", "probe", *"report security capabilities process mounts".split()))
    equal(seen["security"]["seccomp"], 2)
    equal(seen["process"]["pid"], 1)
    sets = seen["capabilities"]
    expect(sets["effective"] == sets["bounding"] and int(sets["effective"], 16) != ALL, sets)
    options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
    expect("ro" in options["/sys"] and "ro" in options["/sys/fs/cgroup"] and "ro" in options["/proc/sys"], options)


def capabilities(podman) -> None:
    def effective(*words: str) -> int:
        return int(podman.report(*words, section="capabilities")["effective"], 16)
    usual, admin, chown = effective(), 1 << 21, 1 << 0
    expect(usual & chown and not usual & admin, hex(usual))
    equal(effective("--cap-add", "SYS_ADMIN", "--cap-drop", "CHOWN"), (usual | admin) & ~chown)
    equal(effective("--cap-drop", "ALL", "--cap-add", "CAP_CHOWN"), chown)
    equal(effective("--cap-drop", "ALL"), 0)
    sets = podman.report("--user", "1000", "--cap-add", "SYS_ADMIN", section="capabilities")
    equal(int(sets["ambient"], 16), admin, "ambient capabilities of a user")


def seccomp(podman) -> None:
    """A profile from a file, and none."""
    profile = podman.folder / "profile.json"
    denied = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [denied]}))
    said = podman.probe("--security-opt", f"seccomp={profile}", action="mkdir /new")
    equal(said.get("name"), "ENOSYS")
    equal(podman.report("--security-opt", "seccomp=unconfined", section="security")["seccomp"], 0)


def no_new_privileges(podman) -> None:
    expect(podman.report("--security-opt", "no-new-privileges", section="security")["noNewPrivileges"], "not set")
    expect(not podman.report(section="security")["noNewPrivileges"], "set unasked")


def masks(podman) -> None:
    """--security-opt mask and unmask, and --privileged."""
    def sizes(*words: str) -> list[bool]:
        script = "cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l"
        said = podman("run", "--rm", *words, "busybox", "sh", "-c", script)
        return [int(number) > 0 for number in said.split()]
    equal(sizes(), [False, False])
    equal(sizes("--security-opt", "unmask=/sys/firmware")[1], bool(os.listdir("/sys/firmware")))
    said = podman("run", "--rm", "--security-opt", "mask=/etc/group", "busybox", "cat", "/etc/group")
    equal(said, "")
    equal(podman.probe("--security-opt", "unmask=ALL", action="open /proc/sys/kernel/domainname w").get("ok"), True)


def privileged(podman) -> None:
    seen = last_json(podman("run", "--rm", "--privileged", "busybox", "probe", *"report security mounts".split()))
    equal(seen["security"]["seccomp"], 0)
    options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
    expect("rw" in options["/sys"] and "/proc/sys" not in options, options)
    equal(podman.probe("--privileged", action="open /dev/kmsg r").get("ok"), True)


def apparmor(podman) -> None:
    """podman's own profile, which it loads, another and none."""
    label = podman.report(section="security")["label"]
    expect(label.startswith("containers-default-") and "(enforce)" in label, label)
    label = podman.report("--security-opt", "apparmor=unconfined", section="security")["label"]
    equal(label.strip(), "unconfined")


def devices(podman) -> None:
    """--device with another name and fewer rights, and a rule without a node. Whether there is a driver is all one."""
    node = podman.folder / "fuse"
    os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(10, 229))
    words = ("--device", f"{node}:/dev/mine:r")
    found = {one["name"]: one for one in podman.report(*words, section="dev")}
    equal((found["mine"]["major"], found["mine"]["minor"]), (10, 229))
    equal(podman.probe(*words, action="open /dev/mine w").get("name"), "EPERM")
    expect(podman.probe(*words, action="open /dev/mine r").get("name") != "EPERM", "may not be read")
    made = "mknod /dev/made c 10 229 , open /dev/made rw"
    words = ("--cap-add", "MKNOD")
    equal(podman.probe(*words, action=made).get("name"), "EPERM")
    words = (*words, "--device-cgroup-rule", "c 10:229 rwm")
    expect(podman.probe(*words, action=made).get("name") != "EPERM", "the rule has no effect")


def read_only(podman) -> None:
    words = ["write", "/file", "x", ",", "write", "/tmp/file", "x"]
    said = podman("run", "--rm", "--read-only", "busybox", "probe", *words).splitlines()
    expect(json.loads(said[0]).get("name") == "EROFS" and json.loads(said[1])["ok"], said)
    said = podman.probe("--read-only", "--read-only-tmpfs=false", action="write /tmp/file x")
    equal(said.get("name"), "EROFS")


def mounted(podman, place: str, *words: str | pathlib.Path) -> dict:
    found = [one for one in podman.report(*words, section="mounts") if one["mountpoint"] == place]
    expect(found, f"nothing is mounted on {place}")
    return found[-1] | {"options": found[-1]["options"].split(",")}


def tmpfs(podman) -> None:
    seen = mounted(podman, "/mnt", "--tmpfs", "/mnt:size=1m,mode=1770,noexec")
    expect(seen["fstype"] == "tmpfs" and "noexec" in seen["options"] and "size=1024k" in seen["superOptions"], seen)
    seen = mounted(podman, "/mnt", "--mount", "type=tmpfs,destination=/mnt,tmpfs-size=2m,ro")
    expect("ro" in seen["options"] and "size=2048k" in seen["superOptions"], seen)
    equal(podman("run", "--rm", "--tmpfs", "/etc", "busybox", "cat", "/etc/passwd").splitlines()[0],
          "root:x:0:0:root:/root:/bin/sh", "copied up")
    seen = mounted(podman, "/dev/shm", "--shm-size", "3m")
    expect("size=3072k" in seen["superOptions"], seen)


def volumes(podman) -> None:
    """Directories of the host, read-only and not, below an overlay, with another owner; volumes with a name."""
    host = podman.folder / "host"
    (host / "below").mkdir(parents=True)
    os.chmod(podman.folder, 0o755)
    (host / "file").write_text("of the host\n")
    said = podman("run", "--rm", "-v", f"{host}:/mnt", "busybox", "sh", "-c", "cat /mnt/file; echo new > /mnt/made")
    equal((said, (host / "made").read_text()), ("of the host\n", "new\n"))
    equal(podman.probe("-v", f"{host}:/mnt:ro", action="write /mnt/other x").get("name"), "EROFS")
    seen = mounted(podman, "/mnt", "-v", f"{host}:/mnt:noexec,nosuid,nodev,rslave")
    expect({"noexec", "nosuid", "nodev"} <= set(seen["options"]), seen)
    expect(any(word.startswith("master:") for word in seen["propagation"]), seen)
    seen = mounted(podman, "/mnt", "-v", f"{host}:/mnt:rshared")
    expect(any(word.startswith("shared:") for word in seen["propagation"]), seen)
    equal(podman.probe("-v", f"{host}:/mnt:O", action="write /mnt/above x").get("ok"), True)
    expect(not (host / "above").exists(), "written through the overlay")
    podman("run", "--rm", "-v", f"{host}:/mnt:U", "--user", "1000:1000", "busybox", "touch", "/mnt/owned")
    equal((host / "owned").stat().st_uid, 1000)
    podman("volume", "create", "kept")
    podman("run", "--rm", "-v", "kept:/etc", "busybox", "sh", "-c", "test -f /etc/passwd && echo kept > /etc/kept")
    podman("create", "--name", "holder", "-v", "kept:/data", "busybox", "true")
    equal(podman("run", "--rm", "--volumes-from", "holder", "busybox", "cat", "/data/kept"), "kept\n")
    podman("rm", "holder")
    podman("volume", "rm", "kept")
    mount = f"type=bind,source={host}/below,destination=/mnt,readonly"
    expect("ro" in mounted(podman, "/mnt", "--mount", mount)["options"], "not read-only")


def user(podman) -> None:
    seen = last_json(podman("run", "--rm", "--user", "1000:2000", "busybox", "probe", "report", "ids", "capabilities"))
    equal((seen["ids"]["uid"], seen["ids"]["gid"]), (1000, 2000))
    expect(set(seen["ids"]["groups"]) <= {2000}, seen)
    equal(seen["capabilities"]["effective"], "0000000000000000")
    ids = podman.report("--user", "user", "--umask", "0027", section="ids")
    equal((ids["uid"], ids["umask"]), (1000, "0027"))


def groups(podman) -> None:
    equal(set(podman.report("--group-add", "2000", "--group-add", "3000", section="ids")["groups"]) - {0}, {2000, 3000})
    # podman allows the word for crun alone, which it knows by the annotation that it writes.
    words = ["run", "--rm", "--annotation", "run.oci.keep_original_groups=1", "busybox", "probe", "report", "ids"]
    done = podman.do("setpriv", "--groups", "0,7000", "podman", *words)
    expect(7000 in last_json(done.out)["ids"]["groups"], done)


def keep_groups(podman) -> None:
    done = podman.do("setpriv", "--groups", "0,7000", "podman", "run", "--rm", "--group-add", "keep-groups", "busybox",
                     "probe", "report", "ids")
    expect(7000 in last_json(done.out)["ids"]["groups"], done)


def user_namespace(podman) -> None:
    """--uidmap and --gidmap, --userns host, joined by a second container."""
    mapped = ("--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536")
    maps = podman.report(*mapped, section="maps")
    equal((maps["uid"], maps["gid"]), ([ROOT_MAP], [[0, 200000, 65536]]))
    said = podman("run", "--rm", *mapped, "busybox", "sh", "-c", "touch /made && stat -c %u:%g /made /etc/passwd")
    equal(said.split(), ["0:0", "0:0"])
    equal(podman.report("--userns", "host", section="maps")["uid"], [[0, 0, (1 << 32) - 1]])
    podman("run", "-d", "--name", "mapped", *mapped, "busybox", "sleep", "1000")
    equal(podman.report("--userns", "container:mapped", section="maps")["uid"], [ROOT_MAP])
    equal(last_json(podman("exec", "mapped", "probe", "report", "ids"))["ids"]["uid"], 0)
    podman("rm", "-f", "-t", "0", "mapped")


def user_namespace_auto(podman) -> None:
    """--userns auto: each container has ids of its own, out of those that /etc/subuid gives to "containers"."""
    given = podman.folder / "subids"
    given.write_text("containers:300000:200000\n")
    with contextlib.ExitStack() as undone:
        for file in ("/etc/subuid", "/etc/subgid"):
            podman.do("mount", "--bind", given, file)
            undone.callback(podman.do, "umount", file)
        for name, size in (("one", 1024), ("other", 2048)):
            podman("run", "-d", "--name", name, "--userns", f"auto:size={size}", "busybox", "sleep", "1000")
        seen = {}
        for name, size in (("one", 1024), ("other", 2048)):
            inside = last_json(podman("exec", name, "probe", "report", "maps"))["maps"]
            equal(inside["uid"], inside["gid"], "maps")
            (within, first, length), = inside["uid"]
            expect(within == 0 and length == size and 300000 <= first <= 500000 - size, inside)
            equal(os.stat(f"/proc/{podman.inspect(name, '.State.Pid')}").st_uid, first, "owner of the process")
            said = podman("exec", name, "sh", "-c", "touch /made && stat -c %u:%g /made /etc/passwd")
            equal(said.split(), ["0:0", "0:0"])
            seen[name] = range(first, first + length)
        expect(not set(seen["one"]) & set(seen["other"]), seen)
        podman("rm", "-f", "-t", "0", "one", "other")


def namespaces(podman) -> None:
    """pid, ipc, uts, network and cgroup: the host's, a container's, its own."""
    def of(kind: str, *words: str) -> str:
        return podman.report(*words, section="namespaces")[kind]
    names = {"pid": "--pid", "ipc": "--ipc", "uts": "--uts", "net": "--network", "cgroup": "--cgroupns"}
    podman("run", "-d", "--name", "other", "--ipc", "shareable", "busybox", "sleep", "1000")
    pid = podman.inspect("other", ".State.Pid")
    own = podman.report(section="namespaces")
    for kind, option in names.items():
        host = os.readlink(f"/proc/self/ns/{kind}")
        expect(own[kind] != host or kind == "cgroup", f"{kind} is the host's unasked")
        equal(of(kind, option, "host"), host, f"{option} host")
        equal(of(kind, option, "container:other"), os.readlink(f"/proc/{pid}/ns/{kind}"), f"{option} container:other")
    expect(of("cgroup", "--cgroupns", "private") != os.readlink("/proc/self/ns/cgroup"), "--cgroupns private")
    expect(of("ipc", "--ipc", "private") != os.readlink("/proc/self/ns/ipc"), "--ipc private")
    expect(of("net", "--network", f"ns:/proc/{pid}/ns/net") == os.readlink(f"/proc/{pid}/ns/net"), "--network ns:")
    podman("rm", "-f", "-t", "0", "other")


def sysctls(podman) -> None:
    said = podman("run", "--rm", "--sysctl", "kernel.msgmax=9000", "--sysctl", "net.ipv4.ip_default_ttl=33", "busybox",
                  "cat", "/proc/sys/kernel/msgmax", "/proc/sys/net/ipv4/ip_default_ttl")
    equal(said.split(), ["9000", "33"])


def limits(podman) -> None:
    """--ulimit, --oom-score-adj, --personality."""
    equal(podman.report("--ulimit", "nofile=512:600", "--ulimit", "nproc=99:99", section="rlimits")["RLIMIT_NOFILE"],
          {"soft": 512, "hard": 600})
    equal(podman.report("--oom-score-adj", "500", section="oomScoreAdj"), "500")
    equal(podman("run", "--rm", "--personality", "LINUX32", "busybox", "uname", "-m"), "i686\n")


def surroundings(podman) -> None:
    """Name, environment, directory, entry point, hosts, time zone, secrets."""
    words = ["--hostname", "named", "--env", "A=b=c", "--workdir", "/home/user"]
    done = podman("run", "--rm", *words, "busybox", "probe", *"report names env cwd".split())
    seen = last_json(done)
    equal((seen["names"]["hostname"], seen["cwd"]), ("named", "/home/user"))
    expect("A=b=c" in seen["env"] and "container=podman" in seen["env"], seen)
    equal(podman("run", "--rm", "--entrypoint", '["echo","entry"]', "busybox", "and", "words"), "entry and words\n")
    (podman.folder / "secret").write_text("hidden")
    podman("secret", "create", "word", podman.folder / "secret")
    equal(podman("run", "--rm", "--secret", "word", "busybox", "cat", "/run/secrets/word"), "hidden")
    podman("secret", "rm", "word")


def root_directory(podman) -> None:
    """--rootfs: a directory in place of an image, and one below an overlay."""
    root = podman.folder / "plain"
    for name in ("bin", "dev", "proc", "sys", "etc", "run", "tmp"):
        (root / name).mkdir(parents=True)
    subprocess.run(["cp", "/bin/busybox", root / "bin/busybox"], check=True)
    words = ["/bin/busybox", "sh", "-c", "echo made > /made; echo plain"]
    equal(podman("run", "--rm", "--rootfs", f"{root}:O", *words), "plain\n")
    expect(not (root / "made").exists(), "written through the overlay")
    equal(podman("run", "--rm", "--rootfs", root, *words), "plain\n")
    equal((root / "made").read_text(), "made\n")


def hooks(podman) -> None:
    """A hook of podman's own format, chosen by an annotation, is given the state on standard input."""
    folder, said = podman.folder / "hooks.d", podman.folder / "hook.state"
    folder.mkdir()
    (folder / "hook.json").write_text(json.dumps({
        "version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", f"cat > {said}"]},
        "when": {"annotations": {"^wants$": "^hook$"}}, "stages": ["prestart"]}))
    podman("--hooks-dir", folder, "run", "--rm", "--annotation", "wants=hook", "busybox", "true")
    state = json.loads(said.read_text())
    equal((state["annotations"]["wants"], state["status"] in ("creating", "created")), ("hook", True))


SCENARIOS = [
    scenario(default_confinement),
    scenario(capabilities),
    scenario(seccomp),
    scenario(no_new_privileges),
    scenario(masks),
    scenario(privileged),
    scenario(apparmor, "apparmor"),
    scenario(devices),
    scenario(read_only),
    scenario(tmpfs),
    scenario(volumes),
    scenario(user),
    scenario(groups),
    scenario(keep_groups),
    scenario(user_namespace),
    scenario(user_namespace_auto),
    scenario(namespaces),
    scenario(sysctls),
    scenario(limits),
    scenario(surroundings),
    scenario(root_directory),
    scenario(hooks),
]
