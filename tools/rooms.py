"""Import contract `room`: the order of the domains inside one room, which need not exist yet."""

from typing import cast

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.layers import LayersContract
from importlinter.domain.imports import ModuleExpression


class RoomContract(LayersContract):
    """A ``layers`` contract that is kept while its container is not there.

    So every room's order can be written down at once, and a room is checked from its first module on.
    """

    type_name = "room"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        containers = cast("list[ModuleExpression]", self.containers)
        if not any(container.expression in graph.modules for container in containers):
            return ContractCheck(kept=True)
        return super().check(graph, verbose)
