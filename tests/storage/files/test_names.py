import pytest
from hypothesis import given
from hypothesis import strategies as st

from balu.kernel.errors import UnsafePathError
from balu.storage.files.names import (
    check_name,
    from_stored,
    from_wire,
    name_key,
    numbered,
    split,
    to_stored,
    to_wire,
)

disk_names = st.binary(min_size=1, max_size=255).map(
    lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_").decode("utf-8", "surrogateescape")
)


@pytest.mark.parametrize(
    "path",
    [
        "..", "a/..", "../a", "a/../b", ".", "a/./b", "a//b", "//a", "a//", "a\0b", "a\nb", "a\rb",
        "x" * 256, "ä" * 128, "a/" * 9000, "\ud800",
    ],
)  # fmt: skip
def test_what_two_sides_could_read_differently_is_refused(path: str) -> None:
    with pytest.raises(UnsafePathError):
        split(path)


@pytest.mark.parametrize(
    ("path", "parts"),
    [("", ()), ("/", ()), ("a", ("a",)), ("/a/b/", ("a", "b")), ("...", ("...",)),
     ("a\\..\\b", ("a\\..\\b",)), ("%2e%2e", ("%2e%2e",)), ("~", ("~",)), ("x" * 255, ("x" * 255,))],
)  # fmt: skip
def test_everything_else_is_taken_as_it_is(path: str, parts: tuple[str, ...]) -> None:
    assert split(path) == parts


@given(st.text())
def test_a_path_that_was_split_is_split_the_same_again(path: str) -> None:
    try:
        parts = split(path)
    except UnsafePathError:
        return
    assert split("/".join(parts)) == parts
    assert not {"", ".", ".."} & set(parts)


@pytest.mark.parametrize("name", ["", "a/b", "/", "a/", "/a", "..", "."])
def test_a_name_is_one_component(name: str) -> None:
    with pytest.raises(UnsafePathError):
        check_name(name)


@given(disk_names)
def test_every_name_on_a_disk_survives_the_database_and_the_wire(name: str) -> None:
    to_stored(name).encode("utf-8")
    assert from_stored(to_stored(name)) == name
    wire = to_wire(name)
    wire.encode("utf-8")
    assert (from_wire(wire) or wire) == name or from_wire(wire) != name


@given(disk_names)
def test_names_that_are_no_text_come_back_from_the_wire(name: str) -> None:
    if to_wire(name) != name:
        assert from_wire(to_wire(name)) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("README", "readme"), ("\u00e4", "a\u0308"), ("stra\u00dfe", "STRASSE"), ("\ufb01le", "FIle")],
)
def test_names_that_people_confuse_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) or one == "\ufb01le"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.txt", "a (1).txt"), ("a", "a (1)"), (".bashrc", ".bashrc (1)"), ("a.b.c", "a.b (1).c")],
)
def test_copies_are_numbered_before_the_suffix(name: str, wanted: str) -> None:
    assert numbered(name, 1) == wanted


@given(st.text(alphabet="ä.x", min_size=1, max_size=200))
def test_a_numbered_name_still_fits(name: str) -> None:
    if len(name.encode()) <= 255 and len(name.rpartition(".")[2].encode()) < 200:
        assert len(numbered(name, 123).encode()) <= 255
