// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel

/// Sends a pidfd to a socket of the caller; the payload says whose it is.
func sendPidfd(_ process: borrowing ProcessHandle, to path: Bytes, _ payload: Bytes) throws(SystemError) {
    let socket = try Sockets.connect(to: path, seqpacket: false)
    try Sockets.send(payload, descriptors: [process.pidfd.number], to: socket.number)
}
