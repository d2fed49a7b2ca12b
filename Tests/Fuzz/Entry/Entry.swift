// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzTargets

/// The target that the environment names: one program has all, and libFuzzer's options leave no room for another one.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["HULL_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        print("HULL_FUZZ_TARGET is none of \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        exit(2)
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if let problem = target.check(Array(UnsafeBufferPointer(start: bytes, count: count))) {
        FileHandle.standardError.write(Data("\(target.name): \(problem)\n".utf8))
        abort()
    }
    return 0
}
