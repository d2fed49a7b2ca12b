internal import HullBytes
internal import HullLinux
internal import HullOCI
func resolveDeviceRules(_ a: [Config.Linux.Resources.DeviceRule]?, at: JSONPointer, _ f: inout Findings) -> [EBPFInstruction] { [EBPFInstruction(code: 0xb7, registers: 0, offset: 0, immediate: 1), EBPFInstruction(code: 0x95, registers: 0, offset: 0, immediate: 0)] }
struct S0 { var program: [BPFInstruction] = []; var flags: UInt32 = 0 }
func resolveSeccomp(_ a: Config.Linux.Seccomp?, at: JSONPointer, _ f: inout Findings) -> S0? { nil }
