"""RFC 9293 3.9 and 3.10: what applications and the IP layer may ask, and the processing of segments."""

from __future__ import annotations

from typing import Final

from .entry import BY_KNOB, NOT_MODELLED, PARTLY, required

_NO_IP_OPTIONS: Final = "Simulated packets carry no IP options."
_NO_SOURCE_ROUTES: Final = "There are no source routes here: a host has one way to each other host."
_NO_SUCH_ADDRESS: Final = "It cannot come to that: who gives such an address, in Python or in a file, is told of it."

INTERFACES: Final = (
    # ---- 3.9.1
    required(
        "MUST-41", "3.9.1.1", "A passive OPEN leaves every connection that exists as it is.",
        code="net.host.Host.listen net.host.Host.open",
        tests="net/test_host.py::test_listen_does_not_touch_other_connections_of_the_port",
    ),
    required(
        "MUST-42", "3.9.1.1", "One can listen on a port while a connection with that port is being opened.",
        code="net.host.Host.listen",
        tests="net/test_host.py::test_listen_does_not_touch_other_connections_of_the_port",
    ),
    required(
        "MUST-43", "3.9.1.1", "An OPEN may name the local address.",
        code="net.host.Host.connect net.sockets.calls.bind",
        tests="net/sockets/test_naming.py::test_addresses_of_one_host_do_not_meet "
        "net/sockets/test_naming.py::test_a_name_is_what_bind_has_given",
    ),
    required(
        "MUST-44", "3.9.1.1", "If an active OPEN names none, the IP layer selects it.",
        code="net.host.Host.source",
        tests="net/sockets/test_naming.py::test_a_host_can_have_addresses_of_both_kinds",
        note="The first address of the host that is of the peer's kind.",
    ),
    required(
        "MUST-45", "3.9.1.1", "From then on the connection keeps that address.",
        code="net.connection.Connection.bind",
        tests="net/test_connection.py::test_a_connection_knows_both_sockets",
    ),
    required(
        "MUST-46", "3.9.1.1", "An OPEN to an address that no single host can have is an error.",
        code="net.arguments.address_of",
        tests="net/test_arguments.py::test_a_wrong_value_is_a_value_error "
        "net/sockets/test_connecting.py::test_where_nobody_can_be_connected_to",
    ),
    required(
        "MAY-15", "3.9.1.2", "A SEND may say that its text is to be pushed.",
        code="tcp.endpoint.Endpoint.send",
        tests="tcp/test_nagle.py::test_what_is_not_pushed_waits_for_a_full_segment "
        "tcp/test_nagle.py::test_a_push_in_the_middle_does_not_push_what_follows",
    ),
    required(
        "MUST-60", "3.9.1.2", "Without a push text does not wait for ever.",
        code="tcp.timeouts.persist_timeout",
        rules="send.override",
        tests="tcp/test_window.py::test_the_override_sends_what_push_did_not "
        "tcp/test_calls.py::test_without_push_less_than_a_segment_may_wait",
        note="Asked only of those whose SEND has no push.",
    ),
    required(
        "MUST-61", "3.9.1.2", "And the last segment of what is queued bears PSH.",
        code="tcp.send.output",
        tests="tcp/test_nagle.py::test_push_is_set_on_the_last_segment_of_what_is_queued",
        note="Asked only of those whose SEND has no push; here it does so where the text was to be pushed.",
    ),
    required(
        "SHLD-27", "3.9.1.2", "Pushes in succession are made one, so that segments are large.",
        code="tcp.send.output",
        rules="send.data",
        tests="tcp/test_nagle.py::test_pieces_that_make_a_full_segment_go "
        "tcp/test_nagle.py::test_push_is_set_on_the_last_segment_of_what_is_queued",
    ),
    required(
        "MAY-16", "3.9.1.2", "Text without a push may wait for more.",
        code="tcp.send.output tcp.live.push_call",
        knobs="push_every",
        rules="send.asked send.hold",
        tests="tcp/test_calls.py::test_without_push_less_than_a_segment_may_wait "
        "tcp/test_live.py::test_a_push_sends_what_was_not_pushed_without_a_psh",
    ),
    required(
        "SHLD-28", "3.9.1.2", "Wherever it can be filled, a segment of full size goes.",
        code="tcp.send.output",
        rules="send.data",
        tests="tcp/test_nagle.py::test_full_segments_go_in_any_case tcp/test_calls.py::test_send_is_segmentized",
    ),
    required(
        "MAY-17", "3.9.1.3", "The application may be told of a PSH that came.",
        code="tcp.actions.Deliver",
        tests="tcp/test_arrives_other.py::test_a_push_beyond_a_hole_is_remembered",
    ),
    required(
        "MAY-14", "3.9.1.7", "There may be a FLUSH call.",
        NOT_MODELLED,
        note="Nothing but an ABORT takes back what was given to SEND.",
    ),
    required(
        "MUST-47", "3.9.1.8", "Soft errors are reported to the application.",
        code="tcp.icmp.icmp_arrives tcp.timeouts.retransmission_timeout",
        rules="icmp.soft fail.r1",
        tests="tcp/test_icmp.py::test_a_soft_error_ends_nothing_and_is_told "
        "tcp/test_retransmission.py::test_r1_is_a_count_of_retransmissions",
    ),
    required(
        "SHLD-20", "3.9.1.8", "An application can have those reports turned off.",
        PARTLY,
        code="net.connection.Connection.carry_out",
        tests="net/test_connection.py::test_an_application_hears_after_everything_is_carried_out",
        note="No switch: who listens to a connection hears everything, and who does not hears nothing.",
    ),
    required(
        "MUST-48", "3.9.1.9", "An application can set the Differentiated Services field of a connection.",
        code="net.sockets.options.setsockopt",
        tests="net/sockets/test_listening.py::test_ttl_and_tos_mark_every_packet_from_now_on",
        note="By IP_TOS, as programs do; a scenario has no key for it.",
    ),
    required(
        "SHLD-21", "3.9.1.9", "It can be changed while the connection lives.",
        code="net.sockets.options.setsockopt",
        tests="net/sockets/test_options.py::test_options_reach_a_connection_under_way "
        "net/sockets/test_listening.py::test_a_listener_can_change_the_marks_of_those_to_come",
    ),
    required(
        "SHLD-22", "3.9.1.9", "It reaches the IP layer as it was given.",
        code="net.connection.Connection.carry_out",
        tests="net/sockets/test_listening.py::test_ttl_and_tos_mark_every_packet_from_now_on",
        note="But for the two bits of ECN, which are the protocol's own.",
    ),
    required(
        "MAY-9", "3.9.1.9", "The application may be told of the field that came last.",
        NOT_MODELLED,
        note="Nothing here decides by it.",
    ),
    # ---- 3.9.2
    required(
        "SHLD-23", "3.9.2", "An application leaves the Differentiated Services field as it is during a connection.",
        NOT_MODELLED,
        note="Advice to applications: nothing here changes it unless a script says so.",
    ),
    required(
        "MUST-49", "3.9.2", "The TTL of segments can be set.",
        code="net.sockets.options.setsockopt",
        tests="net/sockets/test_listening.py::test_ttl_and_tos_mark_every_packet_from_now_on",
        note="By IP_TTL or IPV6_UNICAST_HOPS, as programs do.",
    ),
    required(
        "MUST-50", "3.9.2", "IP options that TCP does not understand are passed over.",
        PARTLY,
        code="wire.ip.decode_header",
        tests="wire/test_codec.py::test_any_datagram_is_read_back "
        "wire/test_codec.py::test_extension_headers_are_skipped",
        note=f"Reading octets passes over them. {_NO_IP_OPTIONS}",
    ),
    required(
        "MAY-10", "3.9.2", "The IP option Timestamp may be supported.",
        NOT_MODELLED,
        note=_NO_IP_OPTIONS,
    ),
    required(
        "MAY-11", "3.9.2", "The IP option Record Route may be supported.",
        NOT_MODELLED,
        note=_NO_IP_OPTIONS,
    ),
    required(
        "MUST-51", "3.9.2.1", "An active OPEN can give a source route.",
        NOT_MODELLED,
        note=_NO_SOURCE_ROUTES,
    ),
    required(
        "MUST-52", "3.9.2.1", "That one outweighs a source route that came in a datagram.",
        NOT_MODELLED,
        note=_NO_SOURCE_ROUTES,
    ),
    required(
        "MUST-53", "3.9.2.1", "After a passive OPEN the return route of what came is used.",
        NOT_MODELLED,
        note=_NO_SOURCE_ROUTES,
    ),
    required(
        "SHLD-24", "3.9.2.1", "A later source route takes the place of an earlier one.",
        NOT_MODELLED,
        note=_NO_SOURCE_ROUTES,
    ),
    required(
        "MUST-54", "3.9.2.2", "An ICMP error is heeded by the connection whose segment it quotes.",
        code="net.host.Host.arrive_icmp tcp.icmp.icmp_arrives",
        rules="icmp.soft icmp.aborts icmp.too-big",
        tests="tcp/test_icmp.py::test_an_error_about_what_is_not_under_way_is_dropped "
        "net/sockets/test_connecting.py::test_a_hard_error_ends_what_opens "
        "net/sockets/test_connecting.py::test_an_error_about_nobodys_packet_is_only_noted",
    ),
    required(
        "MUST-55", "3.9.2.2", "Source Quench is dropped in silence.",
        code="tcp.icmp.icmp_arrives",
        tests="tcp/test_icmp.py::test_source_quench_is_dropped_silently",
    ),
    required(
        "MUST-56", "3.9.2.2", "A soft error ends no connection.",
        code="tcp.icmp.icmp_arrives",
        knobs="icmp_soft_aborts_open",
        rules="icmp.soft",
        tests="tcp/test_icmp.py::test_a_soft_error_ends_nothing_and_is_told",
        note="The knob lets it end one that is being opened, as some kernels do; no profile has it on.",
    ),
    required(
        "SHLD-25", "3.9.2.2", "But the application can learn of it.",
        code="tcp.icmp.icmp_arrives",
        rules="icmp.soft",
        tests="tcp/test_icmp.py::test_a_soft_error_ends_nothing_and_is_told",
    ),
    required(
        "SHLD-26", "3.9.2.2", "A hard error aborts the connection.",
        BY_KNOB,
        code="tcp.icmp.icmp_arrives",
        knobs="icmp_hard_errors",
        rules="icmp.aborts",
        tests="tcp/test_icmp.py::test_a_hard_error",
        note="Only while it is being opened, unless the knob says `always`: RFC 5927 5.2 tells why.",
    ),
    required(
        "MUST-57", "3.9.2.3", "A SYN to a broadcast or multicast address is dropped in silence.",
        NOT_MODELLED,
        code="net.arguments.unfit",
        tests="net/test_arguments.py::test_which_addresses_a_host_can_have",
        note=_NO_SUCH_ADDRESS,
    ),
    required(
        "MUST-63", "3.9.2.3", "A SYN from an address that no host can have is ignored.",
        NOT_MODELLED,
        code="net.arguments.unfit",
        tests="net/test_arguments.py::test_which_addresses_a_host_can_have",
        note=_NO_SUCH_ADDRESS,
    ),
    # ---- 3.10
    required(
        "MUST-58", "3.10.7.4", "ACKs are joined wherever they can be.",
        code="tcp.send.output",
        rules="ack.piggybacked",
        tests="tcp/test_delayed_ack.py::test_a_reply_in_the_same_event_takes_the_ack_along "
        "tcp/test_delayed_ack.py::test_data_that_goes_out_takes_the_ack_along",
    ),
    required(
        "MUST-59", "3.10.7.4", "All segments in a queue are processed before an ACK goes.",
        code="tcp.send.output tcp.receive.take_text",
        rules="ack.hole-filled",
        tests="tcp/test_arrives_other.py::test_text_beyond_a_hole_is_held_until_the_hole_is_filled "
        "tcp/test_delayed_ack.py::test_filling_a_hole_is_acknowledged_at_once",
        note="The only queue is that beyond a hole: all that it fills is taken first. A host has no other.",
    ),
    required(
        "SHLD-31", "3.10.7.4", "What lies beyond a hole is kept for later.",
        code="tcp.receive.hold_text",
        rules="seventh.held eighth.fin-held",
        tests="tcp/test_arrives_other.py::test_text_beyond_a_hole_is_held_until_the_hole_is_filled "
        "tcp/test_arrives_other.py::test_a_fin_beyond_a_hole_waits",
    ),
    required(
        "MAY-12", "3.10.7.4", "An ACK that is too old may be refused, against blind injection (RFC 5961 5).",
        code="tcp.arrives.fifth_check_ack",
        knobs="challenge_ack",
        rules="fifth.too-old",
        tests="tcp/test_arrives_other.py::test_an_ack_older_than_the_largest_window_is_challenged",
    ),
    required(
        "MAY-13", "3.10.7.4", "What arrives beyond a hole may be answered with an ACK.",
        code="tcp.receive.hold_text tcp.arrives.seventh_check_text",
        rules="ack.out-of-order",
        tests="tcp/test_delayed_ack.py::test_text_beyond_a_hole_is_acknowledged_at_once",
    ),
)  # fmt: skip
"""In the order of the sections."""
