// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config {
    /// `hooks`: programs to run at six points of the container's life, each in the listed order.
    package struct Hooks: Equatable, Sendable {
        /// Deprecated; before createRuntime.
        package var prestart: [Hook]?
        /// After the namespaces are made, in the runtime's namespaces.
        package var createRuntime: [Hook]?
        /// After createRuntime, in the container's namespaces, before the root is entered.
        package var createContainer: [Hook]?
        /// Before the container's program, inside the container.
        package var startContainer: [Hook]?
        /// After the container's program is started.
        package var poststart: [Hook]?
        /// After the container is deleted.
        package var poststop: [Hook]?

        /// No hook said.
        package init() {}
    }

    /// One entry of `hooks`.
    package struct Hook: Equatable, Sendable {
        /// The program, an absolute path.
        package var path: Bytes
        /// Its arguments, the name first.
        package var args: [Bytes]?
        /// Its environment.
        package var env: [Bytes]?
        /// The seconds after which it is given up.
        package var timeout: Int64?

        /// A program to run.
        package init(path: Bytes, args: [Bytes]? = nil, env: [Bytes]? = nil, timeout: Int64? = nil) {
            self.path = path
            self.args = args
            self.env = env
            self.timeout = timeout
        }
    }
}

extension Config.Hooks: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        prestart = reader.optional("prestart", object)
        createRuntime = reader.optional("createRuntime", object)
        createContainer = reader.optional("createContainer", object)
        startContainer = reader.optional("startContainer", object)
        poststart = reader.optional("poststart", object)
        poststop = reader.optional("poststop", object)
    }
}

extension Config.Hook: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        path = reader.required("path", object)
        args = reader.optional("args", object)
        env = reader.optional("env", object)
        timeout = reader.optional("timeout", object)
    }
}
