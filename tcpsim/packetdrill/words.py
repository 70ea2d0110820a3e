"""The words of the two dialects: options at the head, calls, options of TCP, ICMP types and codes.

Rule 1. A table holds the union of google's and nplab's words. A word that is in neither is an error that names the
        nearest one; a word that is here and that tcpsim can't run is told by who runs the script, not by who reads it.
"""

from __future__ import annotations

from typing import Final

NUMBERED_OPTIONS: Final = frozenset({
    "bind_port", "connect_port", "mss", "mtu", "psp_udp_port", "tcp_ts_tick_usecs", "tolerance_usecs",
    "wire_server_port",
})  # fmt: skip
"""Options at the head whose value is a number."""
FLAG_OPTIONS: Final = frozenset({
    "debug", "dry_run", "is_anyip", "no_cleanup", "persistent_tun_dev", "send_omit_free", "strict_segments",
    "tcp_ts_ecr_scaled", "verbose", "wire_client", "wire_server",
})  # fmt: skip
"""Options at the head that take no value."""
SPELLED_OPTIONS: Final = frozenset({
    "code_command", "code_format", "code_sockopt", "define", "gateway_ip", "gateway_linklocal_ip", "init_scripts",
    "ip_version", "local_ip", "local_linklocal_ip", "netmask_ip", "non_fatal", "remote_ip", "so_filename", "so_flags",
    "speed", "tcp_md5_secret", "tolerance_percent", "tun_dev", "udp_encapsulation", "wire_client_dev",
    "wire_server_at", "wire_server_dev", "wire_server_ip",
})  # fmt: skip
"""Options at the head whose value is text."""
HEAD_OPTIONS: Final = NUMBERED_OPTIONS | FLAG_OPTIONS | SPELLED_OPTIONS
IP_VERSIONS: Final = ("ipv4", "ipv6", "ipv4-mapped-ipv6", "ipv4_mapped_ipv6")

SOCKET_CALLS: Final = frozenset({
    "accept", "bind", "cap_set", "close", "connect", "epoll_create", "epoll_ctl", "epoll_wait", "fcntl", "getsockopt",
    "ioctl", "listen", "open", "pipe", "poll", "psp_rx_assoc", "psp_tx_assoc", "read", "readv", "recv", "recvfrom",
    "recvmsg", "send", "sendfile", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "splice", "write", "writev",
})  # fmt: skip
SCTP_CALLS: Final = frozenset({
    "sctp_bindx", "sctp_connectx", "sctp_freeladdrs", "sctp_freepaddrs", "sctp_getladdrs", "sctp_getpaddrs",
    "sctp_peeloff", "sctp_recvmsg", "sctp_recvv", "sctp_send", "sctp_sendmsg", "sctp_sendv", "sctp_sendx",
})  # fmt: skip
CALLS: Final = SOCKET_CALLS | SCTP_CALLS
FUNCTIONS: Final = frozenset({"htonl", "htons", "inet_addr", "inet6_addr"})
"""What may be called inside an argument."""

TCP_OPTIONS: Final = (
    "mss", "nop", "eol", "wscale", "sackOK", "sack", "TS", "FO", "FOEXP", "exp-FO", "EXP-FO", "md5", "ECN",
    "AccECN0", "AccECN1", "exp-AccECN0", "exp-AccECN1", "exp-tarr",
)  # fmt: skip
FLAG_LETTERS: Final = "FSRP.UEWA"
"""Flags of a segment as they are written; a digit of `ACE_DIGITS` besides, not together with E, W or A."""
ACE_DIGITS: Final = "01234567"

ICMP_TYPES: Final = frozenset({
    "address_mask_reply", "address_mask_request", "echo_reply", "echo_request", "information_reply",
    "information_request", "packet_too_big", "parameter_problem", "redirect", "router_advertisement", "source_quench",
    "time_exceeded", "timestamp_reply", "timestamp_request", "unreachable",
})  # fmt: skip
ICMP_CODES: Final = {
    "unreachable": frozenset({
        "address_unreachable", "admin_prohibited", "frag_needed", "host_prohibited", "host_unknown", "host_unreachable",
        "host_unreachable_for_tos", "net_prohibited", "net_unknown", "net_unreachable", "net_unreachable_for_tos",
        "no_route", "not_neighbour", "packet_filtered", "port_unreachable", "precedence_cutoff",
        "precedence_violation", "protocol_unreachable", "source_host_isolated", "source_route_failed",
    }),
    "time_exceeded": frozenset({
        "exceeded_frag_time", "exceeded_hop_limit", "frag_reass_exceeded", "ttl_exceeded_in_transit",
    }),
    "parameter_problem": frozenset({"header_field", "unknown_next_header", "unknown_option"}),
}  # fmt: skip
"""The codes of each type that has any, those of ICMPv4 and of ICMPv6 together."""

ECN_WORDS: Final = ("noecn", "ect0", "ect1", "ce", "ect01")
DSCP_WORDS: Final = {
    **{f"cs{selector}": selector << 3 for selector in range(8)},  # RFC 2474, section 4.2.2.2
    **{f"af{group}{drop}": group << 3 | drop << 1 for group in range(1, 5) for drop in range(1, 4)},  # RFC 2597, 6
    "ef": 46,  # RFC 3246
    "voice-admit": 44,  # RFC 5865
    "le": 1,  # RFC 8622
}
IP_INFO_WORDS: Final = ("ttl", "hlim", "tos", "class", "dscp", "ecn", "flowlabel", *ECN_WORDS)

RESERVED: Final = frozenset({
    *TCP_OPTIONS, *IP_INFO_WORDS, *DSCP_WORDS, *FUNCTIONS, "ack", "win", "urg", "val", "ecr", "mtu", "id", "valid",
    "ipv4", "ipv6", "icmp", "udp", "udplite", "sctp", "raw", "gre", "GREv0", "mpls", "label", "tc", "encap", "psp",
    "spi", "code", "pen", "fd", "events", "revents", "onoff", "linger", "ptr", "u32", "u64", "sa_family", "sin_port",
    "sin_addr", "iov_base", "iov_len", "msg_name", "msg_iov", "msg_flags", "msg_control", "cmsg_len", "cmsg_level",
    "cmsg_type", "cmsg_data", "e0b", "e1b", "ceb", "ee0b", "ee1b", "eceb", "NULL",
})  # fmt: skip
"""Words of the grammar, which no definition replaces."""
