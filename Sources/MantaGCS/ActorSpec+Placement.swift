internal import MantaCore
internal import MantaScheduling

extension ActorSpec {
    /// What the scheduler is asked for.
    var request: PlacementRequest {
        PlacementRequest(resources: options.resources, placement: options.placement)
    }
}
