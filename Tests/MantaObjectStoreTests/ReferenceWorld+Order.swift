import MantaObjectStore

/// One order of everything that is kept in sets, so that a run can be repeated.
extension ReferenceWorld.Message {
    var receiver: Int {
        switch self {
        case .update(_, let receiver, _), .answer(_, let receiver, _): receiver
        }
    }

    var order: (Int, Int, Int, UInt64) {
        switch self {
        case .update(let sender, let receiver, let update): (0, sender, receiver, update.number)
        case .answer(let sender, let receiver, let answer): (1, sender, receiver, answer.number)
        }
    }
}

extension ReferenceWorld.Frame {
    var order: (Int, UInt64, Int, Int) { (sender, token, attempt, receiver) }
}

extension ReferenceWorld.Call {
    var order: (Int, UInt64) { (sender, token) }
}

extension ReferenceWorld.Way {
    var order: (Int, Int) { (sender, receiver) }
}

extension ReferenceWorld.End {
    var order: (Int, Int) { (process, observer) }
}
