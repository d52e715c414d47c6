"""The board: newest points and prepared answers, without any socket."""

import logging
from unittest.mock import patch

import pytest

from labframe.board import Board


def board(count: int = 2, timeout: float | None = None) -> Board:
    names = [f"c{number}" for number in range(count)]
    return Board(names, (0.0, 0.0), [timeout] * count, "x")


def test_an_answer_is_put_together_once_and_kept() -> None:
    points = board()

    assert points.answer(b"json_wn") is points.answer(b"json_wn")
    assert points.answer(b"c0#raw") is points.answer(b"c0#raw")


def test_setting_a_point_renews_just_the_answers_that_show_it() -> None:
    points = board()
    whole, other = points.answer(b"raw"), points.answer(b"c1#raw")
    points.put("c0", (1.0, 2.0))

    assert whole == b"0.0,0.0;0.0,0.0"
    assert points.answer(b"raw") == b"1.0,2.0;0.0,0.0"
    assert points.answer(b"c1#raw") is other


def test_every_form_of_answer_follows_the_points() -> None:
    points = board(130)
    forms = [b"raw", b"json", b"raw_wn", b"json_wn", b"c129#raw", b"c129#json"]
    before = {form: points.answer(form) for form in forms}
    points.put("c129", (5, "on"))
    after = {form: points.answer(form) for form in forms}

    assert after[b"c129#raw"] == b"5,on"
    assert after[b"c129#json"] == b'[5, "on"]'
    for form in forms[:4]:
        old, new = before[form], after[form]
        assert old is not None
        assert new is not None
        assert new != old
        assert old.split(b"c128")[0] == new.split(b"c128")[0] or form in (b"raw", b"json")


def test_requests_that_are_not_for_points_have_no_answer_here() -> None:
    points = board()

    for request in (
        b"",
        b"name",
        b"RAW",
        b"raw ",
        b"c0#xml",
        b"#",
        b"c9#raw",
        b"\xff#raw",
        b"c0##raw",
    ):
        assert points.answer(request) is None


def test_an_answer_changes_by_itself_when_a_point_becomes_old_and_the_clock_steps_back() -> None:
    points = board(timeout=10.0)
    points.put("c0", (100.0, 1.0))
    points.put("c1", (105.0, 2.0))
    with patch("time.time") as clock:
        shown = []
        for moment in (110.0, 110.1, 115.0, 115.1, 111.0, 104.0):
            clock.return_value = moment
            shown.append(points.answer(b"raw"))

    assert shown == [
        b"100.0,1.0;105.0,2.0",
        b"OLD_DATA;105.0,2.0",
        b"OLD_DATA;105.0,2.0",
        b"OLD_DATA;OLD_DATA",
        b"OLD_DATA;105.0,2.0",
        b"100.0,1.0;105.0,2.0",
    ]


def test_a_batch_that_cannot_be_stored_whole_is_not_stored_at_all() -> None:
    points = board()
    with pytest.raises(KeyError):
        points.put_batch({"c0": (1.0, 1.0), "unknown": (2.0, 2.0)})

    assert points.answer(b"raw") == b"0.0,0.0;0.0,0.0"


def test_an_entry_that_is_no_point_is_logged_and_the_one_before_it_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    points = board()
    points.put("c0", (1.0, 1.0))
    points.settle()
    cell = points.cells["c0"]
    cell.entry = (1.0, {2.0})  # type: ignore[assignment]  # as a handle may do
    points.mark(cell)
    with caplog.at_level(logging.ERROR, "labframe.board"):
        answer = points.answer(b"c0#raw")

    assert answer == b"1.0,1.0"
    assert "codename 'c0'" in caplog.text
    assert points.entries()["c0"] == (1.0, 1.0)


def test_a_point_set_between_two_settlings_is_never_left_unseen() -> None:
    points = board(1)
    cell = points.cells["c0"]
    seen = []
    for number in range(1000):
        cell.entry = (float(number), 0.0)
        if cell.clean:
            points.mark(cell)
        if number % 3 == 0:
            seen.append(points.answer(b"c0#raw"))

    assert seen == [b"%d.0,0.0" % number for number in range(0, 1000, 3)]
    assert not points.dirty


def test_after_closing_nothing_can_be_set() -> None:
    points = board()
    cell = points.cells["c0"]
    points.close(9000)

    with pytest.raises(KeyError, match="9000"):
        points.mark(cell)
    with pytest.raises(KeyError):
        points.put("c0", (1.0, 1.0))
