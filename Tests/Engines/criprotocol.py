# SPDX-License-Identifier: Apache-2.0
"""The Container Runtime Interface (runtime.v1) as far as it is used here: messages, their coding, and streams.

A message is a dictionary; MESSAGES has the number and the type of each field as the protocol assigns them. A type is
int (also for bool and enum), str, bytes, dict (a map of strings), the name of a message, or a list of one of these.
"""
import base64
import json
import os
import socket
import struct
import sys
import urllib.parse

sys.path.append("/usr/lib/python3/dist-packages")  # of Debian's python3-grpcio, whichever python runs this
import grpc  # noqa: E402

from scenarios import SECONDS, expect  # noqa: E402

ID, CONTAINER, POD = {"id": (1, str)}, {"container_id": (1, str)}, {"pod_sandbox_id": (1, str)}
MESSAGES = {
    "Int64Value": {"value": (1, int)},
    "UInt64Value": {"value": (1, int)},
    "PodSandboxMetadata": {"name": (1, str), "uid": (2, str), "namespace": (3, str), "attempt": (4, int)},
    "NamespaceOption": {"network": (1, int), "pid": (2, int), "ipc": (3, int), "target_id": (4, str)},
    "SecurityProfile": {"profile_type": (1, int), "localhost_ref": (2, str)},
    "LinuxSandboxSecurityContext": {
        "namespace_options": (1, "NamespaceOption"), "run_as_user": (3, "Int64Value"), "privileged": (6, int),
        "seccomp": (9, "SecurityProfile")},
    "LinuxPodSandboxConfig": {"cgroup_parent": (1, str), "security_context": (2, "LinuxSandboxSecurityContext"),
                              "sysctls": (3, dict)},
    "DNSConfig": {"servers": (1, [str]), "searches": (2, [str]), "options": (3, [str])},
    "PodSandboxConfig": {"metadata": (1, "PodSandboxMetadata"), "hostname": (2, str), "log_directory": (3, str),
                         "dns_config": (4, "DNSConfig"), "labels": (6, dict), "annotations": (7, dict),
                         "linux": (8, "LinuxPodSandboxConfig")},
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig"), "runtime_handler": (2, str)},
    "RunPodSandboxResponse": POD, "StopPodSandboxRequest": POD, "RemovePodSandboxRequest": POD,
    "PodSandboxStatusRequest": POD, "PodSandboxStatusResponse": {"status": (1, "PodSandboxStatus")},
    "PodSandboxNetworkStatus": {"ip": (1, str)},
    "PodSandboxStatus": ID | {"state": (3, int), "network": (5, "PodSandboxNetworkStatus"),
                              "runtime_handler": (9, str)},
    "ListPodSandboxResponse": {"items": (1, ["PodSandbox"])}, "PodSandbox": ID,
    "ImageSpec": {"image": (1, str)},
    "KeyValue": {"key": (1, str), "value": (2, str)},
    "Mount": {"container_path": (1, str), "host_path": (2, str), "readonly": (3, int), "propagation": (5, int)},
    "Device": {"container_path": (1, str), "host_path": (2, str), "permissions": (3, str)},
    "ContainerMetadata": {"name": (1, str), "attempt": (2, int)},
    "LinuxContainerResources": {
        "cpu_period": (1, int), "cpu_quota": (2, int), "cpu_shares": (3, int), "memory_limit_in_bytes": (4, int),
        "oom_score_adj": (5, int), "cpuset_cpus": (6, str), "unified": (9, dict)},
    "Capability": {"add_capabilities": (1, [str]), "drop_capabilities": (2, [str])},
    "LinuxContainerSecurityContext": {
        "capabilities": (1, "Capability"), "privileged": (2, int), "namespace_options": (3, "NamespaceOption"),
        "run_as_user": (5, "Int64Value"), "run_as_username": (6, str), "readonly_rootfs": (7, int),
        "supplemental_groups": (8, [int]), "no_new_privs": (11, int), "run_as_group": (12, "Int64Value"),
        "masked_paths": (13, [str]), "readonly_paths": (14, [str]), "seccomp": (15, "SecurityProfile")},
    "LinuxContainerConfig": {"resources": (1, "LinuxContainerResources"),
                             "security_context": (2, "LinuxContainerSecurityContext")},
    "ContainerConfig": {
        "metadata": (1, "ContainerMetadata"), "image": (2, "ImageSpec"), "command": (3, [str]), "args": (4, [str]),
        "working_dir": (5, str), "envs": (6, ["KeyValue"]), "mounts": (7, ["Mount"]), "devices": (8, ["Device"]),
        "labels": (9, dict), "annotations": (10, dict), "log_path": (11, str), "stdin": (12, int),
        "stdin_once": (13, int), "tty": (14, int), "linux": (15, "LinuxContainerConfig")},
    "CreateContainerRequest": POD | {"config": (2, "ContainerConfig"), "sandbox_config": (3, "PodSandboxConfig")},
    "CreateContainerResponse": CONTAINER, "StartContainerRequest": CONTAINER, "RemoveContainerRequest": CONTAINER,
    "StopContainerRequest": CONTAINER | {"timeout": (2, int)},
    "ContainerStatusRequest": CONTAINER, "ContainerStatusResponse": {"status": (1, "ContainerStatus")},
    "ContainerStatus": ID | {"state": (3, int), "exit_code": (7, int), "reason": (10, str), "message": (11, str)},
    "ListContainersResponse": {"containers": (1, ["Container"])}, "Container": ID,
    "UpdateContainerResourcesRequest": CONTAINER | {"linux": (2, "LinuxContainerResources")},
    "ExecSyncRequest": CONTAINER | {"cmd": (2, [str]), "timeout": (3, int)},
    "ExecSyncResponse": {"stdout": (1, bytes), "stderr": (2, bytes), "exit_code": (3, int)},
    "ExecRequest": CONTAINER | {"cmd": (2, [str]), "tty": (3, int), "stdin": (4, int), "stdout": (5, int),
                                "stderr": (6, int)},
    "ExecResponse": {"url": (1, str)},
    "AttachRequest": CONTAINER | {"stdin": (2, int), "tty": (3, int), "stdout": (4, int), "stderr": (5, int)},
    "AttachResponse": {"url": (1, str)},
    "ContainerStatsRequest": CONTAINER, "ContainerStatsResponse": {"stats": (1, "ContainerStats")},
    "ContainerStats": {"cpu": (2, "CpuUsage"), "memory": (3, "MemoryUsage")},
    "CpuUsage": {"usage_core_nano_seconds": (2, "UInt64Value")},
    "MemoryUsage": {"working_set_bytes": (2, "UInt64Value"), "usage_bytes": (4, "UInt64Value")},
    "VersionResponse": {"runtime_name": (2, str), "runtime_api_version": (4, str)},
    "StatusResponse": {"status": (1, "RuntimeStatus")}, "RuntimeStatus": {"conditions": (1, ["RuntimeCondition"])},
    "RuntimeCondition": {"type": (1, str), "status": (2, int), "message": (4, str)},
}
VARINT, LENGTH = 0, 2  # wire types: numbers, and everything that has a length


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def encode(name: str, message: dict) -> bytes:
    out = b""
    for key, value in message.items():
        number, kind = MESSAGES.get(name, {})[key]
        if kind is dict:
            value, kind = [{"key": k, "value": v} for k, v in value.items()], ["KeyValue"]
        for one in value if isinstance(kind, list) else [value]:
            of = kind[0] if isinstance(kind, list) else kind
            if of is int:
                out += varint(number << 3 | VARINT) + varint(int(one))
            else:
                data = one.encode() if of is str else one if of is bytes else encode(of, one)
                out += varint(number << 3 | LENGTH) + varint(len(data)) + data
    return out


def decode(name: str, data: bytes) -> dict:
    """The fields that we know of; strings, numbers and messages that are not there are empty."""
    fields = {number: (key, kind) for key, (number, kind) in MESSAGES.get(name, {}).items()}
    found = {key: [] if isinstance(kind, list) else {} if isinstance(kind, str) else kind()
             for key, kind in fields.values()}
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value - (1 << 64) if value >> 63 else value

    while at < len(data):
        tag = number()
        key, kind = fields.get(tag >> 3, ("", None))
        of = kind[0] if isinstance(kind, list) else kind
        if tag & 7 == VARINT:
            value = number()
        else:
            expect(tag & 7 == LENGTH, f"{name}: wire type {tag & 7}")
            length = number()
            value, at = data[at:at + length], at + length
            value = value.decode() if of is str else decode(of, value) if isinstance(of, str) else value
        if isinstance(kind, list):
            found[key].append(value)
        elif key:
            found[key] = value
    return found


class Refused(AssertionError):
    """The answer is an error."""


class Client:
    def __init__(self, address: str):
        self.channel = grpc.insecure_channel(f"unix://{address}")

    def __call__(self, method: str, **request) -> dict:
        call = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}")
        try:
            return decode(f"{method}Response", call(encode(f"{method}Request", request), timeout=SECONDS))
        except grpc.RpcError as error:
            raise Refused(f"{method}: {error.code().name}: {error.details()}") from None


class Stream:
    """The other end of exec and attach: a WebSocket with the protocol v4.channel.k8s.io."""
    STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)

    def __init__(self, url: str):
        where = urllib.parse.urlparse(url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=SECONDS)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall("\r\n".join([
            f"GET {where.path}?{where.query} HTTP/1.1", f"Host: {where.netloc}", "Upgrade: websocket",
            "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: v4.channel.k8s.io", f"Origin: http://{where.netloc}", "", ""]).encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        expect(b" 101 " in status, status)
        while self.file.readline().strip():
            pass
        self.said = {self.STDOUT: b"", self.STDERR: b"", self.ERROR: b""}

    def give(self, channel: int, data: bytes) -> None:
        data, mask = bytes([channel]) + data, os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        expect(len(data) < 126, "too long for one frame")
        self.socket.sendall(bytes([0x82, 0x80 | len(data)]) + mask + masked)

    def take(self) -> bool:
        """One frame; false at the end."""
        head = self.file.read(2)
        if len(head) < 2 or head[0] & 15 == 8:
            return False
        length = head[1] & 127
        if length > 125:
            length = struct.unpack(">H" if length == 126 else ">Q", self.file.read(2 if length == 126 else 8))[0]
        data = self.file.read(length)
        if head[0] & 15 in (1, 2) and data:
            self.said[data[0]] += data[1:]
        return True

    def until(self, text: bytes) -> None:
        while text not in self.said[self.STDOUT]:
            expect(self.take(), f"no {text} in {self.said}")

    def end(self) -> int:
        """The exit status, after everything was read."""
        while self.take():
            pass
        self.close()
        status = json.loads(self.said[self.ERROR] or '{"status": "Success"}')
        if status["status"] == "Success":
            return 0
        return int(next((c["message"] for c in status.get("details", {}).get("causes", [])
                         if c["reason"] == "ExitCode"), -1))

    def close(self) -> None:
        self.file.close()
        self.socket.close()
