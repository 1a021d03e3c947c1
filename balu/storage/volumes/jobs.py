"""What volumes need before the first request."""

from balu.kernel.config import Config
from balu.kernel.jobs import Run, job
from balu.storage.volumes.service import VolumeService
from balu.storage.volumes.settings import VolumeSettings


@job()
async def prepare_volumes(run: Run) -> None:
    """Make the default volume once, and register those of the configuration."""
    config = run.env.part(Config)
    main = config.data_dir / "volumes" / "main"
    await VolumeService(run.env).prepare(main, config.of(VolumeSettings).extra)
