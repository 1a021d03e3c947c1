"""A licence binds when every choice it offers does."""

import pytest

from tools.licences import binds


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", False),
        ("Apache-2.0 OR MIT", False),
        ("GPL-3.0-or-later", True),
        ("GPL-2.0-only OR MIT", False),
        ("MIT AND AGPL-3.0", True),
        ("LGPL-2.1", False),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)", False),
    ],
)
def test_binding_licences_are_recognised(licence: str, expected: bool) -> None:
    assert binds(licence) is expected
