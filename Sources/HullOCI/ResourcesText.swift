// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// Resources as a document again: what an update leaves for the next one.
extension Config.Linux.Resources: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("devices", devices)
            writer.member("memory", memory)
            writer.member("cpu", cpu)
            if let pids {
                writer.key("pids")
                writer.object { $0.member("limit", pids.limit) }
            }
            writer.member("blockIO", blockIO)
            writer.member("hugepageLimits", hugepageLimits)
            writer.member("network", network)
            writer.member("rdma", map: rdma)
            writer.member("unified", map: unified)
        }
    }
}

extension Config.Linux.Resources.DeviceRule: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("allow", allow)
            writer.member("type", type as Bytes?)
            writer.member("major", major as Int64?)
            writer.member("minor", minor as Int64?)
            writer.member("access", access as Bytes?)
        }
    }
}

extension Config.Linux.Resources.Memory: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("limit", limit as Int64?)
            writer.member("reservation", reservation as Int64?)
            writer.member("swap", swap as Int64?)
            writer.member("kernel", kernel as Int64?)
            writer.member("kernelTCP", kernelTCP as Int64?)
            writer.member("swappiness", swappiness as UInt64?)
            writer.member("disableOOMKiller", disableOOMKiller as Bool?)
            writer.member("useHierarchy", useHierarchy as Bool?)
            writer.member("checkBeforeUpdate", checkBeforeUpdate as Bool?)
        }
    }
}

extension Config.Linux.Resources.CPU: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("shares", shares as UInt64?)
            writer.member("quota", quota as Int64?)
            writer.member("burst", burst as UInt64?)
            writer.member("period", period as UInt64?)
            writer.member("realtimeRuntime", realtimeRuntime as Int64?)
            writer.member("realtimePeriod", realtimePeriod as UInt64?)
            writer.member("cpus", cpus as Bytes?)
            writer.member("mems", mems as Bytes?)
            writer.member("idle", idle as Int64?)
        }
    }
}

extension Config.Linux.Resources.BlockIO: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("weight", weight as UInt16?)
            writer.member("leafWeight", leafWeight as UInt16?)
            writer.member("weightDevice", weightDevice)
            writer.member("throttleReadBpsDevice", throttleReadBpsDevice)
            writer.member("throttleWriteBpsDevice", throttleWriteBpsDevice)
            writer.member("throttleReadIOPSDevice", throttleReadIOPSDevice)
            writer.member("throttleWriteIOPSDevice", throttleWriteIOPSDevice)
        }
    }
}

extension Config.Linux.Resources.BlockIO.WeightDevice: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("major", major)
            writer.member("minor", minor)
            writer.member("weight", weight as UInt16?)
            writer.member("leafWeight", leafWeight as UInt16?)
        }
    }
}

extension Config.Linux.Resources.BlockIO.ThrottleDevice: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("major", major)
            writer.member("minor", minor)
            writer.member("rate", rate as UInt64?)
        }
    }
}

extension Config.Linux.Resources.HugepageLimit: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("pageSize", pageSize)
            writer.member("limit", limit)
        }
    }
}

extension Config.Linux.Resources.Network: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("classID", classID as UInt32?)
            writer.member("priorities", priorities)
        }
    }
}

extension Config.Linux.Resources.Network.Priority: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", name)
            writer.member("priority", Int64(priority))
        }
    }
}

extension Config.Linux.Resources.RDMA: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("hcaHandles", hcaHandles as UInt32?)
            writer.member("hcaObjects", hcaObjects as UInt32?)
        }
    }
}
