"""The file as an importer sees it: points may be older than those that are there."""

from __future__ import annotations

from typing import Any

from labframe_plugins.recorder.store import Store

__all__ = ["LateStore"]


class LateStore(Store):
    """Writes points that need not be the newest ones.

    They end no gap that began after them, and their times tell which one is the first and which one
    the newest.
    """

    def _points(self, points: list[Any]) -> None:
        newest: dict[str, tuple[int, Any, Any]] = {}
        first: dict[str, int] = {}
        for name, time, y, x in points:
            if name not in newest or time >= newest[name][0]:
                newest[name] = (time, y, x)
            first[name] = min(time, first.get(name, time))
        before = {name: self._known[name].last for name in newest if name in self._known}
        self._around_gaps(points)
        for name, last in newest.items():
            there = before.get(name)
            one = self._known[name]
            one.last = last if there is None or last[0] >= there[0] else there
            one.noted = 0
            self._connection.execute(
                "UPDATE codename SET first_time = min(first_time, ?) WHERE id = ?",
                (first[name], one.id),
            )
        self.note()

    def _around_gaps(self, points: list[Any]) -> None:
        """Write points; first those that are before a gap without an end, which leave it open."""
        begins = dict(
            self._connection.execute(
                "SELECT c.name, g.since FROM gap g JOIN codename c ON c.id = g.codename "
                "WHERE g.until IS NULL"
            ).fetchall()
        )
        before: list[Any] = []
        after: list[Any] = []
        for point in points:
            is_before = point[0] in begins and point[1] <= begins[point[0]]
            (before if is_before else after).append(point)
        for name in begins:
            self._known[name].has_gap = False
        super()._points(before)
        for name in begins:
            self._known[name].has_gap = True
        super()._points(after)
