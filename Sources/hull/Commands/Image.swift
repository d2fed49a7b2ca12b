// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullRuntime

extension Program {
    /// Goes on as hull-image, which has the libraries that images need.
    func image(_ words: [Bytes]) throws(Failure) { try Caller.become("hull-image", ["hull-image"] + words) }

    func createFromImage(_ options: CreateOptions) throws(Failure) -> Int32 {
        // conmon, and whoever else has a socket for it, wants a terminal.
        let bundle = try bundle(of: options, terminal: options.consoleSocket != nil)
        do throws(Failure) { return try create(options.from(bundle.path)) } catch {
            bundle.remove()
            throw error
        }
    }

    func runFromImage(_ options: RunOptions) throws(Failure) -> Int32 {
        let isAttended = !options.detach && Caller.isAtTerminal
        let bundle = try bundle(
            of: options.create, terminal: isAttended || options.create.consoleSocket != nil)
        var made = options
        made.create = options.create.from(bundle.path)
        do throws(Failure) { return try run(made) } catch {
            bundle.remove()
            throw error
        }
    }

    /// A bundle for one container, which is removed with it.
    private func bundle(of options: CreateOptions, terminal: Bool) throws(Failure) -> ImageBundle {
        let bundle = try store().makeImageBundle(for: options.id)
        do throws(Failure) {
            let said = try Caller.run("hull-image", options.bundleWords(in: bundle.path, terminal: terminal))
            for line in said.split(0x0a) { log.warning(line) }
        } catch {
            bundle.remove()
            throw error
        }
        return bundle
    }
}

extension CreateOptions {
    /// The same for a bundle that is there.
    fileprivate func from(_ bundle: Bytes) -> CreateOptions {
        var options = self
        options.image = nil
        options.arguments = []
        options.bundle = bundle
        return options
    }
}
