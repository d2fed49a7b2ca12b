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
            writer.member("type", type)
            writer.member("major", major)
            writer.member("minor", minor)
            writer.member("access", access)
        }
    }
}

extension Config.Linux.Resources.Memory: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("limit", limit)
            writer.member("reservation", reservation)
            writer.member("swap", swap)
            writer.member("kernel", kernel)
            writer.member("kernelTCP", kernelTCP)
            writer.member("swappiness", swappiness)
            writer.member("disableOOMKiller", disableOOMKiller)
            writer.member("useHierarchy", useHierarchy)
            writer.member("checkBeforeUpdate", checkBeforeUpdate)
        }
    }
}

extension Config.Linux.Resources.CPU: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("shares", shares)
            writer.member("quota", quota)
            writer.member("burst", burst)
            writer.member("period", period)
            writer.member("realtimeRuntime", realtimeRuntime)
            writer.member("realtimePeriod", realtimePeriod)
            writer.member("cpus", cpus)
            writer.member("mems", mems)
            writer.member("idle", idle)
        }
    }
}

extension Config.Linux.Resources.BlockIO: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("weight", weight)
            writer.member("leafWeight", leafWeight)
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
            writer.member("weight", weight)
            writer.member("leafWeight", leafWeight)
        }
    }
}

extension Config.Linux.Resources.BlockIO.ThrottleDevice: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("major", major)
            writer.member("minor", minor)
            writer.member("rate", rate)
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
            writer.member("classID", classID)
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
            writer.member("hcaHandles", hcaHandles)
            writer.member("hcaObjects", hcaObjects)
        }
    }
}
