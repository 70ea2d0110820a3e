"""RFC 9293 3.1 to 3.7: the header, options, sequence numbers, opening, closing, segment sizes."""

from __future__ import annotations

from typing import Final

from .entry import BY_KNOB, NOT_MODELLED, PARTLY, required

_NO_VARYING_MTU: Final = "An endpoint has one MTU, and no interface whose MTU varies from packet to packet."
_NO_NEGATIVE: Final = "In a simulated segment the window is an int that is never negative."

CONNECTIONS: Final = (
    # ---- 3.1
    required(
        "MUST-1", "3.1", "The window field is a number without a sign.",
        code="wire.tcp.decode_tcp tcp.send.window_field",
        tests="tcp/test_mss.py::test_the_window_field_has_16_bits wire/test_codec.py::test_any_datagram_is_read_back",
        note=_NO_NEGATIVE,
    ),
    required(
        "REC-1", "3.1", "Windows are kept and computed in 32 bits.",
        code="tcp.acks.update_window tcp.receive.offer_window",
        tests="tcp/test_mss.py::test_other_windows_are_shifted_both_ways",
    ),
    required(
        "MUST-2", "3.1", "The sender computes the checksum.",
        code="wire.tcp.encode_tcp wire.checksum.checksum",
        tests="wire/test_codec.py::test_known_octets wire/test_checksum.py::test_the_sum_is_that_of_a_loop_over_words",
        note="Wherever a segment becomes octets; simulated segments are values, and need none.",
    ),
    required(
        "MUST-3", "3.1", "The receiver checks the checksum.",
        code="net.host.Host.arrive_corrupted wire.tcp.decode_tcp",
        tests="net/test_link.py::test_a_damaged_packet_arrives_and_is_seen_by_nobody "
        "wire/test_codec.py::test_a_wrong_checksum",
        note="A simulated packet is damaged or not, and the host discards one that is; octets are really checked.",
    ),
    required(
        "MUST-4", "3.1", "End of list, no-operation and maximum segment size are understood.",
        code="wire.options.decode_options wire.options.encode_options tcp.options.arranged",
        tests="wire/test_options.py::test_each_kind_and_layout",
    ),
    required(
        "MUST-5", "3.1", "An option may come in any segment.",
        code="tcp.arrives.segment_arrives wire.options.decode_options",
        tests="tcp/test_mss.py::test_in_any_other_segment_an_option_may_come_and_that_of_a_syn_says_nothing "
        "net/test_stream_property.py::test_both_streams_arrive_intact_and_both_ends_close",
        note="SACK and timestamps are used wherever they come; what belongs into a SYN is overlooked elsewhere.",
    ),
    required(
        "MUST-6", "3.1", "An option that is not implemented is passed over by its length.",
        code="wire.options.decode_options",
        tests="packetdrill/test_code_and_icmp.py::test_options_of_every_kind_arrive "
        "wire/test_options.py::test_each_kind_and_layout",
    ),
    required(
        "MUST-68", "3.1", "Every option but end of list and no-operation has a length.",
        code="wire.options.encode_options",
        tests="wire/test_options.py::test_each_kind_and_layout",
    ),
    required(
        "MUST-7", "3.1", "A length that cannot be, such as zero, does no harm.",
        code="wire.options.decode_options",
        tests="wire/test_options.py::test_a_length_that_leads_nowhere_is_an_error",
        note="Who reads such octets gets an error that names the octet; a simulated segment cannot have such a length.",
    ),
    required(
        "MUST-69", "3.1", "What follows the end of the list is padding of zeros.",
        code="wire.options.encode_options",
        knobs="option_padding",
        tests="wire/test_options.py::test_each_kind_and_layout "
        "wire/test_options.py::test_every_layout_is_written_as_it_was_read",
    ),
    # ---- 3.2
    required(
        "MUST-64", "3.2", "An option may begin anywhere, not only at a word's border.",
        code="wire.options.decode_options",
        tests="wire/test_options.py::test_every_layout_is_written_as_it_was_read",
    ),
    required(
        "MUST-65", "3.2", "The maximum segment size stands in SYNs and in no other segment.",
        code="tcp.negotiation.syn_options",
        tests="tcp/test_mss.py::test_no_other_segment_carries_it",
    ),
    # ---- 3.4
    required(
        "MUST-66", "3.4", "RST and URG are heeded even while our window is zero.",
        code="tcp.arrives.first_check_sequence tcp.arrives.acceptable",
        rules="first.zero-window",
        tests="tcp/test_arrives_other.py::test_in_a_zero_window_a_rst_counts_with_text_or_without "
        "tcp/test_arrives_other.py::test_in_a_zero_window_the_urgent_pointer_counts",
    ),
    required(
        "MUST-8", "3.4.1", "A clock that ticks every 4 microseconds is a part of the initial sequence number.",
        code="tcp.iss.initial_sequence_number",
        knobs="iss",
        tests="tcp/test_iss.py::test_the_clock_ticks_every_four_microseconds",
        note="The clock is that of virtual time; the profile `plain` sets a round number instead.",
    ),
    required(
        "SHLD-1", "3.4.1", "To that clock is added a keyed hash of the two sockets.",
        code="tcp.iss.keyed_hash",
        knobs="iss isn_secret",
        tests="tcp/test_iss.py::test_every_part_of_the_connection_and_the_secret_moves_the_iss",
    ),
    required(
        "MUST-9", "3.4.1", "Nobody outside can compute that hash.",
        PARTLY,
        code="tcp.iss.keyed_hash",
        knobs="isn_secret",
        tests="tcp/test_iss.py::test_every_part_of_the_connection_and_the_secret_moves_the_iss",
        note="BLAKE2 with a key, but the key is a knob with a default that all can read: a run has to repeat itself.",
    ),
    # ---- 3.5
    required(
        "MUST-10", "3.5", "Two ends may open at the same time, and one connection comes of it.",
        code="tcp.arrives.in_syn_sent tcp.arrives.first_check_sequence",
        rules="syn-sent.syn first.syn-ack-crossed",
        tests="tcp/test_figures.py::test_figure_7_simultaneous_open "
        "tcp/test_figures.py::test_a_simultaneous_open_recovers_from_loss",
    ),
    required(
        "MUST-11", "3.5", "SYN-RECEIVED remembers whether a passive or an active OPEN led there.",
        code="tcp.diagram.Guard tcp.arrives.second_check_rst tcp.ending.return_to_listen",
        rules="second.to-listen second.refused fourth.to-listen",
        tests="tcp/test_arrives_other.py::test_a_rst_returns_a_passive_syn_received_to_listen "
        "tcp/test_arrives_other.py::test_a_rst_refuses_an_active_syn_received",
    ),
    required(
        "SHLD-2", "3.5.3", "A RST may carry text.",
        code="tcp.arrives.first_check_sequence",
        tests="tcp/test_arrives_other.py::test_in_a_zero_window_a_rst_counts_with_text_or_without",
    ),
    # ---- 3.6
    required(
        "MUST-12", "3.6", "The application hears whether the other end closed in order or aborted.",
        code="tcp.receive.take_fin tcp.arrives.second_check_rst",
        rules="eighth.fin second.aborts second.ends",
        tests="tcp/test_arrives_other.py::test_a_rst_ends_closing_and_last_ack "
        "tcp/test_arrives_other.py::test_a_fin_in_established "
        "tcp/test_arrives_other.py::test_a_rst_aborts_and_returns_what_is_outstanding",
    ),
    required(
        "MAY-1", "3.6.1", "A CLOSE may end receiving too.",
        BY_KNOB,
        code="tcp.calls.close_call tcp.calls.abandon_call",
        knobs="half_duplex_close",
        rules="close.unread seventh.after-close",
        tests="tcp/test_calls.py::test_close_with_unread_data_may_be_an_abort "
        "tcp/test_arrives_other.py::test_text_after_a_full_close_is_answered_by_a_rst",
    ),
    required(
        "SHLD-3", "3.6.1", "Where it does, text that is lost by it is answered with a RST.",
        BY_KNOB,
        code="tcp.calls.close_call tcp.arrives.seventh_check_text",
        knobs="half_duplex_close unread_resets",
        rules="close.unread seventh.after-close",
        tests="tcp/test_calls.py::test_close_with_unread_data_may_be_an_abort "
        "tcp/test_arrives_other.py::test_text_after_a_full_close_is_answered_by_a_rst "
        "tcp/test_live.py::test_after_abandon_data_is_answered_with_a_reset",
    ),
    required(
        "MUST-13", "3.6.1", "Who closes actively stays in TIME-WAIT for 2 MSL.",
        code="tcp.receive.enter_time_wait tcp.timers.start_time_wait tcp.timeouts.time_wait_timeout",
        knobs="msl",
        rules="time-wait.started time-wait.over",
        tests="tcp/test_figures.py::test_figure_12_normal_close_sequence "
        "tcp/test_figures.py::test_a_lost_last_ack_is_repeated_and_2_msl_begin_anew",
    ),
    required(
        "MAY-2", "3.6.1", "From TIME-WAIT a new SYN may open the connection anew.",
        BY_KNOB,
        code="tcp.endpoint.Endpoint.admits_new_incarnation tcp.endpoint.Endpoint.give_way "
        "tcp.iss.initial_sequence_number",
        knobs="reuse_time_wait",
        rules="time-wait.new-incarnation",
        tests="net/test_time_wait_reuse.py::test_a_newer_syn_opens_a_new_incarnation "
        "net/test_time_wait_reuse.py::test_an_old_duplicate_syn_leads_back_to_time_wait",
    ),
    required(
        "SHLD-4", "3.6.1", "Timestamps tell whether such a SYN is new (RFC 6191).",
        BY_KNOB,
        code="tcp.timestamps.newer_incarnation tcp.endpoint.Endpoint.admits_new_incarnation",
        knobs="reuse_time_wait timestamps",
        rules="time-wait.new-incarnation",
        tests="tcp/test_timestamps.py::test_a_syn_in_time_wait",
    ),
    # ---- 3.7
    required(
        "MUST-14", "3.7.1", "The maximum segment size option is sent, and heeded.",
        code="tcp.negotiation.syn_options tcp.negotiation.settle",
        knobs="mss mss_option",
        tests="tcp/test_mss.py::test_segments_are_no_larger_than_both_ends_can_take "
        "tcp/test_mss.py::test_a_syn_carries_the_option_where_it_differs_from_536",
    ),
    required(
        "SHLD-5", "3.7.1", "It stands in every SYN of an end whose value is not the default.",
        code="tcp.negotiation.syn_options",
        knobs="mss_option",
        tests="tcp/test_mss.py::test_a_syn_carries_the_option_where_it_differs_from_536 "
        "tcp/test_icmp.py::test_headers_and_defaults_of_ipv6",
    ),
    required(
        "MAY-3", "3.7.1", "It may stand in every SYN.",
        BY_KNOB,
        code="tcp.negotiation.syn_options",
        knobs="mss_option",
        tests="tcp/test_mss.py::test_a_syn_carries_the_option_where_it_differs_from_536",
        note="The knob's value `always`, as the kernels' profiles have it.",
    ),
    required(
        "MUST-15", "3.7.1", "A peer that sends no such option takes 536 octets over IPv4, 1220 over IPv6.",
        code="tcp.negotiation.default_send_mss",
        tests="tcp/test_mss.py::test_segments_are_no_larger_than_both_ends_can_take "
        "tcp/test_icmp.py::test_headers_and_defaults_of_ipv6",
    ),
    required(
        "MUST-16", "3.7.1", "What is sent is the least of what the peer takes and what the path takes.",
        code="tcp.negotiation.set_send_mss",
        knobs="mtu send_mss",
        tests="tcp/test_negotiation.py::test_the_least_of_three_is_sent "
        "tcp/test_mss.py::test_segments_are_no_larger_than_both_ends_can_take",
    ),
    required(
        "MUST-67", "3.7.1", "The value sent is no more than what this end can reassemble, less the headers.",
        code="tcp.negotiation.syn_options",
        knobs="mss",
        tests="tcp/test_negotiation.py::test_the_mss_option_can_follow_from_the_mtu",
        note="With `mss: off` it follows from the MTU; who sets a number is not kept from setting a wrong one.",
    ),
    required(
        "SHLD-6", "3.7.3", "Where the MTU of an interface varies, the option tells of the least.",
        NOT_MODELLED,
        note=_NO_VARYING_MTU,
    ),
    required(
        "SHLD-7", "3.7.4", "Small segments wait while data is unacknowledged (Nagle).",
        code="tcp.send.output",
        knobs="nagle",
        rules="send.record",
        tests="tcp/test_nagle.py::test_small_sends_are_collected_while_data_is_unacknowledged",
        note="The rule shows what Nagle lets go all the same: the end of a record.",
    ),
    required(
        "MUST-17", "3.7.4", "An application can turn that off for one connection.",
        code="tcp.endpoint.Endpoint.configure",
        knobs="nagle",
        tests="tcp/test_nagle.py::test_it_can_be_turned_off "
        "tcp/test_live.py::test_turning_nagle_off_sends_what_waits",
    ),
)  # fmt: skip
"""In the order of the sections."""
