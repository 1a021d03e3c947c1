"""Import contract `front_door`: a domain is entered through its package, never through its modules.

The stock ``protected`` type cannot say "its own domain" for all domains at once.
"""

from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

DOMAIN_DEPTH = 3
"""``balu.<room>.<domain>``; whatever is deeper is a domain's own business."""


class FrontDoorContract(Contract):
    """No module imports ``root.room.domain.module`` unless it belongs to ``root.room.domain``.

    Rooms in ``ignored_rooms`` have no domains: their modules are doors themselves. The module
    ``composition_root`` may also import ``root.room.domain.domain``, which is written for it.
    """

    type_name = "front_door"

    root = fields.StringField()
    composition_root = fields.StringField()
    ignored_rooms = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        root = str(self.root)
        ignored = {f"{root}.{room}" for room in cast("set[str] | None", self.ignored_rooms) or ()}
        found: list[dict[str, Any]] = []
        for module in sorted(graph.modules):
            parts = module.split(".")
            room, domain = ".".join(parts[:2]), ".".join(parts[:DOMAIN_DEPTH])
            if parts[0] != root or len(parts) <= DOMAIN_DEPTH or room in ignored:
                continue
            for importer in sorted(graph.find_modules_that_directly_import(module)):
                if importer == domain or importer.startswith(f"{domain}."):
                    continue
                if importer == str(self.composition_root) and module == f"{domain}.domain":
                    continue
                details = graph.get_import_details(importer=importer, imported=module)
                lines = ", ".join(str(detail["line_number"]) for detail in details)
                found.append({"importer": importer, "imported": module, "domain": domain, "lines": lines})
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for entry in check.metadata["found"]:
            output.print_error(
                f"- {entry['importer']} -> {entry['imported']} (l.{entry['lines']}): "
                f"import it from {entry['domain']}",
                bold=False,
            )
        output.new_line()
