"""Numbers that no database holds: refused, never an error of ours."""

import httpx
import pytest

from tests.conftest import database_url

__all__ = ["database_url"]  # the answer is the database's, so here it is both kinds
HUGE = "9" * 25
ADDRESSES = [
    f"/api/files/{HUGE}",
    f"/api/files/download/{HUGE}",
    f"/api/files/list?folder_id={HUGE}",
    f"/api/users/{HUGE}/avatar/",
    f"/api/inventory/devices/{HUGE}",
    f"/api/jobs/{HUGE}",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_number_beyond_all_is_refused(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address, headers={"x-test-user": "root"})
    assert answer.status_code in {400, 404}
    assert answer.json()["detail"]


@pytest.mark.parametrize("token", ["²", "².x", "99999999999.ä", f"{HUGE * 200}.x"])
async def test_a_progress_token_that_is_none_is_refused(client: httpx.AsyncClient, token: str) -> None:
    tus = {"tus-resumable": "1.0.0", "upload-length": "5", "upload-metadata": "filename YQ=="}
    upload = await client.post("/api/uploads", headers=tus)
    number = upload.headers["location"].rpartition("/")[2]
    answer = await client.get(f"/api/files/progress/{number}", params={"token": token})
    assert answer.status_code == 401
