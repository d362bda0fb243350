"""What an order would do, before the click. Reads, computes, promises nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain import estimates
from mtrade.domain.errors import InvalidRequest, MTradeError, OrderDenied
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, Market, Side
from mtrade.domain.market import Estimate, RiskTier, sweep
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderRequest, OrderType
from mtrade.domain.positions import Position
from mtrade.domain.sizing import SizeUnit, order_size
from mtrade.trading.planner import Planner
from mtrade.trading.scene import Scene
from mtrade.trading.state import LiveState
from mtrade.trading.views import Preview, Problem
from mtrade.trading.wishes import OrderWish


@dataclass(frozen=True, slots=True)
class _Fill:
    """What an order is expected to get: size in the instrument's unit at an average price."""

    size: Decimal
    average: Decimal
    worst: Decimal
    taker: bool


class Previewer:
    """Builds previews with the same conversions and gates the order itself will meet."""

    def __init__(self, planner: Planner, state: LiveState) -> None:
        self._planner = planner
        self._state = state

    def preview(self, wish: OrderWish) -> Preview:
        """The preview; what would be refused is listed in `problems`."""
        scene = self._planner.scene(wish.account_id, wish.instrument)
        problems: list[Problem] = []
        order: OrderRequest | None
        try:
            order = self._planner.order(wish, scene)
            self._planner.check(order, scene, wish)
        except (InvalidRequest, OrderDenied) as fault:
            problems = _problems(fault)
            order = self._as_typed(wish, scene)
        if order is None:
            return Preview(problems=tuple(problems), max_size=self._max_size(wish, scene))
        return self._numbers(wish, scene, order, problems)

    def _as_typed(self, wish: OrderWish, scene: Scene) -> OrderRequest | None:
        """The order without its checks, so that numbers can be shown all the same."""
        try:
            size = order_size(
                wish.size,
                wish.unit,
                scene.instrument,
                wish.side,
                wish.type,
                self._planner.facts(wish, scene),
                reduce_only=wish.reduce_only,
            )
        except MTradeError:
            return None
        return OrderRequest(
            instrument=wish.instrument,
            side=wish.side,
            type=wish.type,
            size=size,
            text="",
            price=wish.price,
            reduce_only=wish.reduce_only,
        )

    def _numbers(
        self, wish: OrderWish, scene: Scene, order: OrderRequest, problems: list[Problem]
    ) -> Preview:
        fill = _expected(order, scene)
        if fill is None:
            if not scene.book.side(order.side):
                problems.append(Problem("no_price", "the book has no opposite side now"))
            return Preview(size=order.size, problems=tuple(problems))
        fees = self._state.fees(scene.account.id, order.instrument)
        rate = fees.taker if fill.taker else fees.maker
        value = estimates.settle_value(scene.instrument, fill.size, fill.average)
        shared = Preview(
            size=fill.size,
            unit="contracts" if order.instrument.market is Market.FUTURES else "base",
            value=value,
            fee=value * rate,
            fee_rate=rate,
            average=fill.average,
            worst=fill.worst,
            slippage_pct=_slippage(order, scene, fill),
            max_size=self._max_size(wish, scene),
            problems=tuple(problems),
        )
        if order.instrument.market is Market.SPOT:
            return self._spot(shared, scene, order, fill)
        return self._futures(shared, wish, scene, order, fill)

    def _spot(self, shared: Preview, scene: Scene, order: OrderRequest, fill: _Fill) -> Preview:
        base = self._state.spot_balance(scene.account.id, scene.instrument.base).available
        quote = self._state.spot_balance(scene.account.id, scene.instrument.quote).available
        spent = fill.size * fill.average
        rate = shared.fee_rate or ZERO
        if order.side is Side.BUY:
            before, after, need, have = base, base + fill.size * (1 - rate), spent, quote
            money = quote - spent
        else:
            before, after, need, have = base, base - fill.size, fill.size, base
            money = quote + spent * (1 - rate)
        return replace(
            shared,
            position_before=before,
            position_after=after,
            available_before=quote,
            available_after=money,
            problems=shared.problems + _short(need, have),
        )

    def _futures(
        self,
        shared: Preview,
        wish: OrderWish,
        scene: Scene,
        order: OrderRequest,
        fill: _Fill,
    ) -> Preview:
        instrument = scene.instrument
        position = scene.position(scene.leg_for(order.side, reduce_only=order.reduce_only))
        held = position.size if position else ZERO
        change = fill.size * order.side.sign
        leverage = self._planner.facts(wish, scene).leverage or instrument.leverage_max
        opens = abs(held + change) > abs(held) or held * (held + change) < 0
        margin = (shared.value or ZERO) / leverage if opens else ZERO
        wallet = self._state.futures_account(scene.account.id, instrument.id.settle).account
        cost = margin + 2 * max(shared.fee or ZERO, ZERO) if opens else ZERO
        tiers = self._state.risk_tiers(scene.account.network, instrument.id)
        return replace(
            shared,
            margin=margin,
            liq_before=position.liq_price if position else None,
            liq_after=liquidation_after(
                instrument, position, change, fill.average, leverage, tiers
            ),
            position_before=held,
            position_after=held + change,
            available_before=wallet.available,
            available_after=wallet.available - cost,
            problems=shared.problems + _short(cost, wallet.available),
        )

    def _max_size(self, wish: OrderWish, scene: Scene) -> Decimal | None:
        """The largest size the free money allows; None when it cannot be known."""
        all_of_it = replace(wish, size=Decimal(100), unit=SizeUnit.PERCENT)
        try:
            size = order_size(
                all_of_it.size,
                all_of_it.unit,
                scene.instrument,
                wish.side,
                OrderType.LIMIT,
                self._planner.facts(all_of_it, scene),
                reduce_only=wish.reduce_only,
            )
        except MTradeError:
            return None
        limit = scene.instrument.max_size
        return size if limit is None else min(size, limit)


def liquidation_after(
    instrument: Instrument,
    position: Position | None,
    change: Decimal,
    price: Decimal,
    leverage: Decimal,
    tiers: Sequence[RiskTier],
) -> Decimal | None:
    """Liquidation price after a fill of signed `change` at `price`, as if isolated."""
    held = position.size if position else ZERO
    entry = estimates.entry_after(
        instrument, held, position.entry_price if position else None, change, price
    )
    if entry is None:
        return None
    after = held + change
    margin = estimates.isolated_margin(estimates.settle_value(instrument, after, entry), leverage)
    found = estimates.isolated_liquidation(instrument, after, entry, margin, tiers)
    return found and instrument.conform_price(found, Side.SELL if after > 0 else Side.BUY)


def _expected(order: OrderRequest, scene: Scene) -> _Fill | None:
    if order.type is OrderType.LIMIT and order.price is not None:
        touch = scene.book.side(order.side)
        crosses = bool(touch) and (order.price - touch[0].price) * order.side.sign >= 0
        return _Fill(order.size, order.price, order.price, crosses)
    found = _market(order, scene)
    return None if found is None else _Fill(found.filled, found.average, found.worst, True)


def _market(order: OrderRequest, scene: Scene) -> Estimate | None:
    levels = scene.book.side(order.side)
    if not order.size_in_quote:
        return sweep(levels, order.size)
    filled, left = ZERO, order.size
    for level in levels:
        take = min(level.size, left / level.price)
        if take <= 0:
            break
        filled, left = filled + take, left - take * level.price
    size = scene.instrument.conform_size(filled)
    return sweep(levels, size) if size > 0 else None


def _slippage(order: OrderRequest, scene: Scene, fill: _Fill) -> Decimal | None:
    levels = scene.book.side(order.side)
    if order.type is OrderType.LIMIT or not levels:
        return None
    touch = levels[0].price
    return abs(fill.average - touch) / touch * 100


def _short(need: Decimal, have: Decimal) -> tuple[Problem, ...]:
    if need <= have:
        return ()
    return (Problem("balance", "the available balance is too small", "size"),)


def _problems(fault: InvalidRequest | OrderDenied) -> list[Problem]:
    if isinstance(fault, InvalidRequest) and fault.fields:
        return [Problem(fault.code, reason, name) for name, reason in fault.fields.items()]
    return [Problem(fault.code, fault.message, params=fault.params)]
