from datetime import UTC, datetime

import pytest

from balu.kernel.ranges import (
    Range,
    UnsatisfiableRangeError,
    content_disposition,
    etag_list,
    judge,
    parse,
    range_applies,
)

MODIFIED = datetime(2026, 11, 21, 1, 42, 33, 500_000, tzinfo=UTC)
SAME_SECOND = "Sat, 21 Nov 2026 01:42:33 GMT"
EARLIER = "Sat, 21 Nov 2026 01:42:32 GMT"


@pytest.mark.parametrize(
    ("header", "size", "wanted"),
    [
        pytest.param(None, 10, None, id="no-header"),
        pytest.param("bytes=0-4", 10, [(0, 4)], id="first-five"),
        pytest.param("bytes=5-", 10, [(5, 9)], id="open-end"),
        pytest.param("bytes=-3", 10, [(7, 9)], id="last-three"),
        pytest.param("bytes=-30", 10, [(0, 9)], id="suffix-longer-than-file"),
        pytest.param("bytes=8-99", 10, [(8, 9)], id="clipped"),
        pytest.param("bytes=0-1, 8-9", 10, [(0, 1), (8, 9)], id="two"),
        pytest.param("bytes=8-9,0-1", 10, [(8, 9), (0, 1)], id="order-kept"),
        pytest.param("bytes=0-1,20-30", 10, [(0, 1)], id="one-of-two-outside"),
        pytest.param("Bytes = 0-1", 10, [(0, 1)], id="unit-ignores-case"),
        pytest.param("items=0-1", 10, None, id="other-unit"),
        pytest.param("bytes=4-2", 10, None, id="backwards"),
        pytest.param("bytes=-", 10, None, id="nothing"),
        pytest.param("bytes=a-b", 10, None, id="letters"),
        pytest.param("bytes=٣-٤", 10, None, id="other-digits"),
        pytest.param("bytes=0-9,0-9", 10, None, id="more-than-the-file"),
        pytest.param("bytes=" + ",".join(f"{n}-{n}" for n in range(65)), 1000, None, id="too-many"),
        pytest.param("bytes=0-" + "9" * 30, 10, None, id="absurd-number"),
    ],
)
def test_ranges_are_clipped_or_ignored(header: str | None, size: int, wanted: object) -> None:
    found = parse(header, size)
    assert (None if found is None else [(one.start, one.end) for one in found]) == wanted


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_outside_the_file_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse(header, size)


def test_a_range_knows_its_length() -> None:
    assert len(Range(2, 4)) == 3


@pytest.mark.parametrize(
    ("headers", "etag", "method", "verdict"),
    [
        pytest.param({}, '"1.1"', "GET", "go", id="nothing-asked"),
        pytest.param({"if-match": '"1.1"'}, '"1.1"', "PUT", "go", id="match"),
        pytest.param({"if-match": '"1.0", "1.1"'}, '"1.1"', "PUT", "go", id="match-in-list"),
        pytest.param({"if-match": '"1.0"'}, '"1.1"', "PUT", "failed", id="other"),
        pytest.param({"if-match": 'W/"1.1"'}, '"1.1"', "PUT", "failed", id="weak-never-matches-strongly"),
        pytest.param({"if-match": "*"}, None, "PUT", "failed", id="star-needs-something"),
        pytest.param({"if-none-match": "*"}, None, "PUT", "go", id="star-and-nothing-there"),
        pytest.param({"if-none-match": "*"}, '"1.1"', "PUT", "failed", id="star-and-something-there"),
        pytest.param({"if-none-match": 'W/"1.1"'}, '"1.1"', "GET", "not-modified", id="weak-is-enough"),
        pytest.param({"if-modified-since": SAME_SECOND}, '"1.1"', "GET", "not-modified", id="same-second"),
        pytest.param({"if-modified-since": EARLIER}, '"1.1"', "GET", "go", id="newer"),
        pytest.param({"if-modified-since": "soon"}, '"1.1"', "GET", "go", id="unreadable-date"),
        pytest.param({"if-unmodified-since": EARLIER}, '"1.1"', "PUT", "failed", id="changed-since"),
        pytest.param(
            {"if-none-match": '"0.0"', "if-modified-since": SAME_SECOND},
            '"1.1"',
            "GET",
            "go",
            id="tag-beats-date",
        ),
    ],
)
def test_preconditions_follow_the_order_of_the_standard(
    headers: dict[str, str], etag: str | None, method: str, verdict: str
) -> None:
    assert judge(headers, etag, MODIFIED, method) == verdict


@pytest.mark.parametrize(
    ("header", "applies"),
    [
        (None, True),
        ('"1.1"', True),
        ('"1.0"', False),
        ('W/"1.1"', False),
        (SAME_SECOND, True),
        (EARLIER, False),
    ],
)
def test_a_range_counts_only_for_the_same_bytes(header: str | None, applies: bool) -> None:
    assert range_applies(header, '"1.1"', MODIFIED) is applies


def test_broken_entity_tags_match_nothing() -> None:
    assert etag_list('"a", b, "c"') == ('"a"',)
    assert etag_list("") == ()
    assert etag_list(None) is None


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"),
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
        ("ä.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt"),
        ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
        ("\udcff", "attachment; filename=\"_\"; filename*=UTF-8''%EF%BF%BD"),
    ],
)
def test_names_cannot_break_out_of_the_header(name: str, header: str) -> None:
    assert content_disposition(name) == header
