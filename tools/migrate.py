"""Write a migration from what the models say beyond the last step: `just migrate new shares "add password"`.

The result is a draft: it is read, completed and checked by ``tests/kernel/test_migrations.py``, which runs
every step up and down on SQLite and PostgreSQL.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import create_engine

from balu.app import read_config
from balu.kernel import migrate
from tools.app import unopened_app

BATCH = re.compile(
    r"    with op\.batch_alter_table\('(\w+)', schema=None\) as batch_op:\n((?:        .*\n)+)"
)
INDEX = re.compile(r" *batch_op\.(create|drop)_index\(")
NAME = "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s"


def new(domain: str, words: str) -> Path:
    """Compare the models with a new database at the newest step and write the difference."""
    number = f"{int(migrate.head()) + 1:04}"
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(migrate.script_location()).replace("%", "%%"))
    alembic.set_main_option("file_template", NAME)
    with tempfile.TemporaryDirectory(prefix="balu-tool-") as folder, unopened_app():
        migrate.upgrade(read_config(Path(folder)))
        engine = create_engine(f"sqlite:///{folder}/balu.db")
        with engine.connect() as connection:
            alembic.attributes["connection"] = connection
            command.revision(alembic, f"{domain} {words}", autogenerate=True, rev_id=number)
        engine.dispose()
    path = next((migrate.script_location() / "versions").glob(f"*_{number}_*.py"))
    tidy(path)
    return path


def tidy(path: Path) -> None:
    """Bring Alembic's draft into the form of the other steps: no banners, plain operations, our format."""
    text = re.sub(r"\n *# ### .*", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"\b(?:batch_)?op\.f\(('\w+')\)", r"\1", text)
    path.write_text(BATCH.sub(_unbatched, text).replace(", unique=False", ""), encoding="utf-8")
    subprocess.run(["ruff", "check", "--quiet", "--fix", "--exit-zero", path], check=True)
    subprocess.run(["ruff", "format", "--quiet", path], check=True)


def _unbatched(found: re.Match[str]) -> str:
    """Indexes need no copy of the table; other changes on SQLite do, and keep their batch."""
    table, body = found[1], found[2]
    lines = body.strip().splitlines()
    if not all(INDEX.match(line) for line in lines):
        return found[0]
    body = re.sub(r"batch_op\.create_index\(('\w+'), ", rf"op.create_index(\1, '{table}', ", body)
    body = re.sub(
        r"batch_op\.drop_index\(('\w+')(?:, .*)?\)", rf"op.drop_index(\1, table_name='{table}')", body
    )
    return body.replace("        op.", "    op.")


def main(arguments: list[str]) -> int:
    match arguments:
        case [domain, word, *more]:
            print(new(domain, " ".join([word, *more])))
            return 0
    print('usage: just migrate new DOMAIN "WORDS"', file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
