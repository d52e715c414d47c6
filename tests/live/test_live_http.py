"""What the live server answers over HTTP, and to whom."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from livelab import TOKEN, Live, running, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("static")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>labframe</title>" + " " * 500)
    (folder / "assets" / "app-0a1b2c3d4e.js").write_text("export const answer = 42;" * 50)
    (folder / "assets" / "inter.woff2").write_bytes(bytes(range(256)))
    with running(folder, token=TOKEN, names=("lab.example.org",)) as server:
        yield server


def test_it_says_that_it_is_well(live: Live) -> None:
    told = live.get("/healthz").json()

    assert (told["status"], told["protocol"]) == ("ok", 1)


def test_prometheus_reads_its_numbers(live: Live) -> None:
    live.points('a "host"\\', a=[1, 2])
    until(lambda: 'host_alive{host="a \\"host\\"\\\\"} 1' in live.get("/metrics").text)

    answer = live.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in answer.text.splitlines():
        name, _, value = line.rpartition(" ")
        assert line.startswith("# TYPE ") or (name and float(value) >= 0)


def test_the_page_is_sent_packed_and_asked_for_again_by_its_hash(live: Live) -> None:
    page = live.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["cache-control"] == "no-cache"
    assert int(page.headers["content-length"]) < 200
    assert page.text.startswith("<!doctype html>")

    again = live.get("/", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = live.get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == page.text


def test_files_with_a_hash_in_their_names_are_kept_for_ever(live: Live) -> None:
    script = live.get("/assets/app-0a1b2c3d4e.js")
    font = live.get("/assets/inter.woff2")

    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert font.headers["content-type"] == "font/woff2"
    assert font.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in font.headers
    assert font.content == bytes(range(256))


@pytest.mark.parametrize("path", ["/nothing", "/../settings.py", "/%2e%2e/settings.py", "/assets"])
def test_there_are_no_other_files(live: Live, path: str) -> None:
    assert live.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/nothing", "/api/v1/history"])
def test_browsers_are_told_to_load_nothing_from_elsewhere(live: Live, path: str) -> None:
    headers = live.get(path).headers
    policy = headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control-") for name in headers)
    assert "set-cookie" not in headers


def test_without_a_page_it_says_how_to_come_by_one(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        answer = live.get("/")

    assert answer.status_code == 503
    assert "pip install" in answer.text


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "", "lab.example.orgs"])
def test_names_that_are_not_its_own_are_refused(live: Live, name: str) -> None:
    for path in ("/", "/api/v1/state", "/api/v1/history"):
        answer = live.get(path, headers={"host": name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (421, "UNKNOWN_NAME")


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1:1", "[::1]:8765", "192.0.2.7", "LAB.example.org:8765"]
)
def test_addresses_and_configured_names_are_its_own(live: Live, name: str) -> None:
    assert live.get("/healthz", headers={"host": name}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_may_neither_look_nor_command(live: Live, origin: str) -> None:
    url = f"ws://127.0.0.1:{live.ports.http}/api/v1/live"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, additional_headers={"Origin": origin}),
    ):
        pass
    answer = httpx.post(
        f"{live.url}/api/v1/command",
        headers={"origin": origin, "authorization": f"Bearer {TOKEN}"},
        json={"host": "h", "method": "m"},
    )

    assert refused.value.response.status_code == 403
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FOREIGN_PAGE")


def test_the_servers_own_page_may_look(live: Live) -> None:
    url = f"ws://127.0.0.1:{live.ports.http}/api/v1/live"
    with connect(url, additional_headers={"Origin": live.url}) as socket:
        assert json.loads(socket.recv(5))["type"] == "snapshot"


def test_another_sites_page_may_where_the_configuration_says_so(tmp_path: Path) -> None:
    with running(tmp_path, origins=("https://lab.example.org",)) as live:
        url = f"ws://127.0.0.1:{live.ports.http}/api/v1/live"
        with connect(url, additional_headers={"Origin": "https://lab.example.org"}) as socket:
            assert json.loads(socket.recv(5))["type"] == "snapshot"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "1 to 24"),
        ("codename=h:a", "since"),
        ("codename=h:a&since=x", "not a number"),
        ("codename=h:a&since=nan", "not a number"),
        ("codename=h:a&since=-5&until=-10", "not before"),
        ("codename=h:a&since=-5&buckets=0", "not a number of 1"),
        ("codename=h:a&since=-5&buckets=1e9", "not a number of 1"),
        ("&".join(["since=-5", *(["codename=h:a"] * 25)]), "1 to 24"),
    ],
)
def test_a_question_about_the_past_is_checked(live: Live, query: str, said: str) -> None:
    answer = live.get(f"/api/v1/history?{query}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")
    assert said in answer.json()["error"]["text"]


def test_without_a_recorder_the_past_is_what_the_server_remembers(live: Live) -> None:
    now = time.time()
    for number in range(10):
        live.points("memory", a=[now - 10 + number, number])

    def remembers_all() -> bool:
        found = live.server._laboratory.channel("memory:a")
        return found is not None and len(found[1].recent()) == 20

    until(remembers_all)
    query = {"codename": ["memory:a", "memory:b"], "since": str(now - 5.5)}
    series = live.get("/api/v1/history", params=query).json()["series"]

    assert series[0]["source"] == "memory"
    assert series[0]["mean"] == [5, 6, 7, 8, 9]
    assert series[0]["bucket_s"] == 0
    assert (series[1]["source"], series[1]["error"]) == ("none", "there is no memory:b")
    recent = live.get("/api/v1/recent", params={"codename": "memory:a", "points": "2"}).json()
    assert recent["points"]["memory:a"][1::2] == [8, 9]


def test_state_is_what_a_client_of_the_websocket_gets_first(live: Live) -> None:
    live.points("both", a=[1.0, 2.0])
    until(lambda: "both" in live.state()["hosts"])
    with live.viewer() as viewer:
        first = viewer.next()

    assert live.state().keys() == first.keys()
    assert live.state()["hosts"].keys() == first["hosts"].keys()
