"""A stand-in for the calls about copying, so that every face of the copy page can be shown: it
keeps links, answers as docs/api.md says, and notes what the page asked of it."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

from tests.browser import streams

Json = dict[str, Any]

ORDER = {"side": "buy", "size": "120", "price": "60180", "reduce_only": False, "value": "722.16"}


def reason(code: str, text: str, *, human: bool = False) -> Json:
    return {"code": code, "numbers": {}, "text": text, "human": human}


def row(link: str, instrument: str = "BTC_USDT", **changes: Any) -> Json:
    """One contract in sync."""
    base = {
        "link_id": link, "settle": "usdt", "instrument": instrument, "side": "single",
        "leader": "240", "target": "120", "owned": "120", "pending": None, "foreign": "0",
        "drift": "0", "leader_age_ms": 400, "k": "0.5", "k_eff": "0.5", "status": "active",
        "reason": None, "in_sync": True, "actions": ["ignore", "close"], "liq_price": "54300.5",
        "liq_pct": "9.71", "liq_near": False, "leader_liq_price": "49000",
        "leader_liq_pct": "18.31",
    }  # fmt: skip
    return {**base, **changes}


def event(number: int, act: str, text: str, link: str = "1", **changes: Any) -> Json:
    base = {
        "id": str(number), "time_ms": int(time.time() * 1000) - (90 - number) * 1000,
        "link_id": link, "act": act, "code": None, "instrument": "BTC_USDT", "side": "single",
        "numbers": {}, "text": text, "intent_id": None,
    }  # fmt: skip
    return {**base, **changes}


class CopyStage:
    """The state the page is shown. Change it, then `tell()`."""

    def __init__(self, page: Page, accounts: list[Json]) -> None:
        self.page = page
        self.accounts = accounts
        self.mode = "copy"
        self.links: list[Json] = []
        self.sync: list[Json] = []
        self.brakes: list[Json] = []
        self.events: list[Json] = []
        self.alerts: list[Json] = []
        self.plan: Json = {"rows": [], "total_value": None, "problems": [], "hash": "0" * 16}
        self.asked: list[tuple[str, str, Any]] = []
        self.refusal: tuple[int, str] | None = None
        page.route("**/api/copy", self._answer)
        page.route("**/api/copy/**", self._answer)
        page.route("**/api/mode", self._answer)

    def link(self, number: str, follower: int, state: str = "on", **changes: Any) -> Json:
        """Adds a link from the first account to that one."""
        lead, follow = self.accounts[0], self.accounts[follower]
        found = {
            "id": number, "name": "", "note": "", "colour": "", "settle": "usdt",
            "leader": {"id": lead["id"], "name": lead["name"]},
            "follower": {"id": follow["id"], "name": follow["name"]}, "state": state,
            "since_ms": int(time.time() * 1000) - 65_000, "reason": None, "params": {},
            "version": 1, "armed_ms": None, "leaving": None, "transport": "ws",
            "leader_live": True, "leader_age_ms": 400, "lag_ms": "12", "gap_bps": "0.6",
            "pnl": "2.31", "owned_value": "722", "legs_in_sync": 1, "legs": 1,
            "last_action": None,
            "counts": {"seen": 4, "copied": 3, "clipped": 0, "skipped": 1, "failed": 0},
            "warnings": [], **changes,
        }  # fmt: skip
        self.links.append(found)
        return found

    def overview(self) -> Json:
        newest = max([0, *(int(one["id"]) for one in [*self.events, *self.alerts])])
        return {
            "mode": self.mode, "newest": newest, "brakes": self.brakes, "links": self.links,
            "sync": self.sync, "alerts": self.alerts,
        }  # fmt: skip

    def tell(self) -> None:
        """The stream brings the new state."""
        streams.say(self.page, "copy", {"topic": "copy:en", **self.overview()})

    def bodies(self, path: str) -> list[Any]:
        """What was sent to an address."""
        return [body for _, where, body in self.asked if where == path]

    def _answer(self, route: Route) -> None:
        request = route.request
        where = urlsplit(request.url)
        body = json.loads(request.post_data) if request.post_data else None
        if where.path == "/api/copy/parameters" or (
            where.path == "/api/mode" and request.method == "GET"
        ):
            route.continue_()
            return
        changes = request.method != "GET" and not where.path.endswith("/preview")
        if request.method != "GET":
            self.asked.append((request.method, where.path, body or parse_qs(where.query)))
        if self.refusal is not None and changes:
            status, code = self.refusal
            self.refusal = None
            error = {"code": code, "message": "said by the server", "fields": {}, "params": {}}
            route.fulfill(status=status, json={"error": error})
            return
        route.fulfill(json=self._found(request.method, where.path, body, parse_qs(where.query)))

    def _found(self, method: str, path: str, body: Any, query: Any) -> Json:
        parts = path.strip("/").split("/")[2:]
        if parts == ["events"]:
            act = query.get("act", [""])[0]
            link = query.get("link", [""])[0]
            found = [
                one for one in sorted(self.events, key=lambda one: -int(one["id"]))
                if act in ("", one["act"]) and link in ("", one["link_id"])
            ]  # fmt: skip
            return {"items": found, "next": None}
        if parts[-1:] == ["preview"]:
            return self.plan
        if parts == ["ticket"]:
            return {"items": self._ticket(query)}
        if len(parts) == 2 and method == "GET":
            return next(one for one in self.links if one["id"] == parts[1])
        if path == "/api/mode":
            self.mode = body["mode"]
            return {"mode": self.mode, "links": len(self.links), "message": ""}
        if parts == ["links"] and method == "POST":
            number = next(i for i, one in enumerate(self.accounts) if one["id"] == body["follower"])
            return self.link(str(len(self.links) + 1), number, "shadow", name=body["name"])
        if method != "GET":
            return self._change(method, parts, body)
        return self.overview()

    def _change(self, method: str, parts: list[str], body: Any) -> Json:
        if method == "DELETE":
            self.links = [one for one in self.links if one["id"] != parts[1]]
        for one in self.links:
            if parts[0] == "links" and one["id"] == parts[1] and parts[2:] == ["state"]:
                one["state"] = body["state"]
            if parts[0] == "pause" and body["scope"] in ("all", f"link:{one['id']}"):
                one["state"] = "close_only"
        if parts[0] == "halt":
            now = int(time.time() * 1000) - 83_000
            self.brakes = [{"scope": body["scope"], "state": "halt", "since_ms": now,
                            "actor": "session:1", "why": ""}]  # fmt: skip
        if parts[0] == "release":
            self.brakes = []
        return {"items": [], "next": None}

    def _ticket(self, query: Any) -> list[Json]:
        half = str(int(query["size"][0]) // 2)
        does = {"side": query["side"][0], "size": half, "price": None, "reduce_only": False,
                "value": None}  # fmt: skip
        found = []
        for one in self.links:
            small = one["state"] == "shadow"
            found.append({
                "link_id": one["id"], "follower": one["follower"]["name"],
                "order": None if small else does, "reason": None,
                "text": "the share is smaller than the smallest order" if small else "",
            })  # fmt: skip
        return found
