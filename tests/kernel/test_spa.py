from pathlib import Path

from balu.kernel.spa import WebUI

PAGE = b"<!doctype html><script>start()</script>"


def test_a_page_that_did_not_change_keeps_its_own_policy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(PAGE)
    ui = WebUI(tmp_path)
    first = ui.answer("/trash", "", None)
    assert first is not None
    again = ui.answer("/trash", "", first.headers["etag"])
    assert again is not None
    assert (again.status, again.body) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
