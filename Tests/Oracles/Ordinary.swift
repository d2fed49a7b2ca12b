// SPDX-License-Identifier: Apache-2.0

import HullOCI
import HullPlan

extension Config {
    /// A config with what a plan needs and nothing more.
    package static var smallest: Config {
        var config = Config(ociVersion: "1.3.0")
        config.root = Root(path: "rootfs")
        config.process = Process(cwd: "/")
        config.process?.args = ["/bin/true"]
        config.linux = Linux()
        config.linux?.namespaces = [.init(type: "mount")]
        return config
    }
}

extension HullPlan.Host {
    /// A host as most are.
    package static var usual: HullPlan.Host {
        var host = HullPlan.Host()
        host.cgroupMount = "/sys/fs/cgroup"
        host.controllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"]
        return host
    }
}
