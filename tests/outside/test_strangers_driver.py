"""A driver that a stranger wrote and installed beside labframe: the host finds and serves it.

It is run by ``tox -e outside``, where the distribution in this folder is installed.
"""

from collections.abc import Callable

from click.testing import CliRunner

from labframe import Host
from labframe.cli.main import main
from labframe.plugins import Condition, Plugins
from labframe.testing.hosts import Clients


def test_the_plugin_is_loaded_from_its_own_distribution() -> None:
    plugins = Plugins()
    plugins.drivers()

    status = next(one for one in plugins.statuses if one.name == "chiller")

    assert status.condition is Condition.LOADED
    assert status.source == "labframe-chiller 0.1.0"
    assert status.drivers == ("chiller",)
    assert not status.reason


def test_the_command_line_shows_its_driver_with_simulator() -> None:
    shown = CliRunner().invoke(main, ["drivers", "chiller"])

    assert shown.exit_code == 0, shown.output
    assert "(with simulator)" in shown.output
    assert "NAME_temperature" in shown.output


def test_the_host_serves_its_readings_and_sends_its_commands(
    labframe_host: Callable[..., Host], labframe_client: Callable[[Host], Clients]
) -> None:
    host = labframe_host({"instrument": {"bath": {"driver": "chiller", "port": "/dev/ttyUSB0"}}})
    client = labframe_client(host)

    host.wait_fresh("bath_temperature", 20.0)
    assert client.push is not None
    client.push.command("bath.set_temperature", target=4.5)
    host.read("bath_setpoint", 20.0)
    point = client.pull.point("bath_setpoint")

    assert not isinstance(point, str)  # OLD_DATA
    assert point.y == 4.5
