"""Leverage and margin mode of a follower's contract, before the first order of an episode. Pure."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import LeverageMode, MarginChoice
from mtrade.domain.copying.facts import Facts, Setting
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.copying.params import CopyParams

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_CAP, _FIXED, _LEAVE = LeverageMode.CAP, LeverageMode.FIXED, LeverageMode.LEAVE
_LEAVE_MARGIN, _MIRROR = MarginChoice.LEAVE, MarginChoice.MIRROR

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
    leverage = follower.leverage
    if not facts.as_geared and params.leverage_mode is not _LEAVE:
        leverage = _chosen(params, leader.leverage) or leverage
    margin: MarginMode | None
    if params.margin_mode is _MIRROR:
        margin = leader.margin_mode or follower.margin_mode
    elif params.margin_mode is _LEAVE_MARGIN:
        margin = follower.margin_mode
    else:
        margin = _MARGIN[params.margin_mode]
    if leverage is None or margin is None:
        return None
    if params.leverage_mode is not _LEAVE:
        leverage = min(max(leverage, rules.leverage_min), rules.leverage_max, params.max_leverage)
    return Setting(leverage=leverage, margin_mode=margin)


def _chosen(params: CopyParams, leaders: Decimal | None) -> Decimal | None:
    if params.leverage_mode is _FIXED:
        return params.fixed_leverage
    if params.leverage_mode is _CAP:
        return min(leaders or params.max_leverage, params.max_leverage)
    return leaders
