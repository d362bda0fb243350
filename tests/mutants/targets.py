"""Seeded bugs of what a follower should hold, and of the ledger it is measured by."""

from __future__ import annotations

from tests.mutants.model import Mutant

STEP = "tests/domain/copying/test_step.py::"
BOOKING = "tests/domain/copying/test_booking.py::"
HOLDINGS = "tests/trading/copying/test_holdings.py::"
HANDS = "tests/domain/copying/test_checklist_hands.py::"
ENGINE = "tests/trading/copying/test_engine.py::"
CAUSES = "tests/trading/copying/test_causes.py::"
STORE = "tests/store/test_copying.py::"

TARGETS = (
    Mutant(
        name="position-is-owned",
        means="the whole position at the exchange counts as copied",
        file="mtrade/domain/copying/tracking.py",
        text="    return leg.shadow if facts.link.state is _SHADOW else leg.owned",
        bug="""\
    there = facts.follower.position or ZERO
    return leg.shadow if facts.link.state is _SHADOW else there""",
        by=(HANDS + "test_c26_a_foreign_part_on_the_same_side_coexists",),
    ),
    Mutant(
        name="timestamps-decide",
        means="of two readings of a position the later one counts, not that of the higher number",
        file="mtrade/trading/copying/holdings.py",
        text="    if update_id != known.update_id:\n        return update_id > known.update_id\n",
        bug="",
        by=(HOLDINGS + "test_a_push_with_a_lower_number_changes_nothing_however_late_it_is",),
    ),
    Mutant(
        name="error-is-flat",
        means="a read of the positions that failed counts as no positions",
        file="mtrade/trading/copying/scout.py",
        text="""\
        return self._account(
            PositionsSeen(account_id=account_id, settle=settle),
            lambda seen, line: replace(seen, positions=line.positions(settle)),
        )
""",
        bug="""\
        def read(seen: PositionsSeen, line: Exchange) -> PositionsSeen:
            try:
                return replace(seen, positions=line.positions(settle))
            except MTradeError:
                return seen

        return self._account(PositionsSeen(account_id=account_id, settle=settle), read)
""",
        by=("tests/trading/copying/test_ear.py::test_reads_that_fail_are_no_news_of_positions",),
    ),
    Mutant(
        name="missing-is-flat",
        means="one read without the row of a position is proof that it is closed",
        file="mtrade/trading/copying/holdings.py",
        text="""\
    if known.missing_ms is None:
        return replace(known, missing_ms=read_ms)
""",
        bug="    known = replace(known, missing_ms=read_ms - SECOND_LOOK_MS)\n",
        by=(HOLDINGS + "test_one_missing_row_is_not_flat_and_two_in_a_row_are",),
    ),
    Mutant(
        name="no-single-flight-index",
        means="the database lets a leg have two unfinished orders",
        file="mtrade/store/schema/journal/004_copying.sql",
        text="CREATE UNIQUE INDEX intent_leg_in_flight",
        bug="CREATE INDEX intent_leg_in_flight",
        by=(STORE + "test_a_leg_has_at_most_one_unfinished_intent",),
    ),
    Mutant(
        name="no-single-flight",
        means="a leg decides while an order of its own is under way",
        file="mtrade/domain/copying/step.py",
        text="    if leg.pending is not None:\n        return Outcome(leg=leg, why",
        bug="    if leg.pending == 0:\n        return Outcome(leg=leg, why",
        by=(STEP + "test_an_unfinished_order_stops_every_decision",),
    ),
    Mutant(
        name="no-reduce-only",
        means="an order that closes may open",
        file="mtrade/domain/copying/leaving.py",
        text="        tif=_IOC,\n        reduce_only=True,\n    )\n\n\ndef",
        bug="        tif=_IOC,\n    )\n\n\ndef",
        by=(STEP + "test_c01_open_add_and_full_close",),
    ),
    Mutant(
        name="one-step-reversal",
        means="one order takes a follower from long to short",
        file="mtrade/domain/copying/step.py",
        text="_left(base, facts, ZERO if aim * now < 0 else aim)",
        bug="_left(base, facts, aim)",
        by=(
            "tests/domain/copying/test_acting.py"
            "::test_adopt_of_the_other_side_closes_it_and_begins_again",
        ),
    ),
    Mutant(
        name="flip-unnoticed",
        means="a leader that turned around is still in its old episode",
        file="mtrade/domain/copying/tracking.py",
        text="if episode.over or ep.sign(size) != episode.sign:",
        bug="if not size:",
        by=(STEP + "test_c03_a_flip_closes_first_and_then_opens_with_a_fresh_ratio",),
    ),
    Mutant(
        name="float-ratio",
        means="the ratio passes through a binary float",
        file="mtrade/domain/copying/episodes.py",
        text="return Fraction(params.multiplier)\n",
        bug="return Fraction(float(params.multiplier))\n",
        by=(STEP + "test_the_worked_example_line_by_line",),
    ),
    Mutant(
        name="round-up",
        means="a share of a contract is rounded away from zero",
        file="mtrade/domain/copying/episodes.py",
        text="    if rest and rounding is not _DOWN:\n        steps += rounding is",
        bug="    if rest:\n        steps += rounding is not",
        by=(STEP + "test_the_worked_example_line_by_line",),
    ),
    Mutant(
        name="ratio-fixed-anew",
        means="the ratio follows the equities while an episode runs",
        file="mtrade/domain/copying/tracking.py",
        text="    episode, size = leg.episode, facts.leader.size\n",
        bug="""\
    episode, size = leg.episode, facts.leader.size
    if episode is not None and (ratio := ep.ratio_of(facts, ep.equities(facts))) is not None:
        episode = ep.aimed(replace(episode, k=ratio, k_eff=ratio), facts)
        leg = replace(leg, episode=episode)
""",
        by=(
            "tests/domain/copying/test_episodes.py::test_c27_deposits_and_withdrawals_count_from_the_next_episode_on",
        ),
    ),
    Mutant(
        name="ratchet-forgotten",
        means="what was clipped leaves the ratio as it was",
        file="mtrade/domain/copying/episodes.py",
        text="        exact=Fraction(obtained),\n        k_eff=ratio,\n",
        bug="        exact=Fraction(obtained),\n",
        by=(STEP + "test_c16_after_a_cap_the_follower_halves_with_the_leader",),
    ),
    Mutant(
        name="latch-forgotten",
        means="what a hand closed is bought back with the leader's next add",
        file="mtrade/domain/copying/interference.py",
        text="latch=True, latched_ms=latched_ms",
        bug="latched_ms=latched_ms",
        by=(HANDS + "test_c25_reduced_by_hand_respect",),
    ),
    Mutant(
        name="forced-out-comes-back",
        means="what the exchange closed of a follower by force is bought back",
        file="mtrade/domain/copying/entering.py",
        text="    if episode.latch:\n",
        bug="    if episode.latch and facts.leader.liquidated:\n",
        by=(HANDS + "test_c24_a_follower_deleveraged_in_part_keeps_the_rest_in_proportion",),
    ),
    Mutant(
        name="refilled",
        means="what a hand closed is bought back at once",
        file="mtrade/domain/copying/interference.py",
        text="    if rule is OnClose.ENFORCE:\n",
        bug="    if rule is not OnClose.PAUSE_CONTRACT:\n",
        by=(HANDS + "test_c25_closed_by_hand_respect",),
    ),
    Mutant(
        name="one-reading-is-proof",
        means="a position that was read once is believed against the ledger",
        file="mtrade/domain/copying/interference.py",
        text="return self.last_ms - self.first_ms >= APART_MS",
        bug="return self.last_ms - self.first_ms >= 0",
        by=("tests/domain/copying/test_interference.py::test_one_reading_proves_nothing",),
    ),
    Mutant(
        name="surplus-is-ours",
        means="what a hand added is closed with the copy",
        file="mtrade/domain/copying/interference.py",
        text="    if rule is OnAdd.FOREIGN:\n        return Outcome(leg=leg)\n",
        bug="""\
    if rule is OnAdd.FOREIGN and leg.episode is None:
        return Outcome(leg=leg)
""",
        by=(HANDS + "test_c25_added_by_hand_is_foreign_and_stays",),
    ),
    Mutant(
        name="foreign-adopted",
        means="lost orders of another installation are booked as our own",
        file="mtrade/trading/copying/adoption.py",
        text="            if copied and fill.text[INSTANCE_AT:NOISE_AT] in own:\n",
        bug="            if copied and own:\n",
        by=(
            "tests/trading/copying/test_adoption.py::test_lost_orders_of_another_installation_are_not_ours",
        ),
    ),
    Mutant(
        name="counted-twice",
        means="a fill that is told in two parts is booked twice",
        file="mtrade/domain/copying/booking.py",
        text="gained = (after.filled - before.filled) * after.order.side.sign",
        bug="gained = after.filled * after.order.side.sign",
        by=(BOOKING + "test_a_fill_that_is_told_in_parts_is_booked_once",),
    ),
    Mutant(
        name="ledger-before-the-journal",
        means="the ledger moves although the journal did not take it",
        file="mtrade/trading/copying/settling.py",
        text="        return CopyChange(\n            legs=tuple(legs),\n",
        bug="""\
        self._core.book.apply(CopyChange(legs=tuple(legs)))
        return CopyChange(
            legs=tuple(legs),
""",
        by=(ENGINE + "test_the_ledger_waits_for_the_journal",),
    ),
    Mutant(
        name="consumed-twice",
        means="the next order names the trades that the last one consumed",
        file="mtrade/trading/copying/causes.py",
        text="names = tuple(self._waiting.pop(lane, ()))",
        bug="names = tuple(self._waiting.get(lane, ()))",
        by=(CAUSES + "test_what_an_order_took_no_other_order_takes",),
    ),
    Mutant(
        name="consumed-again",
        means="the database lets a second order consume a leader's trade",
        file="mtrade/store/copying.py",
        text='"INSERT INTO intent_cause(',
        bug='"INSERT OR REPLACE INTO intent_cause(',
        by=(STORE + "test_one_leader_trade_is_consumed_once_by_each_follower_until_it_is_freed",),
    ),
    Mutant(
        name="void-consumes",
        means="an order without any effect keeps the trades it consumed",
        file="mtrade/trading/copying/settling.py",
        text="                freed.append(after.order.text)\n",
        bug="                events.clear()\n",
        by=(
            "tests/trading/copying/test_settling.py::test_an_order_without_effect_sets_its_causes_free",
        ),
    ),
    Mutant(
        name="trade-heard-twice",
        means="a trade of the leader that is told twice makes it grow twice",
        file="mtrade/trading/copying/memory.py",
        text="            if key in sight.known_fills:\n                continue\n",
        bug="",
        by=("tests/trading/copying/test_memory.py::test_a_trade_that_is_told_twice_counts_once",),
    ),
)
