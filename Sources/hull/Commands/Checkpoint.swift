// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullPlan
internal import HullRuntime

extension Program {
    func checkpoint(_ options: CheckpointOptions) throws(Failure) {
        let images = try Caller.absolute(options.imagePath ?? "checkpoint")
        let work = try options.workPath.map { (path) throws(Failure) in try Caller.absolute(path) }
        warn(
            try store().checkpoint(options.id, options.request, to: images, work: work), "checkpoint", options.id)
    }

    func restore(_ options: RestoreOptions) throws(Failure) -> Int32 {
        guard !options.create.noPivot else {
            throw Failure("option --no-pivot: CRIU enters the root of a restored container by pivot_root alone")
        }
        guard options.create.preserveFDs == 0 else {
            throw Failure("option --preserve-fds: a restored container has the descriptors of the images alone")
        }
        // Paths are the caller's; preparing goes into the bundle.
        let images = try Caller.absolute(options.imagePath ?? "checkpoint")
        let work = try options.workPath.map { (path) throws(Failure) in try Caller.absolute(path) }
        let signals = options.detach ? nil : try SignalsOfCaller()
        var creation = try prepare(options.create) { request in
            request.detached = options.detach
            request.foreground = !options.detach
        }
        try creation.restore(options.request, from: images, work: work)
        guard let signals else { return 0 }
        let end = try creation.attendRestored(signals)
        warn(end.warnings, "restore", options.id)
        return end.code
    }
}
