"""Leverage and margin mode of a follower's contract, before the first order of an episode. Pure."""

from __future__ import annotations

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import LeverageMode, MarginChoice
from mtrade.domain.copying.facts import Facts, Setting
from mtrade.domain.copying.model import CopyLeg

_MARGIN = {MarginChoice.CROSS: MarginMode.CROSS, MarginChoice.ISOLATED: MarginMode.ISOLATED}


def setting_for(leg: CopyLeg, facts: Facts) -> Setting | None:
    """What is to be set before the first order of an episode; None when all is as it should be."""
    setting = None if leg.owned or facts.as_geared else wanted(facts)
    if setting is None:
        return None
    present = (facts.follower.leverage, facts.follower.margin_mode)
    return None if present == (setting.leverage, setting.margin_mode) else setting


def wanted(facts: Facts) -> Setting | None:
    """What an episode is to begin with; None while it is not known."""
    params, leader, follower, rules = (
        facts.link.params,
        facts.leader,
        facts.follower,
        facts.market.rules,
    )
    if rules is None:
        return None
    leverage = {
        LeverageMode.MIRROR: leader.leverage,
        LeverageMode.CAP: min(leader.leverage or params.max_leverage, params.max_leverage),
        LeverageMode.FIXED: params.fixed_leverage,
        LeverageMode.LEAVE: follower.leverage,
    }[params.leverage_mode]
    leverage = follower.leverage if facts.as_geared else leverage or follower.leverage
    margin = {
        MarginChoice.MIRROR: leader.margin_mode or follower.margin_mode,
        MarginChoice.LEAVE: follower.margin_mode,
    }.get(params.margin_mode)
    if margin is None and params.margin_mode in (MarginChoice.CROSS, MarginChoice.ISOLATED):
        margin = _MARGIN[params.margin_mode]
    if leverage is None or margin is None:
        return None
    if params.leverage_mode is not LeverageMode.LEAVE:
        leverage = min(max(leverage, rules.leverage_min), rules.leverage_max, params.max_leverage)
    return Setting(leverage=leverage, margin_mode=margin)
