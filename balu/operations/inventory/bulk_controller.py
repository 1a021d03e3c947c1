"""``/api/inventory/bulk/devices/{import,export}``."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from balu.kernel.http import CallerDep
from balu.kernel.threads import Threads
from balu.kernel.unit import Env
from balu.operations.inventory.controller import READ, WRITE, author_of
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.errors import ImportRefusedError
from balu.operations.inventory.exports import Format, exported
from balu.operations.inventory.import_schemas import Corrections, ImportReport
from balu.operations.inventory.imports import OnError, carry_out, planned, preview
from balu.operations.inventory.search import Filters
from balu.operations.inventory.search_controller import provide_filters
from balu.operations.inventory.tables import corrected, read_table

EnvDep = NamedDependency[Env]
MAX_BYTES = 64 * 1024 * 1024
IMPORT: dict[str, Any] = {**WRITE, "rate": ("inventory_import", 10)}
EXPORT: dict[str, Any] = {**READ, "rate": ("inventory_export", 10)}
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class BulkController(Controller):
    """The whole inventory at once."""

    path, tags = "/inventory/bulk/devices", ("inventory",)
    dependencies: Any = {"filters": Provide(provide_filters, sync_to_thread=False)}

    @post("/import", operation_id="importDevices", opt=IMPORT, request_max_body_size=MAX_BYTES)
    async def load(
        self,
        request: Request[Any, Any, Any],
        env: EnvDep,
        caller: CallerDep,
        dry_run: FromQuery[bool] = False,
        on_error: FromQuery[OnError] = "abort",
    ) -> Response[ImportReport]:
        """Import a JSON array or a CSV file, as the body or as the part ``file`` of a form.

        The part ``corrections`` of the form replaces cells of that file: ``{row: {field: value}}``.
        201 when devices were made, 200 otherwise, 400 with every wrong row when nothing was imported.
        """
        data, corrections = await _sent(request)
        sheet = await env.part(Threads).run(_sheet, data, corrections)
        if dry_run:
            pieces = preview(await planned(env, sheet))
            # The same document, written piece by piece.
            return Stream(pieces, status_code=200, media_type="application/json")  # type: ignore[return-value]
        report = await carry_out(env, author_of(caller), sheet, on_error)
        return Response(report, status_code=201 if report.created else 200)

    @get("/export", operation_id="exportDevices", opt=EXPORT)
    async def save(
        self,
        env: EnvDep,
        filters: NamedDependency[Filters],
        file_format: Annotated[Format, QueryParameter(name="format")] = "csv",
    ) -> Stream:
        """Every device that fits the filters of the search, as a file that ``import`` reads back."""
        name = f"balu-inventory-{env.now():%Y-%m-%d}.{file_format}"
        return Stream(
            exported(env, filters, file_format),
            media_type=MEDIA_TYPES[file_format],
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )


def _sheet(data: bytes, corrections: Corrections) -> Sheet:
    return Sheet(corrected(read_table(data), corrections))


async def _sent(request: Request[Any, Any, Any]) -> tuple[bytes, Corrections]:
    kind, _ = request.content_type
    if kind != "multipart/form-data":
        return await request.body(), {}
    form = await request.form()
    part = form.get("file") or next((one for one in form.values() if isinstance(one, UploadFile)), None)
    if not isinstance(part, UploadFile):
        raise ImportRefusedError.because("no-file")
    try:
        corrections = msgspec.json.decode(
            str(form.get("corrections") or "{}"), type=dict[int, dict[str, Any]]
        )
    except msgspec.DecodeError as error:
        raise ImportRefusedError.because("no-corrections", error=str(error)) from error
    return await part.read(), corrections
