"""Seeded bugs of sending an order and of proving what became of it."""

from __future__ import annotations

from tests.mutants.model import Mutant

RESOLVER = "tests/trading/test_resolver.py::"
INTENTS = "tests/trading/test_intents.py::"
FAULTS = "tests/gate/test_faults.py::"
PATHS = "tests/gate/test_paths.py::"
FANOUT = "tests/trading/copying/test_fanout.py::"
COPIER = "tests/trading/copying/test_copier.py::"
JOURNAL = "tests/store/test_journal.py::"
RECORD = "tests/store/test_fanouts.py::"

SENDING = (
    Mutant(
        name="no-fence",
        means="an order that cannot be found is given up before its deadline is past",
        file="mtrade/trading/resolver.py",
        text="return exchange_ms > intent.expires_ms + SETTLE_MS",
        bug="return True",
        by=(RESOLVER + "test_not_found_before_the_fence_is_never_a_miss",),
    ),
    Mutant(
        name="no-deadline",
        means="an order leaves over REST without X-Gate-Exptime",
        file="mtrade/gate/client.py",
        text="        if expires_ms is not None:\n            headers[",
        bug="        if expires_ms == 0:\n            headers[",
        by=("tests/gate/test_client.py::test_the_deadline_travels_with_the_order",),
    ),
    Mutant(
        name="no-deadline-on-the-socket",
        means="an order leaves over the socket without X-Gate-Exptime",
        file="mtrade/gate/trading_core.py",
        text="""{expires_ms}"}}' if expires_ms else \"\"""",
        bug="""{expires_ms}"}}' if expires_ms == 0 else \"\"""",
        by=(
            "tests/gate/test_trading_core.py"
            "::test_a_request_is_written_with_its_deadline_and_never_encoded_twice",
        ),
    ),
    Mutant(
        name="settle-0",
        means="the exchange gets no time to show an order that it accepted",
        file="mtrade/trading/resolver.py",
        text="SETTLE_MS = 5_000",
        bug="SETTLE_MS = 0",
        by=(RESOLVER + "test_an_accepted_order_may_be_invisible_for_five_seconds",),
    ),
    Mutant(
        name="one-miss",
        means="one look that finds nothing is proof enough",
        file="mtrade/trading/resolver.py",
        text="    if misses < 2:\n        return Step(intent, max(pause",
        bug="    if misses < 1:\n        return Step(intent, max(pause",
        by=(RESOLVER + "test_two_deep_misses_after_the_fence_prove_that_nothing_happened",),
    ),
    Mutant(
        name="no-witness",
        means="a position that moved without an explanation does not stop a verdict",
        file="mtrade/trading/resolver.py",
        text="    if _witness_contradicts(intent, seen):\n",
        bug="    if intent.state is IntentState.HOLD and _witness_contradicts(intent, seen):\n",
        by=(
            RESOLVER + "test_a_position_that_moved_without_an_explaining_trade_is_held_for_a_human",
        ),
    ),
    Mutant(
        name="any-order-will-do",
        means="a look-up that shows another order is believed",
        file="mtrade/trading/resolver.py",
        text="if intent.order_id and order.order_id != intent.order_id:",
        bug="if intent.order_id and not order.order_id:",
        by=(RESOLVER + "test_a_look_up_that_contradicts_what_is_proven_is_held",),
    ),
    Mutant(
        name="reused-text",
        means="every order of a leg has the same text",
        file="mtrade/trading/copying/batch.py",
        text="order_text(_COPY, leg.side, self.instance, noise)",
        bug="order_text(_COPY, leg.side, self.instance, bytes([leg.id]) * NOISE)",
        by=(COPIER + "test_reductions_and_closes_follow",),
    ),
    Mutant(
        name="sequence-text",
        means="texts are counted up in the journal, so they come again when it lost its end",
        file="mtrade/trading/copying/batch.py",
        text="order_text(_COPY, leg.side, self.instance, noise)",
        bug="order_text(_COPY, leg.side, self.instance, number.to_bytes(10, 'big'))",
        by=(
            "tests/trading/copying/test_batch.py"
            "::test_a_text_never_comes_again_although_the_journal_lost_its_end",
        ),
    ),
    Mutant(
        name="one-wave",
        means="legs of one account are decided without what the others of it have just entered",
        file="mtrade/trading/copying/planning.py",
        text="number = taken.get(link.follower_id, 0)",
        bug="number = 0",
        by=(
            "tests/trading/copying/test_checklist_joining.py"
            "::test_c41_the_list_at_arming_is_exactly_what_is_sent",
        ),
    ),
    Mutant(
        name="send-before-commit",
        means="a fan-out leaves before it is written down",
        file="mtrade/trading/pipeline.py",
        text="""\
        try:
            stored = self._journal.commit(intents, change, partial(self._sender.prepare, intents))
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
        self._troubles.clear("journal")
        self._pursuit.live.update((intent.id, intent) for intent in stored)
        self._sender.send(stored)
""",
        bug="""\
        self._sender.send(intents)
        try:
            stored = self._journal.commit(intents, change, partial(self._sender.prepare, intents))
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
        self._troubles.clear("journal")
        self._pursuit.live.update((intent.id, intent) for intent in stored)
""",
        by=(
            "tests/trading/copying/test_engine.py"
            "::test_what_could_not_be_written_is_not_sent_and_goes_out_later",
        ),
    ),
    Mutant(
        name="manual-before-commit",
        means="an order by hand leaves before it is written down",
        file="mtrade/trading/pipeline.py",
        text="            stored = self._journal.commit(message.intents)\n",
        bug="""\
            self._courier.send(message.intents[0])
            stored = self._journal.commit(message.intents)
""",
        by=(
            "tests/trading/test_pipeline.py"
            "::test_nothing_is_on_its_way_while_the_journal_is_being_written",
        ),
    ),
    Mutant(
        name="commit-one-by-one",
        means="the orders of a fan-out are written down and sent one after the other",
        file="mtrade/trading/pipeline.py",
        text="""\
            stored = self._journal.commit(intents, change, partial(self._sender.prepare, intents))
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
        self._troubles.clear("journal")
        self._pursuit.live.update((intent.id, intent) for intent in stored)
        self._sender.send(stored)
""",
        bug="""\
            for intent in intents:
                own = CopyChange(
                    legs=tuple(leg for leg in change.legs if leg.pending == intent.id),
                    causes=tuple(c for c in change.causes if c.text == intent.order.text),
                )
                self._journal.commit((intent,), own)
                self._pursuit.live[intent.id] = intent
                self._sender.send((intent,))
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
""",
        by=(COPIER + "test_a_leaders_order_reaches_two_followers_in_one_commit",),
    ),
    Mutant(
        name="synchronous-off",
        means="a commit does not wait for the disk",
        file="mtrade/store/database.py",
        text="PRAGMA synchronous=FULL",
        bug="PRAGMA synchronous=OFF",
        by=("tests/store/test_database.py::test_the_writer_survives_a_power_cut_by_its_pragmas",),
    ),
    Mutant(
        name="5xx-is-a-refusal",
        means="an error of the exchange's servers counts as a refused order",
        file="mtrade/gate/faults.py",
        text="if 400 <= status < 500 else Meaning.AMBIGUOUS",
        bug="if 400 <= status < 500 else Meaning.REFUSED",
        by=(FAULTS + "test_outside_4xx_no_label_proves_anything",),
    ),
    Mutant(
        name="any-label-is-a-refusal",
        means="a refusal with a word that nobody knows counts as one",
        file="mtrade/gate/labels.py",
        text="    return Meaning.AMBIGUOUS",
        bug="    return Meaning.REFUSED",
        by=(FAULTS + "test_any_other_4xx_proves_nothing",),
    ),
    Mutant(
        name="time-out-is-a-refusal",
        means="a request that got no answer counts as refused",
        file="mtrade/gate/faults.py",
        text='return OutcomeUnknown(f"the request left but',
        bug='return OrderRejected(f"the request left but',
        by=(FAULTS + "test_a_call_without_an_answer",),
    ),
    Mutant(
        name="ioc-is-a-refusal",
        means="an immediate order that was filled in part counts as refused",
        file="mtrade/trading/intents.py",
        text="    return intent.advance(IntentState.DONE, label=order.finish_as,",
        bug="""\
    state = IntentState.VOID if order.finish_as == "ioc" else IntentState.DONE
    return intent.advance(state, label=order.finish_as,""",
        by=(INTENTS + "test_a_partly_filled_ioc_is_done_with_its_part_never_rejected",),
    ),
    Mutant(
        name="part-is-nothing",
        means="what an immediate order filled in part is not booked",
        file="mtrade/trading/intents.py",
        text='"filled": order.filled,',
        bug='"filled": Decimal(0) if order.left else order.filled,',
        by=(INTENTS + "test_a_partly_filled_ioc_is_done_with_its_part_never_rejected",),
    ),
    Mutant(
        name="died-is-void",
        means="an order that a dying process was sending counts as never sent",
        file="mtrade/trading/intents.py",
        text='            IntentState.UNKNOWN, evidence="the process ended',
        bug='            IntentState.VOID, evidence="the process ended',
        by=(INTENTS + "test_dying_while_sending_is_unknown_and_nothing_else_changes_at_start",),
    ),
    Mutant(
        name="adapter-retries",
        means="an order is sent again when a kept connection died",
        file="mtrade/gate/client.py",
        text="""\
            raise transport_failure(failure.kind, written=failure.written, changing=True) from None
""",
        bug="""\
            if not failure.stale:
                raise transport_failure(failure.kind, written=True, changing=True) from None
            answer = self._again(request, BODY_CAP, public=False)
""",
        by=(
            "tests/gate/test_transport.py"
            "::test_a_dropped_kept_connection_never_repeats_a_changing_call",
        ),
    ),
    Mutant(
        name="redirects-followed",
        means="an order is sent again to where an answer points",
        file="mtrade/gate/client.py",
        text="        return self._transport.send(request, cap)\n",
        bug="""\
        answer = self._transport.send(request, cap)
        if 300 <= answer.status < 400:
            request.target = urlsplit(answer.headers["location"]).path
            return self._transport.send(request, cap)
        return answer
""",
        by=("tests/gate/test_transport.py::test_a_redirect_is_not_followed",),
    ),
    Mutant(
        name="rest-after-the-socket",
        means="what the socket did not answer is sent again over REST",
        file="mtrade/gate/paths.py",
        text="except NotWritten:",
        bug="except (NotWritten, ExchangeError):",
        by=(
            PATHS
            + "test_what_was_written_and_not_properly_answered_is_unknown_and_never_sent_again",
        ),
    ),
    Mutant(
        name="rest-after-the-socket-in-a-fan-out",
        means="what the socket of a follower did not answer is sent again over REST",
        file="mtrade/gate/paths.py",
        text="done(None if isinstance(result, NotWritten) else result)",
        bug="done(None)",
        by=(PATHS + "test_a_fan_out_learns_what_was_not_written_and_what_is_unknown",),
    ),
    Mutant(
        name="ack-is-final",
        means="the acknowledgement over the socket is taken for the answer",
        file="mtrade/gate/trading_core.py",
        text="            return self._acknowledged(usual.request_id)\n",
        bug="            self._acknowledged(usual.request_id)\n",
        by=(
            "tests/gate/test_trading_core.py::test_an_acknowledgement_changes_nothing_and_is_timed",
        ),
    ),
    Mutant(
        name="unusual-ack-is-final",
        means="an acknowledgement that is not written as usual is taken for the answer",
        file="mtrade/gate/trading_core.py",
        text="            return self._acknowledged(number)\n",
        bug="            self._acknowledged(number)\n",
        by=(
            "tests/gate/test_trading_core.py::test_an_acknowledgement_changes_nothing_and_is_timed",
        ),
    ),
    Mutant(
        name="halt-forgotten",
        means="nobody asks directly before writing whether trading was halted meanwhile",
        file="mtrade/trading/copying/fanout.py",
        text="if self._halted(intent.account_id):",
        bug="if not intent.account_id:",
        by=(FANOUT + "test_a_halt_between_commit_and_writing_stops_what_is_not_yet_written",),
    ),
    Mutant(
        name="late-is-sent",
        means="nobody looks directly before writing whether the deadline is too near",
        file="mtrade/trading/copying/fanout.py",
        text="elif too_late(intent, clock.now_ms()):",
        bug="elif intent.expires_ms < clock.now_ms():",
        by=(FANOUT + "test_the_deadline_is_looked_at_directly_before_writing",),
    ),
    Mutant(
        name="other-deadline",
        means="an order of a fan-out may take effect long after the time that is remembered",
        file="mtrade/trading/copying/fanout.py",
        text="return exchange.prepared(intent.order, intent.expires_ms)",
        bug="return exchange.prepared(intent.order, intent.expires_ms + 3_600_000)",
        by=("--hostile", "--seed", "0", "--schedules", "12"),
    ),
    Mutant(
        name="end-is-no-end",
        means="an order that has ended may change again",
        file="mtrade/store/journal.py",
        text="(state NOT IN('DONE','VOID') OR state=?)",
        bug="(state<>'' OR state=?)",
        by=(JOURNAL + "test_updates_are_stored_and_final_states_stay",),
    ),
    Mutant(
        name="double-tap",
        means="a request that comes twice becomes two orders",
        file="mtrade/store/journal.py",
        text="    if not request_id:\n        return None\n",
        bug="    if request_id:\n        return None\n",
        by=(JOURNAL + "test_one_request_is_one_order_whichever_account_is_named",),
    ),
    Mutant(
        name="fill-taken-back",
        means="a push that comes late takes back a fill",
        file="mtrade/trading/hearing.py",
        text="return told.filled < intent.filled",
        bug="return False",
        by=("tests/trading/test_hearing.py::test_a_late_push_takes_no_fill_back",),
    ),
    Mutant(
        name="unasked-tables",
        means="a fan-out is sent although a table will not take its rows",
        file="mtrade/store/journal.py",
        text="            if not fanouts.is_clear(db, made):\n",
        bug="            if not db:\n",
        by=(RECORD + "test_what_the_tables_would_refuse_is_refused_before_it_is_durable",),
    ),
    Mutant(
        name="forgotten-record",
        means="a start does not look for a fan-out that was sent but not unfolded",
        file="mtrade/store/journal.py",
        text="        if left:\n            self.database.owe",
        bug="        if not left:\n            self.database.owe",
        by=(RECORD + "test_the_next_start_finishes_it",),
    ),
    Mutant(
        name="half-read",
        means="who reads between sending and unfolding finds no order",
        file="mtrade/store/database.py",
        text="        self.settle()\n        with store_errors",
        bug="        with store_errors",
        by=(RECORD + "test_no_reader_misses_it",),
    ),
)
