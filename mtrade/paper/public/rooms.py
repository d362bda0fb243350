"""Finds the room a public call names, with Gate's labels when there is none."""

from __future__ import annotations

from mtrade.domain.instruments import Market, futures, spot
from mtrade.paper import fields
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Call
from mtrade.paper.room import Room
from mtrade.paper.world import World

SETTLES = ("usdt", "btc")


def pair_room(world: World, name: str) -> Room:
    """The room of a currency pair."""
    room = world.rooms.get(spot(name))
    if room is None:
        raise GateFault("INVALID_CURRENCY_PAIR", f"Invalid currency pair {name}")
    return room


def contract_room(world: World, settle: str, name: str) -> Room:
    """The room of a contract."""
    room = world.rooms.get(futures(name, settle))
    if room is None:
        raise GateFault("CONTRACT_NOT_FOUND", f"contract {name} not found")
    return room


def settle_of(call: Call) -> str:
    """The settle currency in the path, in lower case."""
    settle = call.args["settle"].lower()
    if settle not in SETTLES:
        raise GateFault("INVALID_PARAM_VALUE", f"unknown settle currency {settle}")
    return settle


def asked_pair(world: World, call: Call) -> Room:
    """The room of the required `currency_pair`."""
    return pair_room(world, fields.word(call.query, "currency_pair"))


def asked_contract(world: World, call: Call) -> Room:
    """The room of the required `contract`."""
    return contract_room(world, settle_of(call), fields.word(call.query, "contract"))


def pairs(world: World, call: Call) -> list[Room]:
    """All pairs, or the one `currency_pair` names."""
    if call.query.get("currency_pair"):
        return [asked_pair(world, call)]
    return list(world.rooms_of(Market.SPOT))


def contracts(world: World, call: Call) -> list[Room]:
    """All contracts of the settle currency, or the one `contract` names."""
    settle = settle_of(call)
    if call.query.get("contract"):
        return [asked_contract(world, call)]
    return list(world.rooms_of(Market.FUTURES, settle))
