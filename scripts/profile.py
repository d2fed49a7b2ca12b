#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints podman's default seccomp profile as config.json wants it:  profile.py [CAPABILITY...]

Debian's golang-github-containers-common ships it in the form of the engines, whose rules hang on the architecture and
on the capabilities of the container (default: those that `runc spec` gives).
"""
import json
import os
import sys

PROFILE = "/usr/share/containers/seccomp.json"
ARCHITECTURES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}


def applies(condition: dict, name: str, capabilities: set[str]) -> bool:
    if condition.get("arches") and name not in condition["arches"]:
        return False
    return set(condition.get("caps") or []) <= capabilities


def excluded(condition: dict, name: str, capabilities: set[str]) -> bool:
    return name in (condition.get("arches") or []) or bool(set(condition.get("caps") or []) & capabilities)


def oci(capabilities: set[str]) -> dict:
    with open(PROFILE) as file:
        profile = json.load(file)
    name, token = ARCHITECTURES[os.uname().machine]
    family = [a for a in profile["archMap"] if a["architecture"] == token]
    rules = []
    for rule in profile["syscalls"]:
        if not applies(rule.get("includes") or {}, name, capabilities):
            continue
        if excluded(rule.get("excludes") or {}, name, capabilities):
            continue
        said = {key: rule.get(key) for key in ("names", "action", "args", "errnoRet")}
        rules.append({key: value for key, value in said.items() if value not in (None, [], "")})
    said = {key: profile[key] for key in ("defaultAction", "defaultErrnoRet") if key in profile}
    return said | {"architectures": [token] + [s for a in family for s in a["subArchitectures"]], "syscalls": rules}


if __name__ == "__main__":
    given = set(sys.argv[1:]) or {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"}
    json.dump(oci(given), sys.stdout, indent=1)
