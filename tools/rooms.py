"""Import contract `room`: the order of the domains inside one room, which need not exist yet."""

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.layers import LayersContract


class RoomContract(LayersContract):
    """A ``layers`` contract that is kept while its only container is not there.

    So every room's order can be written down at once, and a room is checked from its first module on.
    """

    type_name = "room"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001  (importlinter's)
        [container] = self.containers
        if container.expression not in graph.modules:
            return ContractCheck(kept=True)
        return super().check(graph, verbose)
