"""Who may go on with an upload, and what was lost between its beginning and its end."""

from typing import Any

from tests.conformance.conftest import Person, status_of


def change(admin: Person, person: Person, **values: Any) -> None:
    answer = admin.server.client.put(f"/api/users/{person.id}", json=values, headers=admin.headers)
    assert answer.status_code == 200, answer.text


def test_an_upload_belongs_to_whoever_began_it(anna: Person, ben: Person) -> None:
    where = anna.begin(3, "mine.bin")
    for answer in (
        ben.head(where),
        ben.patch(where, 0, b"abc"),
        ben.ask("DELETE", where),
        ben.ask("GET", where),
    ):
        assert answer.status_code == 404
    stolen: dict[str, Any] = {"upload_concat": f"final;{where}", "upload_metadata": "filename YQ=="}
    assert ben.ask("POST", "/api/uploads", **stolen).status_code == 404
    assert anna.offset(where) == 0


def test_its_own_credential_outlives_the_access_token(anna: Person) -> None:
    made = anna.create(6, "token.bin")
    where, token = made.headers["location"], made.headers["upload-token"]
    for past in ("Bearer a.b.c", "Basic eDp5"):
        later = Person(anna.server, "anna", 1, {"authorization": past, "upload-token": token})
        assert later.head(where).status_code == 200
        offset = later.offset(where)
        assert later.patch(where, offset, b"abc").status_code == 204
        assert later.create(1).status_code == 401, "it is good for nothing else"
    assert (anna.home / "token.bin").read_bytes() == b"abcabc"
    nobody = Person(anna.server, "anna", 1, {"upload-token": token[::-1]})
    assert nobody.head(where).status_code == 401
    assert Person(anna.server, "anna", 1, {}).head(where).status_code == 401


def test_quota_that_was_lost_meanwhile_is_missed_at_the_end(anna: Person, ben: Person) -> None:
    where = ben.begin(10, "quota.bin")
    assert ben.patch(where, 0, b"12345").status_code == 204
    change(anna, ben, quota_bytes=7)
    answer = ben.patch(where, 5, b"67890")
    assert (answer.status_code, answer.headers["tus-resumable"]) == (507, "1.0.0")
    assert not (ben.home / "quota.bin").exists()
    assert ben.create(1).status_code == 507
    change(anna, ben, quota_bytes=None)
    assert ben.patch(where, 10, b"").status_code == 204
    assert (ben.home / "quota.bin").read_bytes() == b"1234567890"


def test_a_right_that_was_lost_meanwhile_is_missed_at_the_end(anna: Person, ben: Person) -> None:
    made = ben.create(4, "right.bin", b"1")
    where, token = made.headers["location"], made.headers["upload-token"]
    change(anna, ben, grade="viewer")
    alone = Person(anna.server, "ben", ben.id, {"upload-token": token})
    assert ben.patch(where, 1, b"234").status_code in {401, 403}
    assert alone.patch(where, 1, b"234").status_code in {401, 403}
    assert not (ben.home / "right.bin").exists()
    change(anna, ben, grade="user")


def test_a_request_under_way_ends_with_its_owner_s_rights(anna: Person, ben: Person) -> None:
    made = ben.create(100_000, "ended.bin")
    where, token = made.headers["location"], made.headers["upload-token"]
    line = ben.open_patch(where, 0, 100_000)
    line.sendall(b"x" * 50_000)
    change(anna, ben, is_active=False)
    assert status_of(line) in {401, 403, 410}
    alone = Person(anna.server, "ben", ben.id, {"upload-token": token})
    assert alone.head(where).status_code == 401
    assert alone.patch(where, 0, b"x").status_code == 401
    change(anna, ben, is_active=True)
    assert alone.head(where).status_code == 401, "what ended does not come back"
