"""`config.json` as one model: names, defaults and ranges. No secrets ever live here."""

from __future__ import annotations

import ipaddress
import json
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from mtrade.domain.accounts import Network
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import parse, text
from mtrade.domain.risk import RiskLimits

# Chrome and Firefox refuse to open these (the fetch standard calls them bad ports).
BROWSER_BLOCKED = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080}
    | set(range(6665, 6670))
)


def _decimal_text(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError('a number in quotes, like "0.5"')
    try:
        return parse(value)
    except InvalidRequest:
        raise ValueError('a number in quotes, like "0.5"') from None


Amount = Annotated[
    Decimal,
    BeforeValidator(_decimal_text),
    PlainSerializer(text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,24}(\.\d{1,24})?$"}),
]
Positive = Annotated[Amount, Field(gt=0)]


def check_host(host: str) -> str:
    """`host` when a socket can listen there. Raises ValueError saying what is allowed."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if host != "localhost":
            raise ValueError(
                "0.0.0.0 (home network), 127.0.0.1 (this computer only) or an own address"
            ) from None
    return host


def check_port(port: int) -> int:
    """`port` when it is one that browsers open. Raises ValueError saying what is allowed."""
    if not 1 <= port <= 65535:
        raise ValueError("a whole number from 1 to 65535")
    if port in BROWSER_BLOCKED:
        raise ValueError(f"a port that browsers open; they refuse {port}")
    return port


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ServerSection(_Section):
    """Where the web server listens and how many requests it serves at once."""

    # Phones on the home network must reach it.
    host: Annotated[str, AfterValidator(check_host)] = "0.0.0.0"  # noqa: S104
    port: Annotated[int, Field(ge=1, le=65535), AfterValidator(check_port)] = 5000
    open_browser: bool = True
    threads: int = Field(default=64, ge=20, le=512)


class UiSection(_Section):
    """What the console speaks."""

    lang: Literal["auto", "ru", "en"] = "auto"


class RiskSection(_Section):
    """Limits of manual orders. Money in USDT; null switches a limit off."""

    max_order_usdt: Positive | None = Decimal(100_000)
    max_leverage: int | None = Field(default=20, ge=1, le=200)
    price_band: Annotated[Amount, Field(gt=0, le=1)] = Decimal("0.05")

    def limits(self) -> RiskLimits:
        """The part the risk gates read."""
        leverage = None if self.max_leverage is None else Decimal(self.max_leverage)
        return RiskLimits(
            max_order_value=self.max_order_usdt, max_leverage=leverage, price_band=self.price_band
        )


class PaperSection(_Section):
    """The embedded exchange: play money of a new account, on spot and again on futures.

    `prices`: `auto` follows Gate's public prices while there is internet and goes on by itself
    without, `live` halts without, `synthetic` never asks.
    """

    start_balance: Positive = Decimal(10_000)
    prices: Literal["auto", "live", "synthetic"] = "auto"


class LogSection(_Section):
    """How much is written, and how many files of which size are kept."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_mb: int = Field(default=5, ge=1, le=1000)
    keep: int = Field(default=10, ge=2, le=1000)


class Config(_Section):
    """The whole of `config.json`."""

    schema_file: str = Field(default="docs/config.schema.json", alias="$schema")
    version: Literal[1] = 1
    network: Network = Network.PAPER
    server: ServerSection = ServerSection()
    ui: UiSection = UiSection()
    risk: RiskSection = RiskSection()
    paper: PaperSection = PaperSection()
    log: LogSection = LogSection()


def config_text(config: Config) -> str:
    """`config` as the file is written: every key, so that the owner sees what can be changed."""
    return json.dumps(config.model_dump(mode="json", by_alias=True), indent=2) + "\n"


def schema_text() -> str:
    """The JSON schema that editors use while the owner types."""
    schema: dict[str, Any] = Config.model_json_schema(by_alias=True)
    schema["title"] = "mTrade config.json"
    return json.dumps(schema, indent=2) + "\n"
