// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Bytes {
    /// Lends the bytes with a terminating NUL. A NUL inside would silently shorten a path: the loader and the command
    /// line refuse those, so one here is a mistake of ours.
    @inline(__always)
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        precondition(!contains(0), "NUL inside a C string")
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
            for (index, byte) in array.enumerated() { unsafe buffer[index] = CChar(bitPattern: byte) }
            unsafe buffer[count] = 0
            guard let start = buffer.baseAddress else { preconditionFailure("an empty temporary allocation") }
            return unsafe body(start)
        }
    }
}

/// C strings and a NULL-terminated array of them, for argv and envp: memory that lives until `deinit`.
@safe package struct CStringArray: ~Copyable {
    private let bytes: UnsafeMutablePointer<CChar>
    private let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Copies the strings.
    package init(_ strings: [Bytes]) {
        let size = strings.reduce(0) { $0 + $1.count + 1 }
        unsafe bytes = .allocate(capacity: max(size, 1))
        unsafe pointers = .allocate(capacity: strings.count + 1)
        var offset = 0
        for (index, string) in strings.enumerated() {
            unsafe pointers[index] = unsafe bytes + offset
            for byte in string.array {
                unsafe bytes[offset] = CChar(bitPattern: byte)
                offset += 1
            }
            unsafe bytes[offset] = 0
            offset += 1
        }
        unsafe pointers[strings.count] = nil
    }
    deinit {
        unsafe bytes.deallocate()
        unsafe pointers.deallocate()
    }

    /// The array as execve(2) takes it.
    var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> { unsafe pointers }
}

/// Bytes of a NUL-terminated string of C.
func bytes(fromCString start: UnsafePointer<CChar>) -> Bytes {
    var count = 0
    while unsafe start[count] != 0 { count += 1 }
    return unsafe Bytes([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
}
