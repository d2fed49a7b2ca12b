// SPDX-License-Identifier: Apache-2.0

import HullPlan

extension [DeviceRule] {
    /// The plain reading of a list: for each access the last rule that speaks of it and of the device.
    package func allow(_ request: DeviceRequest) -> Bool {
        [1, 2, 4].allSatisfy { (letter: UInt32) in
            guard request.access & letter != 0 else { return true }
            return last {
                ($0.kind.map { UInt32($0.rawValue) } ?? request.kind) == request.kind
                    && ($0.major ?? request.major) == request.major && ($0.minor ?? request.minor) == request.minor
                    && UInt32($0.access.rawValue) & letter != 0
            }?.allow ?? false
        }
    }
}
