import Foundation
import HullBytes
import Testing

@Test func placeholder() { #expect(Bytes("a") == "a") }
