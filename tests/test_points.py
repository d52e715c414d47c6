"""Codenames and points: what is taken, what is refused."""

import numpy as np
import pytest

from labframe.errors import PointError
from labframe.points import checked_codenames, checked_point


@pytest.mark.parametrize("codenames", [["a", "b"], ("a", "b"), iter(["a", "b"]), {"a": 1, "b": 2}])
def test_codenames_come_in_any_collection_of_texts(codenames: list[str]) -> None:
    assert checked_codenames(codenames) == ["a", "b"]


def test_a_single_text_is_no_list_of_codenames() -> None:
    with pytest.raises(TypeError, match=r"write \['abc'\]"):
        checked_codenames("abc")


def test_a_codename_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="not 5"):
        checked_codenames(["a", 5])  # type: ignore[list-item]  # that is the point


def test_the_first_faulty_codename_is_the_one_named() -> None:
    with pytest.raises(ValueError, match="'b' is present more than once"):
        checked_codenames(["a", "b", "b", "c;d"])
    with pytest.raises(ValueError, match="The character ';' is not allowed in the codenames"):
        checked_codenames(["a", "c;d", "b", "b"])


def test_a_codename_may_be_empty_and_hold_spaces_and_umlauts() -> None:
    assert checked_codenames(["", "my name", "Überdruck µbar"]) == ["", "my name", "Überdruck µbar"]


@pytest.mark.parametrize(
    ("point", "stored"),
    [
        ((1.0, 2.0), (1.0, 2.0)),
        ([1, "ok"], (1, "ok")),
        (np.array([1.5, 2.5]), (1.5, 2.5)),
        ((np.int64(3), np.float32(0.5)), (3, 0.5)),
        ((0, np.bool_(True)), (0, True)),
        ((0, None), (0, None)),
    ],
)
def test_points_become_pairs_of_plain_values(point: object, stored: tuple[object, object]) -> None:
    pair = checked_point("c", point)  # type: ignore[arg-type]  # numpy arrays among them

    assert pair == stored
    assert [type(part) for part in pair] == [type(part) for part in stored]


def test_a_list_in_a_point_is_copied() -> None:
    spectrum = [1.0, 2.0]
    _, y = checked_point("c", (0.0, spectrum))
    spectrum.append(3.0)

    assert y == [1.0, 2.0]


@pytest.mark.parametrize("point", [(), (1.0,), (1.0, 2.0, 3.0), "ab", b"ab", {1: 2, 3: 4}, {1, 2}])
def test_what_is_no_pair_is_refused_by_name(point: object) -> None:
    with pytest.raises(PointError, match="codename 'cryo'"):
        checked_point("cryo", point)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("value", [1 + 2j, {1, 2}, object(), b"x"])
def test_a_value_that_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is not JSON serializable"):
        checked_point("c", (0.0, value))


def test_an_array_as_a_value_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match="tolist"):
        checked_point("c", (0.0, np.zeros(3)))
