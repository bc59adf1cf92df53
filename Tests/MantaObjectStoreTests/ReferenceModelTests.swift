import Testing

/// Small worlds, each tried in every order of what may happen. Together 138,000 states.
@Suite("every way that references can go")
struct ReferenceModelTests {
    static let models = [
        ReferenceModel("two references passed on, to whomever", processes: 3, .init(sends: 2)),
        ReferenceModel(
            "a call that is sent twice",
            processes: 2,
            .init(sends: 1, resends: 1, timeouts: 1, retractions: 1)
        ),
        ReferenceModel(
            "a borrower's call that is sent twice",
            processes: 3,
            borrower: 1,
            .init(sends: 1, resends: 1)
        ),
        ReferenceModel(
            "a borrower's reference asked back",
            processes: 3,
            borrower: 1,
            .init(sends: 1, retractions: 2)
        ),
        ReferenceModel(
            "a borrower's reference, with lost and repeated updates",
            processes: 3,
            borrower: 1,
            .init(sends: 1, timeouts: 1, repeats: 1, areCallsShort: true)
        ),
        ReferenceModel(
            "references there and back, with lost and repeated updates",
            processes: 2,
            .init(sends: 2, timeouts: 1, repeats: 1, areCallsShort: true)
        ),
        ReferenceModel("one crash", processes: 3, .init(sends: 2, crashes: 1, areCallsShort: true)),
        ReferenceModel("two crashes", processes: 3, borrower: 1, .init(sends: 1, crashes: 2)),
        ReferenceModel(
            "an object in another",
            processes: 3,
            outerOwner: 1,
            borrower: 1,
            .init(sends: 1, reads: 1)
        ),
        ReferenceModel(
            "an object in another, and a crash",
            processes: 3,
            outerOwner: 1,
            borrower: 1,
            .init(sends: 1, reads: 1, crashes: 1, areCallsShort: true)
        ),
    ]

    static let largeModels = [
        ReferenceModel("three references", processes: 3, .init(sends: 3, areCallsShort: true)),
        ReferenceModel("four processes", processes: 4, borrower: 1, .init(sends: 2, areCallsShort: true)),
        ReferenceModel("two sent twice", processes: 3, .init(sends: 2, resends: 1)),
        ReferenceModel(
            "a borrower's call sent twice",
            processes: 3,
            borrower: 1,
            .init(sends: 1, resends: 1, retractions: 1)
        ),
        ReferenceModel("asked back", processes: 3, .init(sends: 2, retractions: 2)),
        ReferenceModel(
            "faults",
            processes: 2,
            .init(sends: 2, timeouts: 1, repeats: 1, retractions: 1)
        ),
        ReferenceModel(
            "faults of a borrower",
            processes: 3,
            borrower: 1,
            .init(sends: 1, timeouts: 2, repeats: 1, retractions: 1, areCallsShort: true)
        ),
        ReferenceModel("crashes", processes: 3, .init(sends: 2, crashes: 2)),
        ReferenceModel("a crash, and asked back", processes: 3, .init(sends: 2, retractions: 1, crashes: 1)),
        ReferenceModel(
            "a crash among three references",
            processes: 3,
            borrower: 1,
            .init(sends: 2, timeouts: 1, crashes: 1, areCallsShort: true)
        ),
        ReferenceModel(
            "an object in the owner's other",
            processes: 3,
            outerOwner: 0,
            .init(sends: 2, reads: 1)
        ),
        ReferenceModel(
            "an object in a borrower's",
            processes: 3,
            outerOwner: 1,
            .init(sends: 2, reads: 1, crashes: 1)
        ),
        ReferenceModel(
            "an object in a borrower's, passed on twice",
            processes: 3,
            outerOwner: 1,
            borrower: 1,
            .init(sends: 2, reads: 1, areCallsShort: true)
        ),
    ]

    @Test("keeps what is held, frees what is not", arguments: models)
    func holds(_ model: ReferenceModel) { check(model) }

    @Test(
        "keeps what is held, frees what is not, in larger worlds",
        .enabled(if: ReferenceDepth.extra > 0),
        arguments: largeModels
    )
    func holdsInLargerWorlds(_ model: ReferenceModel) { check(model) }

    private func check(_ model: ReferenceModel) {
        var checker = ReferenceModelChecker()
        let violation = checker.run(model.world)
        print("\(model.testDescription): \(checker.stateCount) states, \(checker.stepCount) steps")
        #expect(violation == nil)
    }
}
