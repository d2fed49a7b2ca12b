// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Who the process of an image is, in numbers: `User` of its configuration, looked up in the image's own
/// /etc/passwd and /etc/group.
package struct ImageUser: Equatable, Sendable {
    /// The user's id.
    package var uid: UInt32
    /// The group's id.
    package var gid: UInt32
    /// Further groups, in the order of the file, the group itself first; empty for a user by number, and where the
    /// group is said: conversion.md#configuser.
    package var additionalGids: [UInt32] = []
    /// The home directory, where the user has one.
    package var home: Bytes?

    /// Why nobody is meant.
    package enum Problem: Error, Equatable, Sendable {
        /// The text has no form that names a user or a group: a sentence's end, and what to do.
        case form(Bytes, hint: Bytes)
        /// /etc/passwd has no such name; these it has.
        case unknownUser(Bytes, there: [Bytes])
        /// /etc/group has no such name; these it has.
        case unknownGroup(Bytes, there: [Bytes])
        /// The line of that name cannot be read, in this file.
        case brokenLine(Bytes, file: Bytes)
    }

    /// `USER`, `UID`, `USER:GROUP` and the mixtures; root where nothing is said.
    ///
    /// A text that begins like a number is a number or an error. Were it looked up as a name, the image could have a
    /// user called "1000" who is root, or a number that is too large would become one (CVE-2016-3697, CVE-2024-40635,
    /// CVE-2026-46680).
    package init(_ said: Bytes?, passwd: Bytes, group: Bytes) throws(Problem) {
        let text = said ?? ""
        let parts = text.split(0x3a, omittingEmpty: false)
        guard parts.count <= 2 else {
            throw .form("\"\(text)\" has more than one colon", hint: "USER or USER:GROUP")
        }
        let users = AccountFile(passwd, fields: 7)
        let groups = AccountFile(group, fields: 4)
        let user = text.isEmpty ? Name.number(0) : try Name(parts[0], kind: "user")
        var entry: AccountFile.Line?
        switch user {
        case .number(let number):
            uid = number
            entry = users.first { $0.id(in: 2) == number }
        case .name(let name):
            guard let line = users.first(where: { $0.fields[0] == name }) else {
                throw .unknownUser(name, there: users.names)
            }
            guard let number = line.id(in: 2), line.id(in: 3) != nil else {
                throw .brokenLine(name, file: "/etc/passwd")
            }
            uid = number
            entry = line
        }
        gid = entry?.id(in: 3) ?? 0
        home = entry.map { $0.fields[5] }.flatMap { $0.isAbsolutePath ? $0 : nil }
        if parts.count == 2 {
            gid = try ImageUser.group(parts[1], in: groups)
        } else if case .name(let name) = user {
            additionalGids = ImageUser.groups(of: name, gid, in: groups)
        }
    }

    private static func group(_ text: Bytes, in groups: AccountFile) throws(Problem) -> UInt32 {
        switch try Name(text, kind: "group") {
        case .number(let number): return number
        case .name(let name):
            guard let line = groups.first(where: { $0.fields[0] == name }) else {
                throw .unknownGroup(name, there: groups.names)
            }
            guard let number = line.id(in: 2) else { throw .brokenLine(name, file: "/etc/group") }
            return number
        }
    }

    /// The groups that list the user. The user's own group is the first: a program that changes its group must not
    /// thereby shed one that a file denies something to (CVE-2022-36109).
    private static func groups(of user: Bytes, _ own: UInt32, in groups: AccountFile) -> [UInt32] {
        var all = [own]
        groups.forEach { line in
            guard let number = line.id(in: 2), all.count < ImageUser.mostGroups, !all.contains(number) else { return }
            if line.fields[3].split(0x2c).contains(user) { all.append(number) }
        }
        return all
    }

    /// More than this the kernel does not take: NGROUPS_MAX of setgroups(2).
    private static let mostGroups = 65536
}

extension ImageUser {
    /// A user or a group as it is said.
    private enum Name {
        case number(UInt32)
        case name(Bytes)

        init(_ text: Bytes, kind: Bytes) throws(Problem) {
            guard let first = text.array.first else {
                throw .form("the \(kind) is empty", hint: "a name or a number")
            }
            let beginsName = (0x41...0x5a).contains(first) || (0x61...0x7a).contains(first) || first == 0x5f
            if beginsName {
                guard text.count <= 256, text.array.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2c }) else {
                    throw .form("\"\(text.prefix(64))\" is no name of a \(kind)", hint: "letters, digits and .-_@$")
                }
                self = .name(text)
                return
            }
            guard let number = text.decimal else {
                throw .form(
                    "\"\(text.prefix(64))\" is neither a name nor a number of a \(kind)",
                    hint: "names begin with a letter or _, numbers are digits only")
            }
            guard first != 0x30 || text.count == 1 else {
                throw .form("\"\(text)\" is a number with zeros before it", hint: "write it without them")
            }
            // The last number means "as before" to setresuid(2).
            guard let number = UInt32(exactly: number), number < UInt32.max else {
                throw .form("\(text) is out of range", hint: "allowed is 0 to \(UInt32.max - 1)")
            }
            self = .number(number)
        }
    }
}

/// passwd(5) or group(5) of an image. What is no line of that form is passed over: it names nobody.
private struct AccountFile {
    struct Line {
        let fields: [Bytes]

        /// The id in a field; nil where there is no number that an id can be.
        func id(in field: Int) -> UInt32? {
            fields[field].decimal.flatMap { UInt32(exactly: $0) }.flatMap { $0 < UInt32.max ? $0 : nil }
        }
    }

    private let text: Bytes
    private let fieldCount: Int

    init(_ text: Bytes, fields: Int) {
        self.text = text
        self.fieldCount = fields
    }

    /// Every line that has the fields, the text of a later one as it is; a missing last one is empty.
    func forEach(_ body: (Line) -> Void) {
        _ = first { line in
            body(line); return false
        }
    }

    func first(where isWanted: (Line) -> Bool) -> Line? {
        for row in text.split(0x0a) {
            var fields = row.split(0x3a, omittingEmpty: false)
            guard fields.count >= 3, !fields[0].isEmpty else { continue }
            while fields.count < fieldCount { fields.append("") }
            let line = Line(fields: fields)
            if isWanted(line) { return line }
        }
        return nil
    }

    var names: [Bytes] {
        var all: [Bytes] = []
        forEach { all.append($0.fields[0]) }
        return all
    }
}
