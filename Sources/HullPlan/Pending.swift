internal import HullBytes
internal import HullLinux
internal import HullOCI
func resolveDeviceRules(_ a: [Config.Linux.Resources.DeviceRule]?, at: JSONPointer, _ f: inout Findings) -> [EBPFInstruction] { [] }
struct S0 { var program: [BPFInstruction] = []; var flags: UInt32 = 0 }
func resolveSeccomp(_ a: Config.Linux.Seccomp?, at: JSONPointer, _ f: inout Findings) -> S0? { nil }
