// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzTargets
import Testing

/// The targets of libFuzzer without it.
@Suite struct FuzzTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz")

    private static func corpus(of name: String) throws -> [(file: String, bytes: [UInt8])] {
        let files = folder.appending(path: "\(name)/corpus")
        return try FileManager.default.contentsOfDirectory(at: files, includingPropertiesForKeys: nil).sorted {
            $0.path < $1.path
        }.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }

    // FZ-01 FZ-02 FZ-03 FZ-04 FZ-05 FZ-06 FZ-07 FZ-08 FZ-09 FZ-10 FZ-11 FZ-12 FZ-13 FZ-14. Goal: what a
    // fuzzer has found once is not found again. Method: every input of the corpora, which those of bugs are in.
    @Test(arguments: FuzzTarget.all.map(\.name))
    func corpus(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let inputs = try Self.corpus(of: name)
        #expect(inputs.count >= 3, "the corpus is almost empty")
        for input in inputs {
            let problem = target.check(input.bytes)
            #expect(problem == nil, "\(input.file)")
        }
    }

    // FZ-01 FZ-02 FZ-12. Goal: fuzzing needs no special build. Method: 400 changes of the corpus for each target, from
    // a fixed seed.
    @Test(arguments: FuzzTarget.all.map(\.name))
    func changed(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let inputs = try Self.corpus(of: name).map(\.bytes)
        var random = SplitMix(state: 20_261_123)
        for round in 0..<400 {
            var input = inputs.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &random) { change(&input, inputs, &random) }
            if let problem = target.check(input) {
                Issue.record("round \(round): \(problem): \(Data(input).base64EncodedString())")
                return
            }
        }
    }

    private func change(_ input: inout [UInt8], _ others: [[UInt8]], _ random: inout SplitMix) {
        let place = Int.random(in: 0...input.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < input.count: input[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < input.count: input.remove(at: place)
        case 2: input.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3: input.removeSubrange(place..<min(place + Int.random(in: 1...20, using: &random), input.count))
        default:
            let other = others.randomElement(using: &random) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            input.insert(contentsOf: other[start...].prefix(Int.random(in: 1...40, using: &random)), at: place)
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
