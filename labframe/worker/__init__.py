"""The workers: one thread for each line, which connects, identifies and polls."""

from labframe.worker.feed import Feed, Outlet
from labframe.worker.member import InstrumentStatus, Member, State
from labframe.worker.poll import Poll
from labframe.worker.worker import Worker

__all__ = ["Feed", "InstrumentStatus", "Member", "Outlet", "Poll", "State", "Worker"]
