// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why the kernel may refuse a call, by the calls' manual pages: what is likely on a machine that is full, busy, old or
/// restricted; the likeliest first.
enum Errnos {
    static func likely(_ number: Int) -> [Int32] {
        #if arch(x86_64)
            return rows.first { $0.numbers.contains(number) }?.errnos ?? [EPERM]
        #else
            return [EPERM]
        #endif
    }

    /// Memory of the process, and what libc asks before the program begins: who has none left cannot go on.
    static func isOfMemory(_ number: Int) -> Bool { memory.contains(number) }

    private static let memory = [9, 10, 11, 12, 25, 28]  // mmap mprotect munmap brk mremap madvise

    private static let rows: [(numbers: [Int], errnos: [Int32])] = [
        // getpid getuid getgid geteuid getegid getppid gettid umask uname exit exit_group, rt_sigaction rt_sigprocmask,
        // and what a thread tells of itself: they do not fail with valid arguments.
        ([39, 102, 104, 107, 108, 110, 186, 95, 63, 60, 231, 13, 14, 158, 218, 273, 334], []),
        ([0, 17], [EIO, EINTR]),  // read pread64
        ([1, 18, 20], [ENOSPC, EIO, EINTR]),  // write pwrite64 writev
        ([2, 257, 437], [EACCES, EMFILE, ENOMEM]),  // open openat openat2
        ([3], [EIO]),  // close
        ([4, 5, 6, 262, 332], [EACCES, ENOMEM]),  // stat fstat lstat newfstatat statx
        ([7, 271], [EINTR, ENOMEM]),  // poll ppoll
        ([9, 10, 11, 12, 25, 28], [ENOMEM]),
        ([16], [EIO, ENOTTY]),  // ioctl
        ([41, 53], [EMFILE, ENOBUFS]),  // socket socketpair
        ([42], [ECONNREFUSED, EAGAIN]),  // connect
        ([43, 288], [EMFILE, ECONNABORTED]),  // accept accept4
        ([44, 46], [EPIPE, ENOBUFS]),  // sendto sendmsg
        ([45, 47], [ENOMEM, EINTR]),  // recvfrom recvmsg
        ([49], [EADDRINUSE, EACCES]),  // bind
        ([50], [EADDRINUSE]),  // listen
        ([56, 57, 58, 435], [EAGAIN, ENOMEM]),  // clone fork vfork clone3
        ([59, 322], [ENOMEM, EACCES]),  // execve execveat
        ([61, 247], [ECHILD, EINTR]),  // wait4 waitid
        ([62, 424], [EPERM, ESRCH]),  // kill pidfd_send_signal
        ([72], [EINVAL, EMFILE]),  // fcntl
        ([73], [EINTR, ENOLCK]),  // flock
        ([79], [ENOENT]),  // getcwd
        ([80, 81], [EACCES, ENOENT]),  // chdir fchdir
        ([82, 264, 316], [ENOSPC, EINVAL, EROFS]),  // rename renameat renameat2
        ([83, 133, 258, 259, 266], [ENOSPC, EACCES, EROFS]),  // mkdir mknod mkdirat mknodat symlinkat
        ([84, 87, 263], [EACCES]),  // rmdir unlink unlinkat; EBUSY says that others are in a cgroup
        ([90, 91, 92, 93, 94, 260, 268], [EPERM, EROFS]),  // chmod fchmod chown fchown lchown fchownat fchmodat
        ([105, 106, 114, 116, 117, 119], [EPERM, EAGAIN]),  // set*id setgroups
        ([125, 126], [EPERM]),  // capget capset
        ([137, 138], [EIO, ENOMEM]),  // statfs fstatfs
        ([155, 161, 165, 166], [EPERM, EBUSY, ENOMEM]),  // pivot_root chroot mount umount2
        ([157], [EINVAL, EPERM]),  // prctl
        ([250], [EDQUOT, ENOSYS]),  // keyctl
        ([272, 308], [EPERM, ENOSPC]),  // unshare setns
        ([317], [EINVAL, ENOMEM]),  // seccomp
        ([318], [EAGAIN]),  // getrandom
        ([321], [EPERM, ENOMEM]),  // bpf
        ([428, 429, 442], [EPERM, ENOMEM, EINVAL]),  // open_tree move_mount mount_setattr
        ([430, 431, 432, 433], [EPERM, EINVAL, ENOMEM]),  // fsopen fsconfig fsmount fspick
        ([434], [EMFILE, EINVAL]),  // pidfd_open
        ([436], [EINVAL]),  // close_range
        ([439], [ENOSYS, EACCES]),  // faccessat2
    ]
}
