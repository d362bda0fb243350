"""Seeded bugs of the rules of a link: what stops an entry, what must never stop an exit."""

from __future__ import annotations

from tests.mutants.model import Mutant

STEP = "tests/domain/copying/test_step.py::"
GRAPH = "tests/domain/copying/test_checklist_graph.py::"
EXIT = "tests/domain/copying/test_leaving.py::test_nothing_of_what_stops_entries_stops_an_exit"

RULES = (
    Mutant(
        name="pause-blocks-exits",
        means="a paused link does not follow its leader out",
        file="mtrade/domain/copying/step.py",
        text="    if state is _OFF:\n",
        bug="    if state in (LinkState.OFF, LinkState.CLOSE_ONLY):\n",
        by=(STEP + "test_c40_paused_links_still_exit",),
    ),
    Mutant(
        name="gate-blocks-exits",
        means="what stops entries, such as a full disk, stops exits too",
        file="mtrade/domain/copying/step.py",
        text="""\
    if facts.brake is not None:
        return _nothing(turn, facts, facts.brake)
""",
        bug="""\
    if (stop := facts.brake or facts.gate) is not None:
        return _nothing(turn, facts, stop)
""",
        by=(STEP + "test_a_brake_stops_even_exits_and_a_gate_only_entries",),
    ),
    Mutant(
        name="list-blocks-exits",
        means="a contract taken off the list is not closed any more",
        file="mtrade/domain/copying/leaving.py",
        text="    pause = _pause(leg, facts)\n",
        bug="""\
    if leg.instrument.name in facts.link.params.deny:
        return Outcome(leg=leg, why=Reason(Code.DENIED))
    pause = _pause(leg, facts)
""",
        by=(STEP + "test_c36_a_contract_taken_off_the_list_still_exits",),
    ),
    Mutant(
        name="caps-on-exits",
        means="an exit is no larger than one entry may be",
        file="mtrade/domain/copying/leaving.py",
        text="    if not amount or amount < rules.min_size:\n        return _venue_close",
        bug="""\
    if facts.market.mark is not None and facts.follower.account is not None:
        most_value = facts.link.params.max_order.of(facts.follower.account.total)
        amount = min(amount, rules.size_from_value(most_value, facts.market.mark))
    if not amount or amount < rules.min_size:
        return _venue_close""",
        by=(EXIT,),
    ),
    Mutant(
        name="rate-on-exits",
        means="exits wait when there were many orders within a minute",
        file="mtrade/domain/copying/leaving.py",
        text="    pause = _pause(leg, facts)\n",
        bug="""\
    if facts.follower.entries_link >= facts.link.params.max_entries_per_min:
        return Outcome(leg=leg, why=Reason(Code.CAP_RATE))
    pause = _pause(leg, facts)
""",
        by=(EXIT,),
    ),
    Mutant(
        name="silence-blocks-exits",
        means="an exit that is known waits until the leader's stream is live again",
        file="mtrade/domain/copying/tracking.py",
        text="    if abs(size) < abs(episode.anchor):\n",
        bug="    if abs(size) < abs(episode.anchor) and facts.leader.live:\n",
        by=(EXIT,),
    ),
    Mutant(
        name="hands-off-sends",
        means="a link that the user took into his own hands still sends",
        file="mtrade/domain/copying/step.py",
        text="    if state is _HANDS_OFF:\n",
        bug="    if state is _HANDS_OFF and not leg.owned:\n",
        by=(STEP + "test_c40_hands_off_sends_nothing_and_calls_when_the_leader_leaves",),
    ),
    Mutant(
        name="shadow-sends",
        means="a link that only watches sends",
        file="mtrade/domain/copying/entering.py",
        text="    if facts.link.state is _SHADOW:\n        return _watched",
        bug="    if facts.link.state is LinkState.OFF:\n        return _watched",
        by=(STEP + "test_c41_shadow_keeps_a_ledger_of_its_own_and_sends_nothing",),
    ),
    Mutant(
        name="late-is-fresh",
        means="an entry that is minutes old goes out as a fresh one",
        file="mtrade/domain/copying/entering.py",
        text="    return facts.now_ms - episode.late_ms\n",
        bug="    return 0\n",
        by=(STEP + "test_c09_late_entries_by_their_rule",),
    ),
    Mutant(
        name="band-ignored",
        means="an entry follows a price that ran away",
        file="mtrade/domain/copying/pricing.py",
        text="if touch is None or (touch - self.worst(side)) * side.sign <= 0:",
        bug="if touch is None or self.bps >= 0:",
        by=(STEP + "test_c17_a_price_that_ran_away_ends_the_entry_after_ten_seconds",),
    ),
    Mutant(
        name="largest-cap",
        means="of several caps the largest counts",
        file="mtrade/domain/copying/caps.py",
        text="        if room < allowed:\n",
        bug="        if room > allowed:\n",
        by=(STEP + "test_c16_after_a_cap_the_follower_halves_with_the_leader",),
    ),
    Mutant(
        name="no-multiplier",
        means="the value of a contract leaves its multiplier out",
        file="mtrade/domain/instruments.py",
        text="return abs(size) if self.inverse else abs(size) * self.multiplier * price",
        bug="return abs(size) if self.inverse else abs(size) * price",
        by=("tests/domain/test_instruments.py::test_linear_and_inverse_worth",),
    ),
    Mutant(
        name="dust-comes-back",
        means="what the leader reduced to less than one contract is bought back without an add",
        file="mtrade/domain/copying/tracking.py",
        text="replace(_reduced(smaller, facts), alerts=_forced(facts))",
        bug="replace(_settled(smaller, facts), alerts=_forced(facts))",
        by=(
            "tests/domain/copying/test_tracking.py"
            "::test_a_least_order_is_not_closed_and_opened_again_with_every_reduction",
        ),
    ),
    Mutant(
        name="rest-comes-back",
        means="what was closed by hand while the leader was in again is opened anew",
        file="mtrade/domain/copying/tracking.py",
        text="latched = replace(episode, latch=True, latched_ms=before.latched_ms)",
        bug="latched = replace(episode, latched_ms=before.latched_ms)",
        by=(
            "tests/domain/copying/test_interference.py"
            "::test_what_goes_from_the_rest_of_a_copy_while_the_leader_is_in_again",
        ),
    ),
    Mutant(
        name="given-up-unseen",
        means="an entry whose time ended while nobody could look is given up",
        file="mtrade/domain/copying/step.py",
        text="leg = lapsed(base.leg, facts)",
        bug="leg = base.leg",
        by=(
            "tests/domain/copying/test_retries.py"
            "::test_who_could_not_look_when_the_time_ended_does_not_say_that_the_price_ran",
        ),
    ),
    Mutant(
        name="stop-forgotten",
        means="a restart lets go on what a person has to look at first",
        file="mtrade/trading/copying/copier.py",
        text="        self.breakers.recall()\n",
        bug="",
        by=(
            "tests/trading/copying/test_checklist_telling.py"
            "::test_c45_a_stop_by_the_monitor_holds_until_a_person_has_looked",
        ),
    ),
    Mutant(
        name="inverse-forgotten",
        means="a link that inverts buys what the leader buys",
        file="mtrade/domain/copying/episodes.py",
        text="    return -episode.sign if facts.link.params.inverse else episode.sign\n",
        bug="    return episode.sign\n",
        by=(STEP + "test_c32_inverse_with_a_side_filter",),
    ),
    Mutant(
        name="wrong-hedge-leg",
        means="a long of the leader is mirrored by the short leg of a hedge follower",
        file="mtrade/trading/copying/pairing.py",
        text="return _LEG_LONG if up else _LEG_SHORT",
        bug="return _LEG_SHORT if up else _LEG_LONG",
        by=("tests/trading/copying/test_pairing.py::test_which_leg_of_a_follower_takes_part",),
    ),
    Mutant(
        name="two-leaders",
        means="a second leader for the same contract of a follower is accepted",
        file="mtrade/domain/copying/graph.py",
        text="    return one.leader_id == other.leader_id or _overlap(one.params, other.params)\n",
        bug="    return one.leader_id == other.leader_id\n",
        by=(GRAPH + "test_c34_two_links_on_one_follower_need_different_contracts",),
    ),
    Mutant(
        name="cycle",
        means="a ring of three accounts is accepted",
        file="mtrade/domain/copying/graph.py",
        text="            if account not in seen:\n",
        bug="            if account not in seen and len(way) < 2:\n",
        by=(GRAPH + "test_c35_cycles_of_two_and_three_are_refused",),
    ),
    Mutant(
        name="last-event-forgotten",
        means="what comes while events are gathered waits for the timer",
        file="mtrade/trading/copying/planning.py",
        text="            core.again(leg.id, rest / 1000)\n            return None\n",
        bug="            return None\n",
        by=(
            "tests/trading/copying/test_planning.py"
            "::test_the_last_of_many_events_is_followed_as_soon_as_they_are_gathered",
        ),
    ),
)
