// SPDX-License-Identifier: Apache-2.0

/// A system call that older kernels of some architectures offered only as one of many behind a common number:
/// socketcall(2) and ipc(2), whose first argument says which.
package struct SyscallMultiplex: Hashable, Sendable {
    /// The common number.
    package let number: UInt32
    /// The first argument that means this call: linux/net.h, linux/ipc.h.
    package let call: UInt32
    /// The number of its own that newer kernels have besides; nil where there is none.
    package let direct: UInt32?

    /// libseccomp's stand-in: -100 less the call for sockets, -200 less the call for System V IPC.
    init?(pseudo: Int32, on architecture: Architecture) {
        guard (-120...(-101)).contains(pseudo) || (-224...(-201)).contains(pseudo) else { return nil }
        guard let family = Multiplexer(architecture) else { return nil }
        let isSocket = pseudo > -200
        number = family.base + (isSocket ? 102 : 117)
        call = UInt32(-pseudo % 100)
        let own = isSocket ? family.socket(call) : family.ipc(call)
        direct = own == 0 ? nil : family.base + own
    }
}

/// The numbers of one family of architectures, less the family's base.
private struct Multiplexer {
    /// What is added to every number: 4000 on MIPS O32.
    var base: UInt32 = 0
    /// The direct numbers of the socket calls from 1, 0 for none: socket, bind, connect, listen, accept, getsockname,
    /// getpeername, socketpair, send, recv, sendto, recvfrom, shutdown, setsockopt, getsockopt, sendmsg, recvmsg,
    /// accept4, recvmmsg, sendmmsg.
    let sockets: [UInt16]
    /// Whether semtimedop has a direct number, which only 64-bit architectures got (Linux 5.1).
    var timedop = false

    init?(_ architecture: Architecture) {
        switch architecture {
        case .x86: sockets = Self.x86
        case .s390, .s390x:
            sockets = Self.s390
            timedop = architecture == .s390x
        case .ppc, .ppc64, .ppc64le:
            sockets = Self.ppc
            timedop = architecture != .ppc
        case .mips, .mipsel:
            base = 4000
            sockets = Self.mips
        default: return nil
        }
    }

    /// Linux 4.3 gave i386 and s390 direct numbers, without accept, send and recv.
    private static let x86: [UInt16] = [
        359, 361, 362, 363, 0, 367, 368, 360, 0, 0, 369, 371, 373, 366, 365, 370, 372, 364, 337, 345,
    ]
    private static let s390: [UInt16] = [
        359, 361, 362, 363, 0, 367, 368, 360, 0, 0, 369, 371, 373, 366, 365, 370, 372, 364, 357, 358,
    ]
    private static let ppc: [UInt16] = [
        326, 327, 328, 329, 330, 331, 332, 333, 334, 336, 335, 337, 338, 339, 340, 341, 342, 344, 343, 349,
    ]
    private static let mips: [UInt16] = [
        183, 169, 170, 174, 168, 172, 171, 184, 178, 175, 180, 176, 182, 181, 173, 179, 177, 334, 335, 343,
    ]

    func socket(_ call: UInt32) -> UInt32 { UInt32(sockets[Int(call) - 1]) }

    /// Linux 5.1 gave all of them the same direct numbers, without semop; 0 for none.
    func ipc(_ call: UInt32) -> UInt32 {
        switch call {
        case 2, 3: 391 + call
        case 4: timedop ? 392 : 0
        case 11, 12: 389 + call
        case 13: 399
        case 14: 402
        case 21, 22: 376 + call
        case 23, 24: 372 + call
        default: 0
        }
    }
}
