#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Security modules that bite, one line for each scenario ("ok", "not ok"):  confinement.py RUNTIME apparmor|selinux

As root in scripts/vm, whose kernel has both modules: AppArmor is on by default, SELinux with
`-a "security=selinux selinux=1 enforcing=1"`. Goal: what apparmorProfile and selinuxLabel name confines the program,
further processes and nothing else. Method: a profile, and a policy, of our own; what the kernel says inside.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SECONDS = 100  # for one call: the machine may be emulated
CURRENT = "/proc/self/attr/current"
PROFILE = """
profile hull-confined flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  deny /srv/secret r,
}
"""
PERMISSIONS = """fork transition sigchld sigkill sigstop signull signal ptrace getsched setsched getsession getpgid
 setpgid getcap setcap share getattr setexec setfscreate noatsecure siginh setrlimit rlimitinh dyntransition setcurrent
 execmem execstack execheap setkeycreate setsockcreate getrlimit"""
# The host may become container_t, but not other_t; about everything else than processes nothing is said.
POLICY = f"""
(handleunknown allow) (mls false)
(class process ({PERMISSIONS})) (classorder (process))
(sid kernel) (sid security) (sid unlabeled) (sid fs) (sid file) (sidorder (kernel security unlabeled fs file))
(sensitivity s0) (sensitivityorder (s0))
(user u) (role r) (type host_t) (type container_t) (type other_t)
(userrole u r) (roletype r host_t) (roletype r container_t) (roletype r other_t)
(userlevel u (s0)) (userrange u ((s0) (s0)))
(sidcontext kernel (u r host_t ((s0) (s0)))) (sidcontext security (u r host_t ((s0) (s0))))
(sidcontext unlabeled (u r host_t ((s0) (s0)))) (sidcontext fs (u r host_t ((s0) (s0))))
(sidcontext file (u r host_t ((s0) (s0))))
(allow host_t host_t (process (all))) (allow host_t container_t (process (all)))
(allow container_t container_t (process (all))) (allow container_t host_t (process (sigchld)))
(allow other_t other_t (process (all)))
"""
# KEYCTL_GET_SECURITY of KEY_SPEC_SESSION_KEYRING: keyctl(2).
KEYRING = """import ctypes, sys
label = ctypes.create_string_buffer(200)
ctypes.CDLL(None).syscall(250, 17, -3, label, 200)
open(sys.argv[1], "wb").write(label.value)
"""


class AppArmor:
    key, option, good, missing = "apparmorProfile", "--apparmor", "hull-confined", "hull-missing"
    says, refusal = "hull-confined (enforce)", "no profile"

    @staticmethod
    def load(folder: pathlib.Path) -> None:
        (folder / "profile").write_text(PROFILE)
        words = ["apparmor_parser", "--replace", "--skip-cache", folder / "profile"]
        subprocess.run(words, check=True, timeout=SECONDS)


class SELinux:
    key, option, good, missing = "selinuxLabel", "--process-label", "u:r:container_t", "u:r:missing_t"
    says, refusal = "u:r:container_t", "the loaded policy has no label"

    @staticmethod
    def load(folder: pathlib.Path) -> None:
        (folder / "policy.cil").write_text(POLICY)
        subprocess.run(["secilc", "-M", "false", "-o", folder / "policy", "-f", "/dev/null", folder / "policy.cil"],
                       check=True, timeout=SECONDS)
        subprocess.run(["mount", "-t", "selinuxfs", "selinuxfs", "/sys/fs/selinux"], check=True, timeout=SECONDS)
        load = os.open("/sys/fs/selinux/load", os.O_WRONLY)
        os.write(load, (folder / "policy").read_bytes())
        os.close(load)
        expect(pathlib.Path("/sys/fs/selinux/enforce").read_text() == "1", "SELinux does not enforce")


class Runtime:
    """The runtime with a state root and bundles of its own, under a security module."""

    def __init__(self, folder: pathlib.Path, program: str, module: type):
        self.folder, self.module = folder, module
        self.command = [program, "--root", str(folder / "state")]
        (folder / "state").mkdir()

    def bundle(self, name: str, script: str, label: str, users: bool = False, hooks: dict = {}) -> pathlib.Path:
        bundle = self.folder / name
        for directory in ("bin", "proc", "dev", "sys", "srv", "run"):
            (bundle / "rootfs" / directory).mkdir(parents=True)
        shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
        for applet in ("sh", "cat", "sleep", "tr"):
            (bundle / "rootfs/bin" / applet).symlink_to("busybox")
        (bundle / "rootfs/srv/secret").write_text("secret\n")
        subprocess.run([self.command[0], "spec", "--bundle", bundle], check=True, timeout=SECONDS)
        config = json.loads((bundle / "config.json").read_text())
        config["process"].update(terminal=False, args=["/bin/sh", "-c", script], noNewPrivileges=False)
        config["process"][self.module.key] = label
        config["root"]["readonly"] = False
        config["linux"]["cgroupsPath"] = f"/confinement.{os.getpid()}/{name}"
        config["hooks"] = hooks
        if users:
            config["linux"]["namespaces"].append({"type": "user"})
            config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
            config["linux"]["gidMappings"] = config["linux"]["uidMappings"]
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def __call__(self, *words: str | pathlib.Path) -> subprocess.CompletedProcess:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            # Files, for a container that lives on would keep a pipe open.
            done = subprocess.run([*self.command, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                  timeout=SECONDS, check=False)
            for stream in (out, err):
                stream.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())

    def clean(self) -> None:
        for name in os.listdir(self.folder / "state"):
            expect(self("delete", "--force", name).returncode == 0, f"{name} cannot be deleted")


def expect(holds: bool, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)


def current(done: subprocess.CompletedProcess) -> str:
    return done.stdout.strip("\0\n")


def program(runtime: Runtime) -> None:
    """The first process is confined; nothing else is asked of the command line."""
    done = runtime("run", "--bundle", runtime.bundle("program", f"cat {CURRENT}", runtime.module.good), "program")
    expect(current(done) == runtime.module.says, done)


def further(runtime: Runtime) -> None:
    """Processes of exec, by the config and by the option, also in a user namespace whose /proc is partly masked."""
    for users in (False, True):
        name = f"further-{users}"
        bundle = runtime.bundle(name, "exec sleep 100", runtime.module.good, users)
        done = runtime("run", "--detach", "--bundle", bundle, name)
        expect(done.returncode == 0, done)
        expect(current(done := runtime("exec", name, "cat", CURRENT)) == runtime.module.says, done)
        done = runtime("exec", runtime.module.option, runtime.module.good, name, "cat", CURRENT)
        expect(current(done) == runtime.module.says, done)
        done = runtime("exec", runtime.module.option, runtime.module.missing, name, "cat", CURRENT)
        expect(done.returncode == 255 and runtime.module.refusal in done.stderr, done)


def missing(runtime: Runtime) -> None:
    """What is not loaded is an error of create at its place, and nothing is left; also where hooks come first."""
    for name, hooks in (("missing", {}), ("missing-hooks", {"startContainer": [{"path": "/bin/true"}]})):
        bundle = runtime.bundle(name, "exit 0", runtime.module.missing, hooks=hooks)
        done = runtime("create", "--bundle", bundle, name)
        expect(done.returncode == 1, done)
        expect(f"/process/{runtime.module.key}" in done.stderr and runtime.module.refusal in done.stderr, done)
        expect("`/proc/self/attr/" in done.stderr, done)
        expect(os.listdir(runtime.folder / "state").count(name) == 0, "the state is left")


def hooks(runtime: Runtime) -> None:
    """A hook of the container is not confined, the program after it is."""
    hook = {"path": "/bin/sh", "args": ["sh", "-c", f"cat {CURRENT} > /srv/hook"]}
    bundle = runtime.bundle("hooks", f"cat {CURRENT}", runtime.module.good, hooks={"startContainer": [hook]})
    done = runtime("run", "--bundle", bundle, "hooks")
    expect(current(done) == runtime.module.says, done)
    said = (bundle / "rootfs/srv/hook").read_text().strip("\0\n")
    expect(said not in ("", runtime.module.says), said)


def denied(runtime: Runtime) -> None:
    """What the profile denies is denied, and the file is there."""
    bundle = runtime.bundle("denied", "cat /srv/secret || cat /bin/sh > /dev/null && echo only", AppArmor.good)
    done = runtime("run", "--bundle", bundle, "denied")
    expect(done.stdout == "only\n" and "ermission denied" in done.stderr, done)
    done = runtime("run", "--bundle", runtime.bundle("granted", "cat /srv/secret", "unconfined"), "granted")
    expect(done.stdout == "secret\n", done)


def forbidden(runtime: Runtime) -> None:
    """A label that the runtime may not change to: the kernel says so at the execve."""
    done = runtime("run", "--bundle", runtime.bundle("forbidden", "echo never", "u:r:other_t"), "forbidden")
    expect(done.returncode == 1 and "permission denied" in done.stderr.lower() and done.stdout == "", done)


def keyring(runtime: Runtime) -> None:
    """The session keyring has the label of the program. A hook that runs in the container's session reads it."""
    said = runtime.folder / "keyring.label"
    hook = {"path": "/usr/bin/python3", "args": ["python3", "-c", KEYRING, str(said)]}
    bundle = runtime.bundle("keyring", "exit 0", SELinux.good, hooks={"createContainer": [hook]})
    done = runtime("run", "--bundle", bundle, "keyring")
    expect(done.returncode == 0, done)
    expect(said.read_text() == SELinux.says, said.read_text())


MODULES = {
    "apparmor": (AppArmor, [program, further, missing, hooks, denied]),
    "selinux": (SELinux, [program, further, missing, hooks, forbidden, keyring]),
}


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[2] not in MODULES:
        sys.exit(__doc__)
    module, scenarios = MODULES[sys.argv[2]]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hull-confinement.") as folder:
        os.chmod(folder, 0o755)
        module.load(pathlib.Path(folder))
        runtime = Runtime(pathlib.Path(folder), os.path.abspath(sys.argv[1]), module)
        for scenario in scenarios:
            try:
                scenario(runtime)
                print(f"ok {sys.argv[2]} {scenario.__name__}", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError, ValueError) as error:
                failed += 1
                print(f"not ok {sys.argv[2]} {scenario.__name__}: {error}", flush=True)
            runtime.clean()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
