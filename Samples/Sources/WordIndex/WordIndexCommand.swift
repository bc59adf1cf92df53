public import ArgumentParser
public import Manta
import SampleSupport

/// The command line: says what to do, and leaves doing it to ``IndexJob``.
///
/// A worker process is this same program, started with the same arguments, so all of this runs there too, up
/// to `ClusterSystem.run`, which does not return in a worker. That is why nothing here looks at files.
@main
struct WordIndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wordindex",
        abstract: "Builds an inverted word index of text files in actors of several processes.",
        discussion: """
            The words are spread over shards: actors in worker processes, each of which owns the words whose hash leads \
            to it and holds, for each of them, the files it occurs in. This process puts the text of the files into the \
            object store, where every shard reads it and takes its own words, and puts their answers together.

            A word is a run of letters and digits, whatever their case. Files that are binary or not UTF-8 are skipped, \
            as is what is hidden.

            EXAMPLE:
              wordindex --shards 8 --isolation thread --find actor --find await Sources
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Files, and folders to search for files.",
            discussion:
                "Without any: Manta's own Sources and Documentation, looked for from the current folder upward.",
            valueName: "path"
        ),
        completion: .file()
    )
    var paths: [String] = []

    @Option(help: ArgumentHelp("How many actors share the words.", valueName: "number"))
    var shards = 4

    @Option(
        help: ArgumentHelp(
            """
            What a shard shares with others: a lane of a worker, a worker in which it has a thread, or nothing. \
            (default: shared; with --chaos, process)
            """,
            valueName: "isolation"
        )
    )
    var isolation: Isolation?

    @Option(
        help: ArgumentHelp(
            "How many nodes the cluster has; each has workers of its own. (default: 1)",
            valueName: "number"
        )
    )
    var nodes: Int?

    @Option(help: ArgumentHelp("How many of the most frequent words to show.", valueName: "number"))
    var top = 10

    @Option(
        help: ArgumentHelp(
            "A word to look up: shows the files it occurs in. May be given several times.",
            valueName: "word"
        )
    )
    var find: [String] = []

    @Flag(help: "Count everything again without shards, and compare.")
    var verify = false

    @OptionGroup(title: "Chaos")
    var chaos: ChaosOptions

    func validate() throws {
        guard (1...1_000).contains(shards) else {
            throw ValidationError("--shards is between 1 and 1000, not \(shards)")
        }
        guard (1...100_000).contains(top) || top == 0 else {
            throw ValidationError("--top is between 0 and 100000, not \(top)")
        }
        for text in find {
            let words = Tokenizer.words(in: text)
            guard words.count != 1 else { continue }
            let found = words.isEmpty ? "none" : words.joined(separator: " and ")
            throw ValidationError("--find takes one word of letters and digits, and '\(text)' holds \(found)")
        }
    }

    func run() async throws {
        let job = IndexJob(
            paths: paths,
            shardCount: shards,
            isolation: isolation ?? (chaos.plan == nil ? .shared : .process),
            topCount: top,
            lookUps: find.flatMap { Tokenizer.words(in: $0) },
            verifies: verify,
            chaos: chaos.plan
        )
        var configuration = ClusterConfiguration.default
        if chaos.plan != nil { configuration = configuration.quiet }
        if let nodes { configuration.nodes = nodes }
        let succeeded = try await ClusterSystem.run(configuration) { cluster in try await job.run(on: cluster)
        }
        guard succeeded else { throw ExitCode.failure }
    }
}

// Its cases are the values of `--isolation`. The conformance of a public type to a public protocol is public:
// hence the imports.
extension Isolation: @retroactive ExpressibleByArgument {}
