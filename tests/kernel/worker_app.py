"""A job worker with jobs of a test's own: ``python worker_app.py DATA_DIR [send COUNT]``."""

import asyncio
import sys
from pathlib import Path

from balu.app import DOMAINS
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.jobs import Run, enqueue, job
from balu.kernel.jobs.worker import run_worker
from balu.kernel.sqlite import loaded_copies
from balu.kernel.testing import make_config
from balu.kernel.unit import open_unit


@job(max_attempts=10)
async def leave_a_mark(run: Run, number: int) -> str:
    """Write one file, slowly enough to be killed on the way."""
    folder = run.env.part(Config).data_dir / "marks"
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    await asyncio.sleep(0.05)
    await asyncio.to_thread((folder / str(number)).write_text, str(run.attempt))
    (sqlite,) = loaded_copies()
    return sqlite


SAMPLES = Domain(name="samples", jobs=(leave_a_mark,))


async def send(data_dir: Path, count: int) -> None:
    async with open_env(make_config(data_dir, DOMAINS), (*DOMAINS, SAMPLES)) as env:
        for number in range(count):
            async with open_unit(env) as unit:
                await enqueue(unit, leave_a_mark, number=number)
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    if sys.argv[2:3] == ["send"]:
        asyncio.run(send(home, int(sys.argv[3])))
    else:
        run_worker(make_config(home, DOMAINS), (*DOMAINS, SAMPLES))
