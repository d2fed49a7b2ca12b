# SPDX-License-Identifier: Apache-2.0
"""What a pod's manifest asks for its containers: securityContext, volumes, devices, sysctls, resources."""
import json
import os
import pathlib
import subprocess

from kubelet import NODE, Kubelet
from scenarios import equal, expect, scenario

RUNTIME_DEFAULT, UNCONFINED, LOCALHOST = 0, 1, 2
PRIVATE, HOST_TO_CONTAINER, BIDIRECTIONAL = 0, 1, 2


def process(kubelet: Kubelet) -> None:
    """command, args, env, workingDir; and what the image says where the pod says nothing."""
    with kubelet.pod() as pod:
        seen = pod.probe("report", "env", "cwd", "argv", envs=[{"key": "A", "value": "b=c"}], working_dir="/home",
                         args=["last"])
        expect("A=b=c" in seen["env"] and "PATH=/bin" in seen["env"], seen["env"])
        equal((seen["cwd"], seen["argv"][-1]), ("/home", "last"))
        equal(pod.lines(args=["sh", "-c", "echo $0"]), ["sh"])


def user(kubelet: Kubelet) -> None:
    """runAsUser, runAsGroup, supplementalGroups; a user by name, whose groups come from the image."""
    with kubelet.pod() as pod:
        seen = pod.probe("report", "ids", "capabilities", security={
            "run_as_user": {"value": 1000}, "run_as_group": {"value": 3000}, "supplemental_groups": [4000, 5000]})
        equal((seen["ids"]["uid"], seen["ids"]["gid"]), (1000, 3000))
        expect({4000, 5000} <= set(seen["ids"]["groups"]), seen)
        equal(seen["capabilities"]["effective"], "0000000000000000")
        seen = pod.probe("report", "ids", security={"run_as_username": "user"})
        equal(seen["ids"]["uid"], 1000)
        expect(2000 in seen["ids"]["groups"], seen)


def capabilities(kubelet: Kubelet) -> None:
    def sets(pod, **said) -> dict:
        return pod.probe("report", "capabilities", security={"capabilities": said})["capabilities"]

    with kubelet.pod() as pod:
        equal(sets(pod)["bounding"], "00000000a80425fb")
        equal(sets(pod, drop_capabilities=["ALL"])["bounding"], "0000000000000000")
        equal(sets(pod, drop_capabilities=["ALL"], add_capabilities=["NET_BIND_SERVICE"])["effective"],
              "0000000000000400")
        equal(sets(pod, drop_capabilities=["CHOWN"], add_capabilities=["SYS_TIME"])["effective"], "00000000aa0425fa")


def seccomp(kubelet: Kubelet) -> None:
    """RuntimeDefault, Unconfined, Localhost; allowPrivilegeEscalation."""
    profile = kubelet.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 123}]}))
    with kubelet.pod() as pod:
        for said, mode, error in [({"profile_type": RUNTIME_DEFAULT}, 2, 0), ({"profile_type": UNCONFINED}, 0, 0),
                                  ({"profile_type": LOCALHOST, "localhost_ref": str(profile)}, 2, 123)]:
            for escalation in [True, False]:
                security = {"seccomp": said, "no_new_privs": not escalation}
                lines = pod.lines("probe", "report", "security", ",", "mkdir", "/x", security=security)
                seen = [json.loads(line) for line in lines]
                equal(seen[0]["security"]["seccomp"], mode, said)
                equal(bool(seen[0]["security"]["noNewPrivileges"]), not escalation, "no_new_privs")
                equal(seen[1].get("errno", 0), error, said)


def root(kubelet: Kubelet) -> None:
    """readOnlyRootFilesystem, and the paths that a pod masks itself."""
    with kubelet.pod() as pod:
        lines = pod.lines("probe", "write", "/file", "x", ",", "write", "/dev/shm/file", "x",
                          security={"readonly_rootfs": True})
        equal([json.loads(line).get("name", "ok") for line in lines], ["EROFS", "ok"])
        lines = pod.lines("probe", "read", "/proc/meminfo", ",", "set", "/proc/sys/kernel/domainname", "x", security={
            "masked_paths": ["/proc/meminfo"], "readonly_paths": ["/proc/sys"]})
        seen = [json.loads(line) for line in lines]
        equal((seen[0]["content"], seen[1]["name"]), ("", "EROFS"))


def privileged(kubelet: Kubelet) -> None:
    context = {"namespace_options": {"network": 0, "pid": 1}, "privileged": True}
    with kubelet.pod(linux={"security_context": context}) as pod:
        seen = pod.probe("report", "mounts", "security", "capabilities", security={"privileged": True})
        options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
        expect("rw" in options["/sys"] and "/proc/sys" not in options, options)
        equal(seen["security"]["seccomp"], 0)
        expect(int(seen["capabilities"]["effective"], 16) >> 21 & 1, "no CAP_SYS_ADMIN")


def volumes(kubelet: Kubelet) -> None:
    """A host path, read-only or not; what is mounted later is seen as the propagation says."""
    folder = kubelet.folder / "volume"
    (folder / "inner").mkdir(parents=True)
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "--make-rshared", folder], check=True)
    try:
        with kubelet.pod() as pod:
            lines = pod.lines("probe", "write", "/read/x", "x", ",", "write", "/write/x", "x", mounts=[
                {"host_path": str(folder), "container_path": "/read", "readonly": True},
                {"host_path": str(folder), "container_path": "/write"}])
            equal([json.loads(line).get("name", "ok") for line in lines], ["EROFS", "ok"])
            equal((folder / "x").read_text(), "x")
            for propagation in [PRIVATE, HOST_TO_CONTAINER, BIDIRECTIONAL]:
                propagated(pod, folder, propagation)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def propagated(pod, folder: pathlib.Path, propagation: int) -> None:
    container = pod.start("sleep", "1000", mounts=[
        {"host_path": str(folder), "container_path": "/volume", "propagation": propagation}],
        security={"capabilities": {"add_capabilities": ["SYS_ADMIN"]}, "seccomp": {"profile_type": UNCONFINED}})
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / "inner"], check=True)
    try:
        (folder / "inner/file").touch()
        status = container.exec_sync("test", "-e", "/volume/inner/file")[2]
        equal(status == 0, propagation != PRIVATE, f"seen inside with propagation {propagation}")
    finally:
        subprocess.run(["umount", folder / "inner"], check=True)
    out, err, status = container.exec_sync("mount", "-t", "tmpfs", "tmpfs", "/volume/inner")
    equal(status, 0, err)
    equal(os.path.ismount(folder / "inner"), propagation == BIDIRECTIONAL, f"seen outside with {propagation}")
    container.exec_sync("umount", "/volume/inner")
    container.stop(timeout=0)


def devices(kubelet: Kubelet) -> None:
    with kubelet.pod() as pod:
        lines = pod.lines("probe", "open", "/dev/other", "r", ",", "open", "/dev/other", "w", ",", "mknod", "/x", "c",
                          "1", "11", ",", "open", "/x", "r", devices=[
                              {"host_path": "/dev/zero", "container_path": "/dev/other", "permissions": "rw"}])
        equal([json.loads(line).get("name", "ok") for line in lines], ["ok", "ok", "ok", "EPERM"])


def sysctls_and_names(kubelet: Kubelet) -> None:
    """The pod's sysctls, hostname and resolver, in each of its containers."""
    context = {"namespace_options": {"network": 0, "pid": 1}}
    with kubelet.pod(hostname="named", dns_config={"servers": ["192.0.2.1"], "searches": ["example"]}, linux={
            "security_context": context, "sysctls": {"net.ipv4.ip_unprivileged_port_start": "80"}}) as pod:
        lines = pod.lines("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "/etc/resolv.conf", "/etc/hostname")
        expect(lines[0] == "80" and "nameserver 192.0.2.1" in lines and lines[-1] == "named", lines)


def resources(kubelet: Kubelet) -> None:
    """Limits in the pod's cgroup, changed in the running container; statistics."""
    limits = {"cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 512, "memory_limit_in_bytes": 64 << 20,
              "cpuset_cpus": "0", "unified": {"memory.high": str(60 << 20)}}

    def files(container) -> list[str]:
        names = ["cpu.max", "memory.max", "cpuset.cpus", "memory.high"]
        return container.exec_sync("cat", *[f"/sys/fs/cgroup/{name}" for name in names])[0].splitlines()

    with kubelet.pod() as pod:
        container = pod.start("sleep", "1000", resources=limits)
        equal(files(container), ["50000 100000", str(64 << 20), "0", str(60 << 20)])
        parent = pod.config["linux"]["cgroup_parent"]
        here = pathlib.Path(f"/sys/fs/cgroup{parent}/{container.id}")
        equal((here / "memory.max").read_text(), f"{64 << 20}\n")
        stats = kubelet.cri("ContainerStats", container_id=container.id)["stats"]
        expect(0 < stats["memory"]["working_set_bytes"]["value"] < 64 << 20, stats)
        expect(stats["cpu"]["usage_core_nano_seconds"]["value"] > 0, stats)
        kubelet.cri("UpdateContainerResources", container_id=container.id, linux={
            "cpu_period": 100000, "cpu_quota": 25000, "memory_limit_in_bytes": 80 << 20})
        equal(files(container)[:2], ["25000 100000", str(80 << 20)])


def oom(kubelet: Kubelet) -> None:
    """Killed for want of memory, and the status says so."""
    with kubelet.pod() as pod:
        container = pod.start("probe", "alloc", "200000000", resources={"memory_limit_in_bytes": 64 << 20})
        equal(container.await_end(), 137)
        equal(container.status()["reason"], "OOMKilled")


def systemd(kubelet: Kubelet) -> None:
    """The systemd driver: the pod is a slice, its containers are scopes in it; changed, read back, gone."""
    context = {"namespace_options": {"network": NODE, "pid": 1}}
    slice = f"tested-{kubelet.runtime.name}.slice"
    with kubelet.pod(handler="systemd", linux={"cgroup_parent": slice, "security_context": context}) as pod:
        container = pod.start("sleep", "1000", resources={"memory_limit_in_bytes": 64 << 20})
        unit = f"cri-containerd-{container.id}.scope"
        said = kubelet.do("systemctl", "show", "-p", "Slice,MemoryMax", unit).out.split()
        equal(set(said), {f"Slice={slice}", f"MemoryMax={64 << 20}"})
        kubelet.do("systemctl", "daemon-reload")
        kubelet.cri("UpdateContainerResources", container_id=container.id, linux={"memory_limit_in_bytes": 80 << 20})
        equal(container.exec_sync("cat", "/sys/fs/cgroup/memory.max")[0], f"{80 << 20}\n")
        stats = kubelet.cri("ContainerStats", container_id=container.id)["stats"]
        expect(stats["memory"]["working_set_bytes"]["value"] > 0, stats)
        equal(container.stop(timeout=0), 137)
    equal(kubelet.do("systemctl", "list-units", "--plain", "--no-legend", unit).out, "", "left")


SCENARIOS = [
    *map(scenario, [process, user, capabilities, seccomp, root, privileged, volumes, devices, sysctls_and_names]),
    scenario(resources, "memory", "cpu", "cpuset"),
    scenario(oom, "memory"),
    scenario(systemd, "systemd"),
]
