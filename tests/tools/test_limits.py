"""Files over their limit are named, others are not counted."""

from pathlib import Path

import pytest

from tools.limits import limit_of, too_long


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("balu/storage/files/service.py", 500),
        ("balu/app.py", 500),
        ("balu_core/src/volume.rs", 150),
        ("balu_core/crates/paths/src/tree.rs", 400),
        ("web/src/storage/files/page.tsx", 250),
        ("web/src/storage/files/page.test.tsx", 500),
        ("web/package-lock.json", None),
    ],
)
def test_every_kind_of_file_has_its_limit(path: str, most: int | None) -> None:
    assert limit_of(path) == most


@pytest.mark.parametrize(
    ("lines", "found"), [pytest.param(500, 0, id="full"), pytest.param(501, 1, id="over")]
)
def test_a_file_may_be_as_long_as_its_limit(tmp_path: Path, lines: int, found: int) -> None:
    (tmp_path / "balu").mkdir()
    (tmp_path / "balu" / "long.py").write_text("\n" * lines)
    assert len(too_long(tmp_path, ["balu/long.py"])) == found
