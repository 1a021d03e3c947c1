"""Write the API's description and the web client's types: `python -m tools.openapi [--check]`.

With ``--check`` nothing is written; the exit code is 1 when either file differs from the application.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.app import unopened_app
from tools.balu_build import WEB, node_command

DOCUMENT = WEB / "openapi.json"
TYPES = WEB / "src" / "kernel" / "api" / "schema.d.ts"
OLDER_SPELLING = re.compile(r"Alias\d+$")
GENERATOR = Path("node_modules") / "openapi-typescript" / "bin" / "cli.js"


def document() -> str:
    """The OpenAPI document with sorted keys, so that equal applications give equal bytes.

    Older spellings of an address are left out: a generated client needs one.
    """
    with unopened_app() as app:
        described = app.openapi_schema.to_schema()
    for path, operations in list(described["paths"].items()):
        for method, operation in list(operations.items()):
            if OLDER_SPELLING.search(operation.get("operationId", "")):
                del operations[method]
        if not operations:
            del described["paths"][path]
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def types(described: str) -> str:
    """TypeScript types of *described*, made by the web client's own generator."""
    node, environment = node_command()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(described)
        subprocess.run(
            [*node, str(WEB / GENERATOR), str(source), "--output", str(target)],
            cwd=WEB,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return target.read_text()


def main(arguments: list[str]) -> int:
    described = document()
    made = {DOCUMENT: described, TYPES: types(described)}
    drifted = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in drifted:
            print(f"{path.relative_to(WEB.parent)} is out of date: run `just api` and commit it.")
        return 1 if drifted else 0
    for path in drifted:
        path.write_text(made[path])
        print(f"wrote {path.relative_to(WEB.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
