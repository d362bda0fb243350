"""The instruments of the paper exchange: a dozen liquid coins with rules like Gate's.

Steps, minimums and multipliers follow Gate's currency pairs and contracts; prices are only where
the synthetic market starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Instrument, Market, futures, spot
from mtrade.domain.numbers import ONE
from mtrade.paper.room import Listing
from mtrade.paper.tiers import MAJOR, MEDIUM, btc_tiers, usdt_tiers

SPOT_FEE = Decimal("0.002")  # VIP 0, maker and taker alike (Gate fee page)
FUTURES_MAKER_FEE = Decimal("0.0002")
FUTURES_TAKER_FEE = Decimal("0.0005")
PUBLIC_MAKER_FEE = Decimal("-0.0001")  # what the contract object shows, whoever asks
PUBLIC_TAKER_FEE = Decimal("0.00075")
MIN_QUOTE = Decimal(3)
EIGHT_HOURS, FOUR_HOURS = 28_800, 14_400


@dataclass(frozen=True, slots=True)
class Coin:
    """A base currency: where its price starts and how it moves.

    `volatility` is the yearly standard deviation, `beta` its dependence on the whole market and
    `turnover` the millions of USDT traded a day on spot.
    """

    symbol: str
    name: str
    chain: str
    price: str
    volatility: float
    beta: float
    turnover: int
    listed_s: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Spot rules: price tick, amount step, largest order in base coins."""

    tick: str
    step: str
    largest: str


@dataclass(frozen=True, slots=True)
class Contract:
    """USDT contract rules; `step` below 1 means decimal sizes."""

    multiplier: str
    tick: str
    mark_tick: str
    step: str
    largest: str
    rates: tuple[tuple[str, str], ...] = MEDIUM
    deviation: str = "0.3"
    interval_s: int = EIGHT_HOURS


_TABLE: tuple[tuple[Coin, Pair, Contract], ...] = (
    (
        Coin("BTC", "Bitcoin", "BTC", "64000", 0.48, 0.95, 900, 1_382_054_400),
        Pair("0.1", "0.000001", "1000"),
        Contract("0.0001", "0.1", "0.01", "1", "1000000", MAJOR, "0.2"),
    ),
    (
        Coin("ETH", "Ethereum", "ETH", "3200", 0.65, 0.9, 500, 1_439_164_800),
        Pair("0.01", "0.0001", "10000"),
        Contract("0.01", "0.01", "0.01", "0.1", "1000000", MAJOR, "0.2"),
    ),
    (
        Coin("SOL", "Solana", "SOL", "148", 0.85, 0.8, 250, 1_600_300_800),
        Pair("0.01", "0.001", "100000"),
        Contract("1", "0.01", "0.01", "0.1", "500000"),
    ),
    (
        Coin("XRP", "XRP", "XRP", "2.14", 0.8, 0.75, 180, 1_429_056_000),
        Pair("0.0001", "0.01", "10000000"),
        Contract("10", "0.0001", "0.0001", "0.1", "500000"),
    ),
    (
        Coin("DOGE", "Dogecoin", "DOGE", "0.1648", 0.95, 0.75, 120, 1_409_702_400),
        Pair("0.00001", "0.1", "100000000"),
        Contract("10", "0.00001", "0.00001", "1", "5000000"),
    ),
    (
        Coin("ADA", "Cardano", "ADA", "0.7124", 0.85, 0.75, 60, 1_517_443_200),
        Pair("0.0001", "0.1", "10000000"),
        Contract("10", "0.0001", "0.0001", "1", "1000000"),
    ),
    (
        Coin("LTC", "Litecoin", "LTC", "92.4", 0.7, 0.75, 40, 1_382_054_400),
        Pair("0.01", "0.001", "100000"),
        Contract("0.1", "0.01", "0.01", "1", "1000000"),
    ),
    (
        Coin("BNB", "BNB", "BSC", "655", 0.55, 0.7, 50, 1_575_158_400),
        Pair("0.1", "0.001", "20000"),
        Contract("0.001", "0.1", "0.01", "1", "10000000"),
    ),
    (
        Coin("TRX", "TRON", "TRX", "0.2718", 0.5, 0.55, 45, 1_517_443_200),
        Pair("0.0001", "0.1", "50000000"),
        Contract("100", "0.0001", "0.00001", "1", "500000", MEDIUM, "0.3", FOUR_HOURS),
    ),
    (
        Coin("AVAX", "Avalanche", "AVAX_C", "21.6", 0.9, 0.75, 35, 1_600_992_000),
        Pair("0.01", "0.01", "500000"),
        Contract("1", "0.001", "0.001", "1", "500000"),
    ),
    (
        Coin("LINK", "Chainlink", "ETH", "14.35", 0.85, 0.75, 35, 1_546_300_800),
        Pair("0.001", "0.01", "1000000"),
        Contract("1", "0.001", "0.001", "1", "500000"),
    ),
    (
        Coin("TON", "Toncoin", "TON", "3.124", 0.75, 0.6, 25, 1_636_588_800),
        Pair("0.001", "0.01", "2000000"),
        Contract("1", "0.0001", "0.0001", "1", "1000000", MEDIUM, "0.3", FOUR_HOURS),
    ),
)

COINS: tuple[Coin, ...] = tuple(coin for coin, _, _ in _TABLE)
QUOTE = Coin("USDT", "Tether", "ETH", "1", 0.0, 0.0, 0, 1_517_443_200)
CURRENCIES: tuple[Coin, ...] = (QUOTE, *COINS)


def catalogue() -> list[tuple[Instrument, Listing]]:
    """Every instrument with its listing: spot, then USDT contracts, then the inverse BTC_USD."""
    pairs = [_pair(coin, rules) for coin, rules, _ in _TABLE]
    contracts = [_contract(coin, rules) for coin, _, rules in _TABLE]
    return [*pairs, *contracts, _inverse(COINS[0])]


def index_name(instrument: Instrument) -> str:
    """The name of the index behind an instrument, e.g. `BTC_USDT`."""
    quote = instrument.quote if instrument.id.market is Market.FUTURES else "USDT"
    return f"{instrument.base}_{quote}"


def _pair(coin: Coin, rules: Pair) -> tuple[Instrument, Listing]:
    instrument = Instrument(
        id=spot(f"{coin.symbol}_USDT"),
        base=coin.symbol,
        quote="USDT",
        price_step=Decimal(rules.tick),
        size_step=Decimal(rules.step),
        min_size=Decimal(rules.step),
        max_size=Decimal(rules.largest),
        market_max_size=Decimal(rules.largest),
        min_value=MIN_QUOTE,
        max_value=Decimal(5_000_000),
        maker_fee=SPOT_FEE,
        taker_fee=SPOT_FEE,
    )
    listing = Listing(
        base_name=coin.name,
        quote_name=QUOTE.name,
        created_s=coin.listed_s,
        turnover=Decimal(coin.turnover) * 1_000_000,
        depth=_depth(coin),
    )
    return instrument, listing


def _contract(coin: Coin, rules: Contract) -> tuple[Instrument, Listing]:
    tiers = usdt_tiers(rules.rates)
    instrument = Instrument(
        id=futures(f"{coin.symbol}_USDT"),
        base=coin.symbol,
        quote="USDT",
        price_step=Decimal(rules.tick),
        size_step=Decimal(rules.step),
        min_size=Decimal(rules.step),
        max_size=Decimal(rules.largest),
        market_max_size=Decimal(rules.largest) / 10,
        multiplier=Decimal(rules.multiplier),
        price_deviation=Decimal(rules.deviation),
        leverage_max=tiers[0].leverage_max,
        maintenance_rate=tiers[0].maintenance_rate,
        maker_fee=FUTURES_MAKER_FEE,
        taker_fee=FUTURES_TAKER_FEE,
        funding_interval_s=rules.interval_s,
    )
    return instrument, _contract_listing(coin, Decimal(rules.mark_tick), instrument, "usdt")


def _inverse(coin: Coin) -> tuple[Instrument, Listing]:
    tiers = btc_tiers(MEDIUM)
    instrument = Instrument(
        id=futures(f"{coin.symbol}_USD", "btc"),
        base=coin.symbol,
        quote="USD",
        price_step=Decimal("0.1"),
        size_step=ONE,
        min_size=ONE,
        max_size=Decimal(1_000_000),
        market_max_size=Decimal(500_000),
        inverse=True,
        price_deviation=Decimal("0.2"),
        leverage_max=tiers[0].leverage_max,
        maintenance_rate=tiers[0].maintenance_rate,
        maker_fee=FUTURES_MAKER_FEE,
        taker_fee=FUTURES_TAKER_FEE,
        funding_interval_s=EIGHT_HOURS,
    )
    return instrument, _contract_listing(coin, Decimal("0.01"), instrument, "btc")


def _contract_listing(
    coin: Coin, mark_step: Decimal, instrument: Instrument, settle: str
) -> Listing:
    share = Decimal(3) if settle == "usdt" else Decimal("0.05")
    rates = MAJOR if instrument.leverage_max == Decimal(MAJOR[0][1]) else MEDIUM
    return Listing(
        base_name=coin.name,
        quote_name=instrument.quote,
        created_s=max(coin.listed_s, 1_574_035_200),
        orders_limit=100,
        enable_decimal=instrument.size_step < 1,
        mark_step=mark_step,
        tiers=usdt_tiers(rates) if settle == "usdt" else btc_tiers(MEDIUM),
        cross_leverage_default=Decimal(10),
        public_maker_fee=PUBLIC_MAKER_FEE,
        public_taker_fee=PUBLIC_TAKER_FEE,
        interest_rate=Decimal("0.0003"),
        funding_rate_limit=Decimal("0.003") if rates is MAJOR else Decimal("0.01"),
        market_slip_ratio=Decimal("0.05"),
        turnover=Decimal(coin.turnover) * 1_000_000 * share,
        depth=_depth(coin) * (2 if settle == "usdt" else 1),
    )


def _depth(coin: Coin) -> Decimal:
    """Quote units resting within a tenth of a percent on each side, roughly."""
    return Decimal(coin.turnover) * 1_000
