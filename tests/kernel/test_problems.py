"""What a form is told about its fields, beside the English sentences."""

from typing import Annotated, Any

import msgspec
import pytest
from litestar.exceptions import ValidationException

from balu.kernel.problems import problem


class Wish(msgspec.Struct):
    """A body."""

    text: Annotated[str, msgspec.Meta(min_length=2, max_length=5, pattern="^[a-z]+$")] = "ab"
    many: Annotated[list[int], msgspec.Meta(min_length=1, max_length=2)] = msgspec.field(default_factory=list)
    port: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


@pytest.mark.parametrize(
    ("field", "value", "code", "parameters"),
    [
        pytest.param("text", "abcdef", "longer-than", {"most": 5}, id="long"),
        pytest.param("text", "a", "shorter-than", {"least": 2}, id="short"),
        pytest.param("text", "ABC", "misspelt", {}, id="pattern"),
        pytest.param("many", [1, 2, 3], "more-than", {"most": 2}, id="many"),
        pytest.param("many", [], "fewer-than", {"least": 1}, id="few"),
        pytest.param("port", 10, "above", {"most": 9}, id="above"),
        pytest.param("port", 0, "below", {"least": 1}, id="below"),
        pytest.param("share", 1.5, "above", {"most": 1}, id="float"),
    ],
)
def test_a_value_that_does_not_fit_has_a_code_and_its_limit(
    field: str, value: Any, code: str, parameters: dict[str, int]
) -> None:
    status, _, document = problem(refused({field: value}), "r")
    assert status == 422
    assert document["faults"] == [{"field": field, "code": code, "parameters": parameters}]
    assert document["fields"] == {field: [document["detail"][0]["msg"]]}


def test_what_no_person_types_has_only_the_sentence() -> None:
    _, _, document = problem(refused({"port": "x"}), "r")
    assert "faults" not in document
    assert document["fields"] == {"port": ["Expected `int`, got `str`"]}


def refused(body: dict[str, Any]) -> ValidationException:
    """As the framework tells it."""
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(body, Wish)
    message, _, path = str(error.value).partition(" - at `$.")
    return ValidationException("", extra=[{"message": message, "key": path.rstrip("`"), "source": "body"}])
