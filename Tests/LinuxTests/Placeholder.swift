import Testing
import Foundation
import HullBytes
import HullLinux
@Test func placeholder() { #expect(Bytes("a") == "a"); #expect(oPath != 0) }
