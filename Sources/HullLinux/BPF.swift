package struct BPFInstruction: Hashable, Sendable { package var code: UInt16, jt: UInt8, jf: UInt8, k: UInt32 }
package struct EBPFInstruction: Hashable, Sendable { package var code: UInt8, registers: UInt8, offset: Int16, immediate: Int32 }
