"""What the parts of copying share on the engine's thread, and the one way in which it writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from mtrade.domain.accounts import Network
from mtrade.domain.copying import step as domain
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Link, LinkState
from mtrade.domain.copying.step import Outcome
from mtrade.domain.errors import StoreError
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import Intent
from mtrade.domain.ports import Clock, Feeds
from mtrade.trading.copying.alerts import Alerts
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.brakes import Brakes
from mtrade.trading.copying.causes import Causes
from mtrade.trading.copying.errands import Errands
from mtrade.trading.copying.gates import Gates
from mtrade.trading.copying.market import Markets
from mtrade.trading.copying.memory import Memory
from mtrade.trading.copying.rates import Rates
from mtrade.trading.copying.scout import Scout
from mtrade.trading.copying.world import Pass, World, network_of
from mtrade.trading.ports import CopyShelf, Host, NetworkClock
from mtrade.trading.right_of_way import RightOfWay
from mtrade.trading.timers import Timers

log = logging.getLogger(__name__)

RECONCILE_S = 5.0
RELOAD_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What copying is made with. `clock_of` is a network's clock at the exchange, `mode` the desk's
    mode, `instance` names this installation in order texts, `former` are its earlier names,
    `noise(n)` draws n random bytes. `lost` says that the last commits before the start may be gone.
    The monitor looks every `monitor_s` seconds. Who has the `way` goes first."""

    shelf: CopyShelf
    next_id: Callable[[], int]
    known_text: Callable[[str, str], Intent | None]
    clock: Clock
    clock_of: Callable[[Network], NetworkClock]
    feeds: Feeds
    scout_for: Callable[[Callable[[object], None]], Scout]
    mode: Callable[[], str]
    instance: str
    noise: Callable[[int], bytes]
    former: frozenset[str] = frozenset()
    lost: bool = False
    unknown_limit: int = 3
    monitor_s: float = 60.0
    way: RightOfWay = field(default_factory=RightOfWay)
    step: Callable[[CopyLeg, Facts], Outcome] = domain.step
    booked: Callable[[CopyLeg, Intent, Intent, Facts | None], Outcome] = domain.booked


class Core:
    """Made before the pipeline; `join` is called when there is one."""

    host: Host
    scout: Scout
    errands: Errands

    def __init__(self, tools: Tools, brakes: Brakes) -> None:
        self.tools = tools
        self.brakes = brakes
        self.memory = Memory()
        self.markets = Markets()
        self.book = Book()
        self.rates = Rates()
        self.alerts = Alerts(tools.clock)
        self.causes = Causes(tools.shelf.consumed)
        self.timers = Timers(tools.clock)
        self.gates = Gates(brakes, self.book, tools.mode, tools.clock_of, self.live)
        self.world = World(
            self.memory,
            self.markets,
            self.book,
            self.rates,
            self.live,
            self.gates.brake,
            self.gates.gate,
        )
        self.touched: set[int] = set()
        self.whys: dict[int, Reason | None] = {}
        self.lags: dict[int, int] = {}  # by link: from the leader's trade to the own fill
        # by leg: when the leader did what is being followed, and at which price
        self.signals: dict[int, tuple[int, Decimal | None]] = {}
        self.ready = False
        self.loaded = False  # the journal was read, and nobody has looked at it yet
        self._reload_at: float | None = None

    def join(self, host: Host) -> None:
        """There is an engine now. Raises StoreError when the journal cannot be read."""
        self.host = host
        self.scout = self.tools.scout_for(host.post)
        self.errands = Errands(
            self.scout,
            self.memory,
            self.markets,
            self.book,
            self.tools.feeds,
            self.tools.clock,
            self.now_ms,
        )
        self._load()
        self.gates.look_at_mode()
        self.ready = True

    def live(self) -> Mapping[int, Intent]:
        """The unfinished orders."""
        return self.host.live

    def now_ms(self, network: Network) -> int:
        """The exchange's time."""
        return self.tools.clock_of(network).now_ms()

    def fresh_pass(self) -> Pass:
        """A round of decisions at this moment."""
        return Pass(self.now_ms)

    def launch(self, intents: Sequence[Intent], change: CopyChange) -> bool:
        """Write and send. False when the journal could not take it: nothing was sent, and what is
        remembered is read from the journal again."""
        try:
            if intents:
                self.host.launch(intents, change)
            else:
                self.host.write(change)
        except StoreError as fault:
            self.failed(fault)
            return False
        self.wrote(change)
        return True

    def launch_ended(self, ended: Sequence[Intent], change: CopyChange) -> bool:
        """Write orders down that have ended already, with a change; False as `launch`."""
        try:
            self.host.write(change, ended)
        except StoreError as fault:
            self.failed(fault)
            return False
        self.wrote(change)
        return True

    def wrote(self, change: CopyChange) -> None:
        """A change is in the journal."""
        if self.gates.disk:
            self.gates.disk = False
            self.alerts.over("disk")
        self.book.apply(change)
        self.gates.meet(change.links)

    def failed(self, fault: StoreError) -> None:
        """The journal took nothing: believe only what it has, add no risk."""
        log.error("copying could not be written down: %s", fault.message)
        self.gates.disk = True
        self._reload_at = self.tools.clock.monotonic() + RELOAD_S
        self.alerts.shout("disk", Reason(Code.DISK), "journal")

    def reload_if_due(self) -> bool:
        """After a failure read the journal again. False while that does not work."""
        if self._reload_at is None:
            return True
        now = self.tools.clock.monotonic()
        if now < self._reload_at:
            return False
        try:
            self._load()
        except StoreError as fault:
            log.error("copying cannot be read: %s", fault.message)
            self._reload_at = now + RELOAD_S
            return False
        self._reload_at = None
        return self._tried()

    def until_reload(self) -> float | None:
        """Seconds until the journal is read again; None when it need not be."""
        if self._reload_at is None:
            return None
        return max(0.0, self._reload_at - self.tools.clock.monotonic())

    def _tried(self) -> bool:
        """Try the disk with the news that it had failed."""
        told = tuple(self.alarm(link, Reason(Code.DISK)) for link in self.active()[:1])
        return self.launch((), CopyChange(events=told))

    def touch(self, leg_ids: Sequence[int]) -> None:
        """Look at these legs next."""
        self.touched.update(leg_ids)

    def mode_changed(self) -> None:
        """The desk's mode is another one: look at every leg."""
        self.gates.look_at_mode()
        self.touched.update(self.book.legs)

    def touch_link(self, link_id: int) -> None:
        """Look at all legs of a link."""
        self.touched.update(self.book.of_link.get(link_id, ()))

    def touch_account(self, account_id: str) -> None:
        """Look at all legs that have to do with an account."""
        for links in (self.book.of_leader, self.book.of_follower):
            for link_id in links.get(account_id, ()):
                self.touch_link(link_id)

    def touch_contract(self, account_id: str, instrument: InstrumentId) -> None:
        """Look at all legs of a contract that have to do with an account."""
        for links in (self.book.of_leader, self.book.of_follower):
            for link_id in links.get(account_id, ()):
                self.touched.update(self.book.of_contract.get((link_id, instrument), ()))

    def again(self, leg_id: int, seconds: float) -> None:
        """Look at a leg then, at the latest."""
        self.timers.set(leg_id, min(max(seconds, 0.0), RECONCILE_S))

    def shout(self, link: Link, leg: CopyLeg | None, reason: Reason) -> bool:
        """Something needs a person; True when that is new."""
        where = link.name or f"link {link.id}"
        where = where if leg is None else f"{where}, {leg.instrument.name}"
        name = f"{link.id} {leg.id if leg else 0} {reason.code}"
        return self.alerts.shout(name, reason, where)

    def over(self, link: Link, leg: CopyLeg | None, code: Code) -> None:
        """What was shouted is well again."""
        self.alerts.over(f"{link.id} {leg.id if leg else 0} {code}")

    def alarm(self, link: Link, reason: Reason, leg: CopyLeg | None = None) -> CopyEvent:
        """The row of the feed for an alarm that is not a leg's own."""
        self.shout(link, leg, reason)
        return self.row(link, leg, reason)

    def row(self, link: Link, leg: CopyLeg | None, reason: Reason) -> CopyEvent:
        """The row of the feed for an alarm."""
        return CopyEvent(
            time_ms=self.now_ms(network_of(link.follower_id)),
            link_id=link.id,
            act=Act.ALERT,
            code=reason.code,
            instrument=None if leg is None else leg.instrument,
            side=None if leg is None else leg.side,
            numbers=reason.numbers,
        )

    def alarms(self, link: Link, leg: CopyLeg, outcome: Outcome) -> list[CopyEvent]:
        """Shout what a decision wants shouted. Returns the rows of the feed for what is new and is
        not among its own."""
        told = {event.code for event in outcome.events if event.act is Act.ALERT}
        rows = []
        for reason in outcome.alerts:
            if self.shout(link, leg, reason) and reason.code not in told:
                rows.append(self.row(link, leg, reason))
        return rows

    def key_refused(self, account_id: str, label: str, *, by_order: bool = False) -> None:
        """The exchange does not accept an account's key: one failing call a minute is enough."""
        if not self.errands.refuse(account_id, by_order=by_order):
            return
        self.gates.keys[account_id] = label
        why = Reason(Code.KEY, {"label": label})
        links = [x for x in self.active() if account_id in (x.leader_id, x.follower_id)]
        if told := tuple(self.alarm(link, why) for link in links):
            self.launch((), CopyChange(events=told))

    def key_accepted(self, account_id: str) -> None:
        """The key works."""
        if self.errands.accept(account_id):
            self.gates.keys.pop(account_id, None)
            for link in self.active():
                if account_id in (link.leader_id, link.follower_id):
                    self.over(link, None, Code.KEY)
            self.touch_account(account_id)

    def key_changed(self, account_id: str) -> None:
        """Whatever the old key was refused for, the new one has a try at once."""
        self.errands.refused.pop(account_id, None)
        self.gates.keys.pop(account_id, None)
        self.touch_account(account_id)

    def active(self) -> list[Link]:
        """The links that are not off."""
        return [link for link in self.book.links.values() if link.state is not LinkState.OFF]

    def _load(self) -> None:
        self.book.load(self.tools.shelf.load())
        self.brakes.load(self.book.controls)
        self.causes.forget()
        self.loaded = True
        for number, leg_id in enumerate(self.book.legs):
            self.timers.set(leg_id, RECONCILE_S * number / len(self.book.legs))
