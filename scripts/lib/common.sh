# SPDX-License-Identifier: Apache-2.0
# What every script here shares; sourced, not run.

# shellcheck disable=SC2034 # the scripts that source this use it
HULL_CACHE=${HULL_CACHE:-/var/cache/hull}

# say one clear sentence and stop
die() {
    echo "${0##*/}: $*" >&2
    exit 125
}

need_root() {
    [ "$(id -u)" = 0 ] || die "this must run as root: namespaces, mounts and cgroups are made for real."
}

need_kernel() { # openat2, clone3, close_range, mount_setattr and cgroup.kill together are 5.14
    local major minor
    IFS=.- read -r major minor _ < /proc/sys/kernel/osrelease
    [ "$((major * 1000 + minor))" -ge 5014 ] || die "Linux 5.14 or newer is needed; this is $(uname -r)."
}

need_facilities() {
    need_root
    need_kernel
    grep -qw cgroup2 /proc/filesystems || die "this kernel has no cgroup v2 (cgroup2 is not in /proc/filesystems)."
    unshare --user --map-root-user true 2> /dev/null ||
        die "user namespaces cannot be made here (see /proc/sys/user/max_user_namespaces)."
    unshare --mount true 2> /dev/null || die "mount namespaces cannot be made here: CAP_SYS_ADMIN is missing."
}

need_swift() {
    command -v swift > /dev/null || die "swift is not in PATH: install the Swift 6.3 toolchain from swift.org first."
    local version
    version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1\2/p')
    [ "${version:-0}" -ge 63 ] || die "Swift 6.3 or newer is needed; this is $(swift --version 2> /dev/null | head -1)"
}
