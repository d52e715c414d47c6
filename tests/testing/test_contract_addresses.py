"""The second instrument on the contract's bus has an address of its own."""

import pytest

from labframe.testing.contract import _other_address


@pytest.mark.parametrize(
    ("address", "limits", "other"),
    [(1, None, 2), (1, (1, 247), 2), (247, (1, 247), 246), ("00", None, "01"), ("0F", None, "10")],
)
def test_it_is_the_next_one_or_the_one_before_the_last(
    address: int | str, limits: tuple[float, float] | None, other: int | str
) -> None:
    assert _other_address(address, limits) == other
