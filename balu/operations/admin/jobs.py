"""What the first start offers."""

from balu.kernel.jobs import Run, job
from balu.operations.admin.service import setup_code


@job()
async def offer_setup(run: Run) -> None:
    """Have the one-time code ready in ``run/setup-code`` while Balu has no owner."""
    await setup_code(run.env)
