import Testing
import Foundation
import HullBytes
@Test func placeholder() { #expect(Bytes("a") == "a") }
