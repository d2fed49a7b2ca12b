// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import Testing

@Suite struct CRIUTests {
    // SV-20. Goal: fields are written as the encoding has them. Method: small messages, byte by byte.
    @Test func layout() {
        var writer = ProtocolBufferWriter()
        writer.number(1, UInt64(300))
        writer.text(2, "hi")
        writer.flag(16, true)
        writer.number(3, Int32(-1))
        #expect(
            writer.bytes == [
                0x08, 0xac, 0x02, 0x12, 2, 0x68, 0x69, 0x80, 0x01, 1, 0x18,
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ])
    }

    // SV-20. Goal: what is written is read as the same. Method: every kind of field, and one inside another.
    @Test func roundTrip() throws {
        var inner = ProtocolBufferWriter()
        inner.text(1, "key")
        inner.number(2, Int32(-7))
        var writer = ProtocolBufferWriter()
        writer.number(1, UInt64.max)
        writer.message(27, inner)
        writer.number(536_870_911, UInt64(0))
        let fields = try ProtocolBufferField.all(in: writer.bytes)
        #expect(fields.map(\.number) == [1, 27, 536_870_911])
        #expect(fields[0].uint64 == .max)
        let nested = try ProtocolBufferField.all(in: try #require(fields[1].bytes).array)
        #expect(nested[0].bytes == "key" && nested[1].int32 == -7)
        #expect(try ProtocolBufferField.all(in: [0x0d, 1, 2, 3, 4])[0].value == .fixed([1, 2, 3, 4]))
    }

    // SV-21. Goal: what is no message is refused at the byte where it goes wrong. Method: a table.
    @Test(
        arguments: [
            ([0x08], "a number is cut off", 1),
            ([0x12, 5, 1], "a value of 5 bytes where 1 are left", 2),
            (
                [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                "a value of 18446744073709551615 bytes where 0 are left", 11
            ),
            ([0x00, 1], "a field has the number 0", 0),
            ([0x0b], "a value of the unknown kind 3", 0),
            ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], "a number has more than 64 bits", 11),
            ([0x09, 1, 2], "a value of 8 bytes where 2 are left", 1),
        ] as [([UInt8], Bytes, Int)])
    func malformed(bytes: [UInt8], words: Bytes, offset: Int) {
        let problem = #expect(throws: ProtocolBufferProblem.self) { try ProtocolBufferField.all(in: bytes) }
        #expect(problem == ProtocolBufferProblem(words: words, offset: offset))
    }

    // SV-21. Goal: a huge answer is refused before anything is made of it. Method: one of too many bytes, one of too
    // many fields.
    @Test func huge() {
        let large = [UInt8](repeating: 0, count: CRIUResponse.limit + 1)
        #expect(throws: ProtocolBufferProblem.self) { try CRIUResponse(large) }
        let many = [UInt8]([[UInt8]](repeating: [0x58, 1], count: 5000).joined())
        #expect(throws: ProtocolBufferProblem.self) { try CRIUResponse([0x08, 1, 0x10, 1] + many) }
    }

    // SV-20. Goal: answers and notifications of CRIU are understood. Method: messages as rpc.proto has them.
    @Test func responses() throws {
        let restored = try CRIUResponse([0x08, 2, 0x10, 1, 0x22, 3, 0x08, 0xd2, 0x09])
        #expect(restored.success && restored.restored == 1234 && !restored.isNotification)
        let script = Bytes("post-restore").array
        var notify: [UInt8] = [0x0a, UInt8(script.count)] + script + [0x10, 42]
        notify = [0x08, 6, 0x10, 1, 0x2a, UInt8(notify.count)] + notify
        let notification = try CRIUResponse(notify)
        #expect(notification.isNotification)
        #expect(notification.notification?.script == "post-restore" && notification.notification?.pid == 42)
        let failed = try CRIUResponse([0x08, 1, 0x10, 0, 0x38, 16, 0x4a, 2, 0x68, 0x69, 0x5a, 0])
        #expect(!failed.success && failed.errno == 16 && failed.message == "hi")
        #expect(throws: ProtocolBufferProblem.self) { try CRIUResponse([0x08, 1]) }
    }

    // SV-22. Goal: every option reaches CRIU in the field that rpc.proto gives it. Method: one option at a time, its
    // field in the message.
    @Test func options() throws {
        let table: [(Int, (inout CRIUOptions) -> Void)] = [
            (2, { $0.pid = 7 }), (3, { $0.leaveRunning = true }), (4, { $0.externalUnixSockets = true }),
            (5, { $0.tcpEstablished = true }), (7, { $0.shellJob = true }), (8, { $0.fileLocks = true }),
            (10, { $0.logFile = "l" }), (11, { $0.pageServer = ("a", 1) }), (13, { $0.root = "/r" }),
            (14, { $0.parentImages = "p" }), (15, { $0.trackMemory = true }), (16, { $0.autoDedup = true }),
            (17, { $0.workDirectory = 5 }), (18, { $0.linkRemap = true }), (25, { $0.cgroupRoot = "/c" }),
            (26, { $0.restores = true }), (27, { $0.inherited = [("k", 1)] }), (37, { $0.external = ["mnt[/a]:m0"] }),
            (38, { $0.emptyNamespaces = 1 << 30 }), (39, { $0.joined = [("ipc", "/f")] }),
            (44, { $0.freezeCgroup = "/g" }), (46, { $0.tcpSkipInFlight = true }), (48, { $0.lazyPages = true }),
            (49, { $0.statusDescriptor = 9 }), (51, { $0.configFile = "/e" }), (52, { $0.tcpClose = true }),
            (53, { $0.lsmProfile = "apparmor:x" }), (60, { $0.cgroupYard = "/y" }),
            (63, { $0.lsmMountContext = "c" }), (64, { $0.networkLock = .nftables }),
        ]
        let without = try numbers(CRIUOptions())
        #expect(without == [1, 9, 12, 24, 29, 30, 34, 50])
        for (field, change) in table {
            var options = CRIUOptions()
            change(&options)
            #expect(try numbers(options).subtracting(without).subtracting([65]) == [field])
        }
    }

    private func numbers(_ options: CRIUOptions) throws -> Set<Int> {
        let fields = try ProtocolBufferField.all(in: CRIURequest(.dump, options).bytes.array)
        let message = try #require(fields.first { $0.number == 2 }?.bytes)
        return Set(try ProtocolBufferField.all(in: message.array).map(\.number))
    }

    // SV-23. Goal: the sentence has CRIU's own reason. Method: ends of logs of CRIU 3.17.1.
    @Test(arguments: [
        (
            "(00.1) a\n(00.2) Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds\n",
            "vdso: Unexpected rt vDSO area bounds"
        ),
        (
            """
            (00.3) Error (criu/tun.c:85): tun: Unable to create tun: No such file or directory
            (02.6) Error (criu/files-reg.c:1710): Can't lookup mount=32 for fd=1 path=/tmp/p/o
            (02.6) Error (criu/cr-dump.c:1635): Dump files (pid: 265) failed with -1
            (03.3) Error (criu/cr-dump.c:2053): Dumping FAILED.
            """, "Can't lookup mount=32 for fd=1 path=/tmp/p/o"
        ),
        (
            "(04.1)      1: Error (criu/mount-v2.c:891): no\n(04.2) Error (x:1): Restoring FAILED.\n", "no"
        ),
        ("(04.2) Error (criu/cr-restore.c:2537): Restoring FAILED.\n", "Restoring FAILED."),
        ("1 Error (a:1): a\n1 Error (a:1): b\n1 Error (a:1): c\n1 Error (a:1): d", "b; c; d"),
        ("", ""), ("Error (", ""), ("Error ()", ""),
    ])
    func reasons(log: String, reason: String) {
        #expect(CRIULog.reason(in: Bytes(log)) == Bytes(reason))
    }
}
