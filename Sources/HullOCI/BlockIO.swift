// SPDX-License-Identifier: Apache-2.0

extension Config.Linux.Resources {
    /// `linux.resources.blockIO`.
    package struct BlockIO: Equatable, Sendable {
        /// The weight on devices without a weight of their own.
        package var weight: UInt16?
        /// The weight against child cgroups (cgroup v1 only).
        package var leafWeight: UInt16?
        /// Weights per device.
        package var weightDevice: [WeightDevice]?
        /// Bytes read per second, per device.
        package var throttleReadBpsDevice: [ThrottleDevice]?
        /// Bytes written per second, per device.
        package var throttleWriteBpsDevice: [ThrottleDevice]?
        /// Reads per second, per device.
        package var throttleReadIOPSDevice: [ThrottleDevice]?
        /// Writes per second, per device.
        package var throttleWriteIOPSDevice: [ThrottleDevice]?

        /// Nothing said.
        package init() {}
    }
}

extension Config.Linux.Resources.BlockIO {
    /// `linux.resources.blockIO.weightDevice[]`.
    package struct WeightDevice: Equatable, Sendable {
        /// The major number.
        package var major: Int64
        /// The minor number.
        package var minor: Int64
        /// The weight.
        package var weight: UInt16?
        /// The weight against child cgroups (cgroup v1 only).
        package var leafWeight: UInt16?

        /// The weights of a device.
        package init(major: Int64, minor: Int64, weight: UInt16? = nil, leafWeight: UInt16? = nil) {
            self.major = major
            self.minor = minor
            self.weight = weight
            self.leafWeight = leafWeight
        }
    }

    /// `linux.resources.blockIO.throttle*Device[]`.
    package struct ThrottleDevice: Equatable, Sendable {
        /// The major number.
        package var major: Int64
        /// The minor number.
        package var minor: Int64
        /// The limit per second.
        package var rate: UInt64?

        /// The limit of a device.
        package init(major: Int64, minor: Int64, rate: UInt64? = nil) {
            self.major = major
            self.minor = minor
            self.rate = rate
        }
    }
}

extension Config.Linux.Resources.BlockIO: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        weight = reader.optional("weight", object)
        leafWeight = reader.optional("leafWeight", object)
        weightDevice = reader.optional("weightDevice", object)
        throttleReadBpsDevice = reader.optional("throttleReadBpsDevice", object)
        throttleWriteBpsDevice = reader.optional("throttleWriteBpsDevice", object)
        throttleReadIOPSDevice = reader.optional("throttleReadIOPSDevice", object)
        throttleWriteIOPSDevice = reader.optional("throttleWriteIOPSDevice", object)
    }
}

extension Config.Linux.Resources.BlockIO.WeightDevice: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        major = reader.required("major", object)
        minor = reader.required("minor", object)
        weight = reader.optional("weight", object)
        leafWeight = reader.optional("leafWeight", object)
    }
}

extension Config.Linux.Resources.BlockIO.ThrottleDevice: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        major = reader.required("major", object)
        minor = reader.required("minor", object)
        rate = reader.optional("rate", object)
    }
}
