"""Which Host headers are served: own names and addresses, nothing that could be rebound."""

from __future__ import annotations

import pytest

from tests.web.site import Site

GOOD_HOSTS = [
    "127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "192.168.1.10:5000", "10.0.0.1:5000",
    "[::1]:5000", "[fe80::1]:5000", "desk.example:5000", "8.8.4.4:5000", "169.254.1.1:5000",
]  # fmt: skip
BAD_HOSTS = [
    "", "evil.example:5000", "127.0.0.1", "127.0.0.1:5001", "localhost.evil.example:5000",
    "8.8.8.8:5000", "desk.example.:5000", "desk.example:5000:5000", "user@localhost:5000",
    "localhost:5000/", "0.0.0.0:5000", "[::]:5000", "127.1:5000", "2130706433:5000",
    "localhost:05000x", "localhost :5000", "[::ffff:8.8.8.8]:5000", "127.0.0.1:99999",
]  # fmt: skip


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_own_hosts_are_served(site: Site, host: str) -> None:
    assert site.stranger(host=host).get("/api/health").status_code == 200


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_other_hosts_get_a_constant_answer_before_anything_else(site: Site, host: str) -> None:
    browser = site.browser()
    answers = set()
    for path in ("/api/ping", "/", "/static/x/css/tokens.css", "/nowhere"):
        headers = {"Host": host, "Accept-Language": "ru" if path == "/" else "en"}
        response = browser.send("GET", path, headers=headers)
        assert response.status_code == 421
        answers.add(response.data)
    assert len(answers) == 1
    assert host.encode() not in answers.pop() or host == ""
