// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// When the steps of a plan were done, in nanoseconds of one clock.
package struct StepTimes: Sendable {
    /// When the runtime began to read the config.
    package var began: Int64
    /// When each outside step was begun and, where all are done, when the list was at its end.
    package var outside: [Int64] = []
    /// When the first process began, when each inside step was begun, and when the list was at its end.
    package var inside: [Int64] = []
    /// When the process was told to become the program; nil where that is left to another call.
    package var started: Int64?
    /// When the process had become the program.
    package var executed: Int64?
    /// When the poststart hooks were done; nil where there are none.
    package var hooked: Int64?
    /// The end of what was watched.
    package var ended: Int64
    /// Who did it: the runtime and the first process, of which nothing may be known.
    package var pids: (runtime: Int32, process: Int32) = (0, 0)

    /// Times of which only the beginning is known.
    package init(began: Int64) {
        self.began = began
        ended = began
    }
}

/// A timeline of both processes: the steps of the plan, and what lies before and after them.
package struct Trace: Sendable {
    /// One thing that was done.
    struct Bar: Sendable {
        let isInside: Bool
        /// The number of the step, from 1; nil where it is none of the plan's.
        let number: Int?
        let words: StepWords
        let origin: JSONPointer
        /// Whether it is in the main a wait for the other process.
        let waits: Bool
        /// Nanoseconds since the beginning.
        let begin: Int64
        let end: Int64
        /// Whether its end was seen.
        let isDone: Bool

        var duration: Int64 { end - begin }
        var name: Bytes { words.object.isEmpty ? words.verb : "\(words.verb) \(words.object)" }
    }

    let id: Bytes
    /// What the process in the container is called.
    let process: Bytes
    let pids: (runtime: Int32, process: Int32)
    let duration: Int64
    private(set) var bars: [Bar] = []
    private let began: Int64
    private let ended: Int64

    /// Puts plan and times together. The process is the container's first, or a further one, which `exec` makes.
    package init(_ plan: ContainerPlan, _ times: StepTimes, isFirst: Bool = true) {
        self.init(
            plan.id, isFirst ? "container's first process" : "process of exec", times.pids, times.began, times.ended)
        addRuntime(plan, times)
        addProcess(plan, times)
    }

    /// A timeline without bars.
    init(
        _ id: Bytes, _ process: Bytes, _ pids: (runtime: Int32, process: Int32), _ began: Int64, _ ended: Int64
    ) {
        self.id = id
        self.process = process
        self.pids = pids
        self.began = began
        self.ended = ended
        duration = max(0, ended - began)
    }

    private mutating func addRuntime(_ plan: ContainerPlan, _ times: StepTimes) {
        add(StepWords("plan", "read the config, decide"), times.began, times.outside.first)
        for (index, (step, begin)) in zip(plan.outside, times.outside).enumerated() {
            add(
                words(for: step.action, plan), begin, times.outside.element(index + 1), number: index + 1,
                origin: step.origin, waits: step.action.waits)
        }
        if let started = times.started {
            add(StepWords("start", "until the program is executed"), started, times.executed, waits: true)
        }
        if let hooked = times.hooked, let executed = times.executed {
            add(poststart(plan.hooks), executed, hooked, origin: "/hooks/poststart")
        }
    }

    private mutating func addProcess(_ plan: ContainerPlan, _ times: StepTimes) {
        guard let first = times.inside.first else { return }
        add(StepWords("begin", "setsid, close_range"), first, times.inside.element(1), isInside: true)
        for (index, (step, begin)) in zip(plan.inside, times.inside.dropFirst()).enumerated() {
            add(
                words(for: step.action, plan), begin, times.inside.element(index + 2), isInside: true,
                number: index + 1, origin: step.origin, waits: step.action.waits)
        }
        if let end = times.inside.element(plan.inside.count + 1) {
            add(StepWords("execve", "the last mile: privileges, filter, program"), end, times.executed, isInside: true)
        }
    }

    /// A clock may be set while it is read: nothing lies before the beginning or after the end.
    mutating func add(
        _ words: StepWords, _ begin: Int64, _ end: Int64?, isInside: Bool = false, number: Int? = nil,
        origin: JSONPointer = .root, waits: Bool = false
    ) {
        let start = min(max(begin - began, 0), duration)
        let stop = min(max((end ?? ended) - began, start), duration)
        bars.append(
            Bar(
                isInside: isInside, number: number, words: words, origin: origin, waits: waits, begin: start, end: stop,
                isDone: end != nil))
    }

    /// The trace as Chrome and Perfetto read it: complete events, in microseconds.
    package var json: Bytes {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("displayTimeUnit", "ms" as Bytes)
            writer.key("otherData")
            writer.object { $0.member("container", id) }
            writer.key("traceEvents")
            writer.array { writer in
                name(1, "runtime", pids.runtime, &writer)
                if bars.contains(where: \.isInside) { name(2, process, pids.process, &writer) }
                for bar in bars { event(bar, &writer) }
            }
        }
        return Bytes(writer.bytes) + "\n"
    }

    private func name(_ order: Int64, _ name: Bytes, _ pid: Int32, _ writer: inout JSONWriter) {
        for (kind, key, value) in [
            ("process_name", "name", name as any JSONWritable), ("process_sort_index", "sort_index", order),
            ("thread_name", "name", name),
        ] as [(Bytes, Bytes, any JSONWritable)] {
            writer.object { writer in
                writer.member("ph", "M" as Bytes)
                writer.member("name", kind)
                writer.member("pid", Int64(pid))
                writer.member("tid", Int64(pid))
                writer.key("args")
                writer.object { writer in
                    writer.key(key)
                    value.write(&writer)
                }
            }
        }
    }

    private func event(_ bar: Bar, _ writer: inout JSONWriter) {
        let pid = Int64(bar.isInside ? pids.process : pids.runtime)
        writer.object { writer in
            writer.member("ph", "X" as Bytes)
            writer.member("cat", bar.isInside ? "inside" : "outside" as Bytes)
            writer.member("name", bar.name)
            writer.member("pid", pid)
            writer.member("tid", pid)
            writer.key("ts")
            writer.value(Thousandths(bar.begin))
            writer.key("dur")
            writer.value(Thousandths(bar.duration))
            writer.key("args")
            writer.object { writer in
                if let number = bar.number { writer.member("step", Int64(number)) }
                if bar.origin != .root { writer.member("origin", bar.origin.text) }
                if !bar.isDone { writer.member("unfinished", true) }
            }
        }
    }
}

/// The words of the hooks after the start.
func poststart(_ hooks: HooksPlan) -> StepWords {
    StepWords("execve", "\(HookKind.poststart.name) hooks: \(hooks[.poststart].count)")
}

extension OutsideAction {
    /// Whether the step is a wait for the first process.
    fileprivate var waits: Bool {
        if case .awaitReady = self { true } else { false }
    }
}

extension InsideAction {
    /// Whether the step is a wait for the runtime.
    fileprivate var waits: Bool {
        switch self {
        case .awaitMappings, .runtimeHooks, .ready: true
        default: false
        }
    }
}

extension Array {
    fileprivate func element(_ index: Int) -> Element? { index < count ? self[index] : nil }
}
