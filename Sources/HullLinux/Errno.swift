// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// An error number of the kernel.
package struct Errno: RawRepresentable, Hashable, Sendable {
    /// The positive number: ENOENT is 2.
    package let rawValue: Int32
    /// Takes a positive error number.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// The symbol in the kernel's header: `ENOENT`; the bare number for one that Linux does not have.
    package var name: Bytes { row.map { Bytes(stringLiteral: $0.name) } ?? "errno \(rawValue)" }
    /// The words that engines look for, in any case, to choose an exit status: `no such file or directory`.
    package var message: Bytes { row.map { Bytes(stringLiteral: $0.message) } ?? "unknown error \(rawValue)" }

    /// Whether the machine is short of something, which says nothing of the file that was asked for: what is looked for
    /// must not be taken for missing then.
    package var isShortage: Bool { [.emfile, .enomem, .eio].contains(self) }

    private var row: Row? { Errno.rows.first { $0.number == rawValue } }

    private struct Row: Sendable {
        let number: Int32
        let name: StaticString
        let message: StaticString
        init(_ number: Int32, _ name: StaticString, _ message: StaticString) {
            self.number = number
            self.name = name
            self.message = message
        }
    }

    // The numbers that hull itself decides by.
    /// Operation not permitted.
    package static let eperm = Errno(rawValue: CHull.EPERM)
    /// No such file or directory.
    package static let enoent = Errno(rawValue: CHull.ENOENT)
    /// No such process.
    package static let esrch = Errno(rawValue: CHull.ESRCH)
    /// Interrupted system call.
    package static let eintr = Errno(rawValue: CHull.EINTR)
    /// Input/output error.
    package static let eio = Errno(rawValue: CHull.EIO)
    /// No such device or address.
    package static let enxio = Errno(rawValue: CHull.ENXIO)
    /// Exec format error.
    package static let enoexec = Errno(rawValue: CHull.ENOEXEC)
    /// Bad file descriptor.
    package static let ebadf = Errno(rawValue: CHull.EBADF)
    /// No child processes.
    package static let echild = Errno(rawValue: CHull.ECHILD)
    /// Resource temporarily unavailable.
    package static let eagain = Errno(rawValue: CHull.EAGAIN)
    /// Argument list too long.
    package static let e2big = Errno(rawValue: CHull.E2BIG)
    /// Cannot allocate memory.
    package static let enomem = Errno(rawValue: CHull.ENOMEM)
    /// Permission denied.
    package static let eacces = Errno(rawValue: CHull.EACCES)
    /// Device or resource busy.
    package static let ebusy = Errno(rawValue: CHull.EBUSY)
    /// File exists.
    package static let eexist = Errno(rawValue: CHull.EEXIST)
    /// Invalid cross-device link.
    package static let exdev = Errno(rawValue: CHull.EXDEV)
    /// No such device.
    package static let enodev = Errno(rawValue: CHull.ENODEV)
    /// Not a directory.
    package static let enotdir = Errno(rawValue: CHull.ENOTDIR)
    /// Is a directory.
    package static let eisdir = Errno(rawValue: CHull.EISDIR)
    /// Invalid argument.
    package static let einval = Errno(rawValue: CHull.EINVAL)
    /// Too many open files.
    package static let emfile = Errno(rawValue: CHull.EMFILE)
    /// Text file busy.
    package static let etxtbsy = Errno(rawValue: CHull.ETXTBSY)
    /// No space left on device.
    package static let enospc = Errno(rawValue: CHull.ENOSPC)
    /// Read-only file system.
    package static let erofs = Errno(rawValue: CHull.EROFS)
    /// Broken pipe.
    package static let epipe = Errno(rawValue: CHull.EPIPE)
    /// Numerical result out of range.
    package static let erange = Errno(rawValue: CHull.ERANGE)
    /// File name too long.
    package static let enametoolong = Errno(rawValue: CHull.ENAMETOOLONG)
    /// Function not implemented.
    package static let enosys = Errno(rawValue: CHull.ENOSYS)
    /// Directory not empty.
    package static let enotempty = Errno(rawValue: CHull.ENOTEMPTY)
    /// The layers of an overlay are not those that it was written over.
    package static let estale = Errno(rawValue: CHull.ESTALE)
    /// Too many levels of symbolic links.
    package static let eloop = Errno(rawValue: CHull.ELOOP)
    /// No data available.
    package static let enodata = Errno(rawValue: CHull.ENODATA)
    /// Value too large for defined data type.
    package static let eoverflow = Errno(rawValue: CHull.EOVERFLOW)
    /// Operation not supported.
    package static let eopnotsupp = Errno(rawValue: CHull.EOPNOTSUPP)
    /// Protocol wrong type for socket.
    package static let eprototype = Errno(rawValue: CHull.EPROTOTYPE)
    /// Address already in use.
    package static let eaddrinuse = Errno(rawValue: CHull.EADDRINUSE)
    /// Connection refused.
    package static let econnrefused = Errno(rawValue: CHull.ECONNREFUSED)
    /// Connection timed out.
    package static let etimedout = Errno(rawValue: CHull.ETIMEDOUT)
    /// Disk quota exceeded.
    package static let edquot = Errno(rawValue: CHull.EDQUOT)
    /// Connection reset by peer.
    package static let econnreset = Errno(rawValue: CHull.ECONNRESET)

    /// Every error number of asm-generic/errno.h, which all architectures that Swift builds for share.
    private static let rows: [Row] = [
        Row(EPERM, "EPERM", "operation not permitted"),
        Row(ENOENT, "ENOENT", "no such file or directory"),
        Row(ESRCH, "ESRCH", "no such process"),
        Row(EINTR, "EINTR", "interrupted system call"),
        Row(EIO, "EIO", "input/output error"),
        Row(ENXIO, "ENXIO", "no such device or address"),
        Row(E2BIG, "E2BIG", "argument list too long"),
        Row(ENOEXEC, "ENOEXEC", "exec format error"),
        Row(EBADF, "EBADF", "bad file descriptor"),
        Row(ECHILD, "ECHILD", "no child processes"),
        Row(EAGAIN, "EAGAIN", "resource temporarily unavailable"),
        Row(ENOMEM, "ENOMEM", "cannot allocate memory"),
        Row(EACCES, "EACCES", "permission denied"),
        Row(EFAULT, "EFAULT", "bad address"),
        Row(ENOTBLK, "ENOTBLK", "block device required"),
        Row(EBUSY, "EBUSY", "device or resource busy"),
        Row(EEXIST, "EEXIST", "file exists"),
        Row(EXDEV, "EXDEV", "invalid cross-device link"),
        Row(ENODEV, "ENODEV", "no such device"),
        Row(ENOTDIR, "ENOTDIR", "not a directory"),
        Row(EISDIR, "EISDIR", "is a directory"),
        Row(EINVAL, "EINVAL", "invalid argument"),
        Row(ENFILE, "ENFILE", "too many open files in system"),
        Row(EMFILE, "EMFILE", "too many open files"),
        Row(ENOTTY, "ENOTTY", "inappropriate ioctl for device"),
        Row(ETXTBSY, "ETXTBSY", "text file busy"),
        Row(EFBIG, "EFBIG", "file too large"),
        Row(ENOSPC, "ENOSPC", "no space left on device"),
        Row(ESPIPE, "ESPIPE", "illegal seek"),
        Row(EROFS, "EROFS", "read-only file system"),
        Row(EMLINK, "EMLINK", "too many links"),
        Row(EPIPE, "EPIPE", "broken pipe"),
        Row(EDOM, "EDOM", "numerical argument out of domain"),
        Row(ERANGE, "ERANGE", "numerical result out of range"),
        Row(EDEADLK, "EDEADLK", "resource deadlock avoided"),
        Row(ENAMETOOLONG, "ENAMETOOLONG", "file name too long"),
        Row(ENOLCK, "ENOLCK", "no locks available"),
        Row(ENOSYS, "ENOSYS", "function not implemented"),
        Row(ENOTEMPTY, "ENOTEMPTY", "directory not empty"),
        Row(ELOOP, "ELOOP", "too many levels of symbolic links"),
        Row(ENOMSG, "ENOMSG", "no message of desired type"),
        Row(EIDRM, "EIDRM", "identifier removed"),
        Row(ECHRNG, "ECHRNG", "channel number out of range"),
        Row(EL2NSYNC, "EL2NSYNC", "level 2 not synchronized"),
        Row(EL3HLT, "EL3HLT", "level 3 halted"),
        Row(EL3RST, "EL3RST", "level 3 reset"),
        Row(ELNRNG, "ELNRNG", "link number out of range"),
        Row(EUNATCH, "EUNATCH", "protocol driver not attached"),
        Row(ENOCSI, "ENOCSI", "no CSI structure available"),
        Row(EL2HLT, "EL2HLT", "level 2 halted"),
        Row(EBADE, "EBADE", "invalid exchange"),
        Row(EBADR, "EBADR", "invalid request descriptor"),
        Row(EXFULL, "EXFULL", "exchange full"),
        Row(ENOANO, "ENOANO", "no anode"),
        Row(EBADRQC, "EBADRQC", "invalid request code"),
        Row(EBADSLT, "EBADSLT", "invalid slot"),
        Row(EBFONT, "EBFONT", "bad font file format"),
        Row(ENOSTR, "ENOSTR", "device not a stream"),
        Row(ENODATA, "ENODATA", "no data available"),
        Row(ETIME, "ETIME", "timer expired"),
        Row(ENOSR, "ENOSR", "out of streams resources"),
        Row(ENONET, "ENONET", "machine is not on the network"),
        Row(ENOPKG, "ENOPKG", "package not installed"),
        Row(EREMOTE, "EREMOTE", "object is remote"),
        Row(ENOLINK, "ENOLINK", "link has been severed"),
        Row(EADV, "EADV", "advertise error"),
        Row(ESRMNT, "ESRMNT", "srmount error"),
        Row(ECOMM, "ECOMM", "communication error on send"),
        Row(EPROTO, "EPROTO", "protocol error"),
        Row(EMULTIHOP, "EMULTIHOP", "multihop attempted"),
        Row(EDOTDOT, "EDOTDOT", "RFS specific error"),
        Row(EBADMSG, "EBADMSG", "bad message"),
        Row(EOVERFLOW, "EOVERFLOW", "value too large for defined data type"),
        Row(ENOTUNIQ, "ENOTUNIQ", "name not unique on network"),
        Row(EBADFD, "EBADFD", "file descriptor in bad state"),
        Row(EREMCHG, "EREMCHG", "remote address changed"),
        Row(ELIBACC, "ELIBACC", "can not access a needed shared library"),
        Row(ELIBBAD, "ELIBBAD", "accessing a corrupted shared library"),
        Row(ELIBSCN, "ELIBSCN", ".lib section in a.out corrupted"),
        Row(ELIBMAX, "ELIBMAX", "attempting to link in too many shared libraries"),
        Row(ELIBEXEC, "ELIBEXEC", "cannot exec a shared library directly"),
        Row(EILSEQ, "EILSEQ", "invalid or incomplete multibyte or wide character"),
        Row(ERESTART, "ERESTART", "interrupted system call should be restarted"),
        Row(ESTRPIPE, "ESTRPIPE", "streams pipe error"),
        Row(EUSERS, "EUSERS", "too many users"),
        Row(ENOTSOCK, "ENOTSOCK", "socket operation on non-socket"),
        Row(EDESTADDRREQ, "EDESTADDRREQ", "destination address required"),
        Row(EMSGSIZE, "EMSGSIZE", "message too long"),
        Row(EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"),
        Row(ENOPROTOOPT, "ENOPROTOOPT", "protocol not available"),
        Row(EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"),
        Row(ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "socket type not supported"),
        Row(EOPNOTSUPP, "EOPNOTSUPP", "operation not supported"),
        Row(EPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported"),
        Row(EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported by protocol"),
        Row(EADDRINUSE, "EADDRINUSE", "address already in use"),
        Row(EADDRNOTAVAIL, "EADDRNOTAVAIL", "cannot assign requested address"),
        Row(ENETDOWN, "ENETDOWN", "network is down"),
        Row(ENETUNREACH, "ENETUNREACH", "network is unreachable"),
        Row(ENETRESET, "ENETRESET", "network dropped connection on reset"),
        Row(ECONNABORTED, "ECONNABORTED", "software caused connection abort"),
        Row(ECONNRESET, "ECONNRESET", "connection reset by peer"),
        Row(ENOBUFS, "ENOBUFS", "no buffer space available"),
        Row(EISCONN, "EISCONN", "transport endpoint is already connected"),
        Row(ENOTCONN, "ENOTCONN", "transport endpoint is not connected"),
        Row(ESHUTDOWN, "ESHUTDOWN", "cannot send after transport endpoint shutdown"),
        Row(ETOOMANYREFS, "ETOOMANYREFS", "too many references: cannot splice"),
        Row(ETIMEDOUT, "ETIMEDOUT", "connection timed out"),
        Row(ECONNREFUSED, "ECONNREFUSED", "connection refused"),
        Row(EHOSTDOWN, "EHOSTDOWN", "host is down"),
        Row(EHOSTUNREACH, "EHOSTUNREACH", "no route to host"),
        Row(EALREADY, "EALREADY", "operation already in progress"),
        Row(EINPROGRESS, "EINPROGRESS", "operation now in progress"),
        Row(ESTALE, "ESTALE", "stale file handle"),
        Row(EUCLEAN, "EUCLEAN", "structure needs cleaning"),
        Row(ENOTNAM, "ENOTNAM", "not a XENIX named type file"),
        Row(ENAVAIL, "ENAVAIL", "no XENIX semaphores available"),
        Row(EISNAM, "EISNAM", "is a named type file"),
        Row(EREMOTEIO, "EREMOTEIO", "remote I/O error"),
        Row(EDQUOT, "EDQUOT", "disk quota exceeded"),
        Row(ENOMEDIUM, "ENOMEDIUM", "no medium found"),
        Row(EMEDIUMTYPE, "EMEDIUMTYPE", "wrong medium type"),
        Row(ECANCELED, "ECANCELED", "operation canceled"),
        Row(ENOKEY, "ENOKEY", "required key not available"),
        Row(EKEYEXPIRED, "EKEYEXPIRED", "key has expired"),
        Row(EKEYREVOKED, "EKEYREVOKED", "key has been revoked"),
        Row(EKEYREJECTED, "EKEYREJECTED", "key was rejected by service"),
        Row(EOWNERDEAD, "EOWNERDEAD", "owner died"),
        Row(ENOTRECOVERABLE, "ENOTRECOVERABLE", "state not recoverable"),
        Row(ERFKILL, "ERFKILL", "operation not possible due to RF-kill"),
        Row(EHWPOISON, "EHWPOISON", "memory page has hardware error"),
    ]
}
