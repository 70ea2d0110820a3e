"""RFC 9293 3.8: retransmission, congestion, failures, keep-alive, urgent text, windows, acknowledgments."""

from __future__ import annotations

from typing import Final

from .entry import BY_KNOB, NOT_MODELLED, PARTLY, required

DATA: Final = (
    # ---- 3.8.1, 3.8.2
    required(
        "MUST-18", "3.8.1", "The retransmission timeout is that of RFC 6298; nothing sent twice is measured (Karn).",
        code="tcp.rto.take_round_trip tcp.rto.back_off tcp.send.resend_from",
        rules="rto.started rto.backed-off rto.expired",
        tests="tcp/test_rto.py::test_the_computation_is_rfc_6298s_to_the_nanosecond "
        "tcp/test_rto.py::test_nothing_sent_twice_is_measured_and_the_backoff_stays",
    ),
    required(
        "MAY-4", "3.8.1", "A packet that is the same again may bear the same IPv4 identification.",
        NOT_MODELLED,
        note="Simulated packets are not fragmented, and have no such field.",
    ),
    required(
        "MUST-19", "3.8.2", "There is slow start, congestion avoidance and exponential backoff.",
        code="tcp.congestion.newreno.NewReno tcp.rto.back_off",
        knobs="congestion",
        rules="rto.retransmit-rest rto.backed-off",
        tests="tcp/test_congestion.py::test_slow_start_doubles_each_round_trip "
        "tcp/test_congestion.py::test_congestion_avoidance_adds_one_segment_each_round_trip "
        "tcp/test_rto.py::test_the_backoff_ends_at_the_greatest_rto",
        note="`congestion: none` turns the two former off, for teaching.",
    ),
    required(
        "MAY-18", "3.8.2", "Other algorithms that IETF standards allow may take their place.",
        PARTLY,
        code="tcp.send.proportional",
        knobs="prr loss_keeps abc_limit",
        tests="tcp/test_sack_sender.py::test_prr_sends_one_segment_for_two_that_are_delivered "
        "tcp/test_congestion.py::test_or_by_as_many_as_the_limit_says",
        note="Pieces only: PRR, byte counting, CUBIC's share after a loss; how CUBIC grows is not modelled.",
    ),
    required(
        "SHLD-8", "3.8.2", "Explicit congestion notification is implemented (RFC 3168).",
        BY_KNOB,
        code="tcp.ecn.heed_mark tcp.ecn.heed_echo tcp.ecn.window_reduced",
        knobs="ecn",
        tests="tcp/test_ecn.py::test_a_mark_is_echoed_until_the_peer_says_that_it_has_slowed_down "
        "tcp/test_ecn.py::test_an_echo_halves_the_window_once_for_a_window_of_data",
    ),
    # ---- 3.8.3
    required(
        "MUST-20", "3.8.3", "What is sent again in vain has two thresholds: at R1 the IP layer is told, at R2 the "
        "connection is closed.",
        PARTLY,
        code="tcp.timeouts.gives_up",
        knobs="r1 r2",
        rules="fail.r2",
        tests="tcp/test_retransmission.py::test_a_segment_is_sent_again_until_r2_and_the_connection_is_closed",
        note="R2 is followed. At R1 nobody asks IP for another router: a host has one way to each other host.",
    ),
    required(
        "MUST-21", "3.8.3", "An application can set R2 of a connection.",
        code="tcp.endpoint.Endpoint.configure",
        knobs="r2 syn_retries synack_retries",
        rules="fail.r2 fail.syn-retries",
        tests="tcp/test_retransmission.py::test_r2_of_a_syn_is_a_knob_of_its_own "
        "tcp/test_retransmission.py::test_r2_is_beyond_r1_however_short_it_is",
    ),
    required(
        "SHLD-9", "3.8.3", "At R1 the application is told of the problem.",
        code="tcp.timeouts.retransmission_timeout",
        rules="fail.r1",
        tests="tcp/test_retransmission.py::test_r1_is_a_count_of_retransmissions",
    ),
    required(
        "SHLD-10", "3.8.3", "R1 is three retransmissions at least.",
        knobs="r1",
        code="tcp.config.Config",
        tests="tcp/test_config.py::test_the_profile_rfc9293_has_the_rfcs_numbers",
    ),
    required(
        "SHLD-11", "3.8.3", "R2 is 100 seconds at least.",
        knobs="r2",
        code="tcp.config.Config",
        tests="tcp/test_config.py::test_the_profile_rfc9293_has_the_rfcs_numbers",
    ),
    required(
        "MUST-22", "3.8.3", "SYNs are sent again by the same rules as data, and the application hears of it.",
        code="tcp.timeouts.retransmission_timeout tcp.timeouts.gives_up",
        rules="fail.syn-retries",
        tests="tcp/test_retransmission.py::test_a_syn_is_sent_again_with_the_same_iss_until_three_minutes_have_passed",
        note="The number stands in Appendix B only, the sentence in 3.8.3.",
    ),
    required(
        "MUST-23", "3.8.3", "A SYN is sent again for three minutes at least.",
        knobs="r2_syn",
        code="tcp.timeouts.gives_up",
        tests="tcp/test_retransmission.py::test_a_syn_is_sent_again_with_the_same_iss_until_three_minutes_have_passed "
        "tcp/test_config.py::test_the_profile_rfc9293_has_the_rfcs_numbers",
        note="The profiles `freebsd` and `linux` give up earlier, as those kernels do.",
    ),
    # ---- 3.8.4
    required(
        "MAY-5", "3.8.4", "There may be keep-alives.",
        BY_KNOB,
        code="tcp.timeouts.keepalive_timeout",
        knobs="keepalive",
        rules="keepalive.started keepalive.probe",
        tests="tcp/test_keepalive.py::test_the_first_probe_follows_after_two_idle_hours",
    ),
    required(
        "MUST-24", "3.8.4", "An application can turn them on and off for each connection.",
        code="tcp.endpoint.Endpoint.configure",
        knobs="keepalive",
        rules="keepalive.started keepalive.stopped",
        tests="tcp/test_live.py::test_keep_alives_can_begin_and_end",
    ),
    required(
        "MUST-25", "3.8.4", "They are off unless asked for.",
        knobs="keepalive",
        code="tcp.config.Config",
        tests="tcp/test_keepalive.py::test_it_defaults_to_off",
    ),
    required(
        "MUST-26", "3.8.4", "A probe goes only when nothing is outstanding and nothing has come for an interval.",
        code="tcp.timeouts.keepalive_timeout tcp.arrives.heard_from_peer",
        rules="keepalive.started",
        tests="tcp/test_keepalive.py::test_no_probe_while_data_is_outstanding "
        "tcp/test_keepalive.py::test_whatever_arrives_begins_the_wait_anew",
    ),
    required(
        "MUST-27", "3.8.4", "That interval can be set.",
        knobs="keepalive_idle",
        code="tcp.timers.start_keepalive",
        tests="tcp/test_keepalive.py::test_times_and_count_are_knobs",
    ),
    required(
        "MUST-28", "3.8.4", "Unless it is, it is two hours or more.",
        knobs="keepalive_idle",
        code="tcp.config.Config",
        tests="tcp/test_keepalive.py::test_it_defaults_to_off",
    ),
    required(
        "MUST-29", "3.8.4", "No single probe that stays unanswered ends a connection.",
        code="tcp.timeouts.keepalive_timeout",
        knobs="keepalive_count",
        rules="keepalive.dead",
        tests="tcp/test_keepalive.py::test_nine_probes_75_seconds_apart_and_the_peer_is_dead",
    ),
    required(
        "SHLD-12", "3.8.4", "A probe has no text.",
        code="tcp.timeouts.keepalive_timeout",
        rules="keepalive.probe",
        tests="tcp/test_keepalive.py::test_the_first_probe_follows_after_two_idle_hours",
    ),
    required(
        "MAY-6", "3.8.4", "A probe may carry one octet of garbage, for peers that need it.",
        NOT_MODELLED,
        note="No peer here needs it, and the RFC itself calls such peers erroneous.",
    ),
    # ---- 3.8.5
    required(
        "SHLD-13", "3.8.5", "New applications leave the urgent mechanism alone.",
        NOT_MODELLED,
        note="Advice to applications: nothing here sends urgent text unless a script says so.",
    ),
    required(
        "MUST-30", "3.8.5", "The urgent mechanism is there for those that use it.",
        code="tcp.arrives.sixth_check_urg tcp.send.urgent_offset",
        rules="sixth.urgent",
        tests="tcp/test_arrives_other.py::test_the_user_is_told_of_urgent_data "
        "tcp/test_calls.py::test_urgent_data_is_pointed_at",
    ),
    required(
        "MUST-31", "3.8.5", "Urgent text may be of any length.",
        code="tcp.arrives.sixth_check_urg tcp.send.urgent_offset",
        rules="sixth.urgent-advances",
        tests="tcp/test_arrives_other.py::test_urgent_data_of_any_length "
        "tcp/test_calls.py::test_every_segment_before_the_pointer_carries_it",
    ),
    required(
        "MUST-62", "3.8.5", "The urgent pointer points to the octet after the urgent text.",
        code="tcp.send.urgent_offset",
        tests="tcp/test_calls.py::test_urgent_data_is_pointed_at",
    ),
    required(
        "MUST-32", "3.8.5", "The application is told when urgent text begins to wait, and when the pointer advances.",
        code="tcp.arrives.sixth_check_urg",
        rules="sixth.urgent sixth.urgent-advances",
        tests="tcp/test_arrives_other.py::test_the_user_is_told_of_urgent_data "
        "tcp/test_arrives_other.py::test_the_same_pointer_is_told_once_and_an_advance_again",
    ),
    required(
        "MUST-33", "3.8.5", "The application can learn whether more urgent text waits.",
        code="tcp.actions.Deliver tcp.receive.answer_receives",
        rules="sixth.urgent-ends",
        tests="tcp/test_arrives_other.py::test_a_receive_stops_at_the_end_of_urgent_data",
    ),
    # ---- 3.8.6
    required(
        "SHLD-14", "3.8.6", "The right edge of our window never moves back.",
        code="tcp.receive.offer_window tcp.receive.size_buffer",
        tests="tcp/test_window.py::test_the_window_is_never_shrunk "
        "tcp/test_live.py::test_a_smaller_buffer_takes_nothing_back",
    ),
    required(
        "MUST-34", "3.8.6", "A peer's window that shrinks below what is under way does no harm.",
        code="tcp.send.output tcp.acks.update_window",
        tests="tcp/test_window.py::test_a_window_that_shrinks_below_what_is_in_flight",
    ),
    required(
        "SHLD-15", "3.8.6", "Then no new text is sent.",
        code="tcp.send.output",
        tests="tcp/test_window.py::test_a_window_that_shrinks_below_what_is_in_flight",
    ),
    required(
        "SHLD-16", "3.8.6", "But what is old and inside the window is sent again as ever.",
        code="tcp.timeouts.retransmission_timeout",
        tests="tcp/test_window.py::test_a_window_that_shrinks_below_what_is_in_flight "
        "tcp/test_retransmission.py::test_no_more_is_resent_than_the_offered_window_holds",
    ),
    required(
        "MAY-7", "3.8.6", "What is old and beyond the window may be sent again too.",
        code="tcp.timeouts.retransmission_timeout",
        tests="tcp/test_retransmission.py::test_the_oldest_segment_goes_even_into_a_small_window",
        note="Only as a part of the oldest segment.",
    ),
    required(
        "SHLD-17", "3.8.6", "That nobody acknowledges what is beyond the window does not end the connection.",
        code="tcp.acks.update_window tcp.acks.advance_una",
        tests="tcp/test_window.py::test_the_connection_stays_open_while_probes_are_answered "
        "tcp/test_window.py::test_a_window_that_closes_on_data_in_flight_is_probed_with_the_oldest_octet",
    ),
    required(
        "MUST-35", "3.8.6", "A window that has shrunk to zero is probed as any other.",
        code="tcp.acks.update_window tcp.timeouts.probe_window",
        rules="persist.started persist.probe",
        tests="tcp/test_window.py::test_a_window_that_closes_on_data_in_flight_is_probed_with_the_oldest_octet",
    ),
    required(
        "MUST-36", "3.8.6.1", "A window of zero is probed.",
        code="tcp.timeouts.persist_timeout tcp.timeouts.probe_window",
        knobs="window_probe",
        rules="persist.started persist.probe",
        tests="tcp/test_window.py::test_the_first_probe_follows_after_an_rto",
    ),
    required(
        "MAY-8", "3.8.6.1", "A receiver may keep its window shut for as long as it likes.",
        code="tcp.receive.offer_window",
        rules="first.zero-window",
        tests="tcp/test_window.py::test_a_closed_window_refuses_text_and_is_reported",
        note="An application that does not read does so.",
    ),
    required(
        "MUST-37", "3.8.6.1", "As long as probes are answered, the connection stays open.",
        code="tcp.acks.update_window",
        rules="persist.probe",
        tests="tcp/test_window.py::test_the_connection_stays_open_while_probes_are_answered "
        "tcp/test_window.py::test_a_lost_answer_does_not_end_the_connection_however_far_apart_probes_are",
    ),
    required(
        "SHLD-29", "3.8.6.1", "The first probe goes when the window has been zero for an RTO.",
        code="tcp.acks.update_window",
        rules="persist.probe",
        tests="tcp/test_window.py::test_the_first_probe_follows_after_an_rto",
    ),
    required(
        "SHLD-30", "3.8.6.1", "The interval between probes doubles.",
        code="tcp.timeouts.persist_timeout",
        rules="persist.backed-off",
        tests="tcp/test_window.py::test_the_interval_between_probes_grows_exponentially",
    ),
    required(
        "MUST-38", "3.8.6.2.1", "The sender sends no silly small segments.",
        code="tcp.send.output tcp.timeouts.persist_timeout",
        rules="send.hold send.override",
        tests="tcp/test_window.py::test_a_small_window_is_not_filled_in_small_pieces "
        "tcp/test_window.py::test_half_of_the_largest_window_is_worth_a_segment",
    ),
    required(
        "MUST-39", "3.8.6.2.2", "The receiver offers no silly small windows.",
        code="tcp.receive.offer_window tcp.receive.size_buffer",
        knobs="window_update",
        rules="ack.window-update",
        tests="tcp/test_window.py::test_the_right_edge_stays_until_it_can_move_far_enough "
        "tcp/test_window.py::test_the_step_is_a_segment_where_buffers_are_larger",
    ),
    required(
        "SHLD-18", "3.8.6.3", "An ACK may wait for company.",
        code="tcp.receive.take_text",
        knobs="delayed_ack quick_acks pingpong delay_fin_ack delay_lone_fin_ack",
        rules="ack.delayed",
        tests="tcp/test_delayed_ack.py::test_an_ack_waits_200_ms",
    ),
    required(
        "MUST-40", "3.8.6.3", "But for less than half a second.",
        code="tcp.timeouts.delayed_ack_timeout",
        knobs="delayed_ack",
        rules="ack.delay-over",
        tests="tcp/test_delayed_ack.py::test_the_delay_is_less_than_half_a_second",
    ),
    required(
        "SHLD-19", "3.8.6.3", "Every second full-sized segment is acknowledged at least.",
        code="tcp.receive.take_text",
        knobs="ack_every ack_by_octets",
        rules="ack.second-segment",
        tests="tcp/test_delayed_ack.py::test_every_second_segment_is_acknowledged_at_once",
    ),
)  # fmt: skip
"""In the order of the sections."""
