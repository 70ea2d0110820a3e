"""What the tests know of RFC 9293's text: its sections, its numbered requirements, its Figure 5."""

from __future__ import annotations

from typing import Final

_SECTIONS: Final = """
    1 2 2.1 2.2 3 3.1 3.2 3.2.1 3.2.2 3.3 3.3.1 3.3.2 3.4 3.4.1 3.4.2 3.4.3 3.5 3.5.1 3.5.2 3.5.3 3.6 3.6.1
    3.7 3.7.1 3.7.2 3.7.3 3.7.4 3.7.5 3.8 3.8.1 3.8.2 3.8.3 3.8.4 3.8.5 3.8.6 3.8.6.1 3.8.6.2 3.8.6.2.1
    3.8.6.2.2 3.8.6.3 3.9 3.9.1 3.9.1.1 3.9.1.2 3.9.1.3 3.9.1.4 3.9.1.5 3.9.1.6 3.9.1.7 3.9.1.8 3.9.1.9 3.9.2
    3.9.2.1 3.9.2.2 3.9.2.3 3.10 3.10.1 3.10.2 3.10.3 3.10.4 3.10.5 3.10.6 3.10.7 3.10.7.1 3.10.7.2 3.10.7.3
    3.10.7.4 3.10.8 4 5 6 7 8 8.1 8.2 A.1 A.1.1 A.1.2 A.2 A.3 A.4 B
"""
SECTIONS: Final = frozenset(_SECTIONS.split())
"""Every numbered section and appendix."""

REQUIREMENTS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(sections.split())
    for name, sections in (
        ("MUST-1", "3.1"), ("MUST-2", "3.1"), ("MUST-3", "3.1"), ("MUST-4", "3.1"), ("MUST-5", "3.1"),
        ("MUST-6", "3.1"), ("MUST-7", "3.1"), ("MUST-8", "3.4.1"), ("MUST-9", "3.4.1"), ("MUST-10", "3.5"),
        ("MUST-11", "3.5"), ("MUST-12", "3.6"), ("MUST-13", "3.6.1"), ("MUST-14", "3.1 3.7.1"),
        ("MUST-15", "3.7.1"), ("MUST-16", "3.7.1"), ("MUST-17", "3.7.4"), ("MUST-18", "3.8.1"),
        ("MUST-19", "3.8.2"), ("MUST-20", "3.8.3"), ("MUST-21", "3.8.3"), ("MUST-22", ""), ("MUST-23", "3.8.3"),
        ("MUST-24", "3.8.4"), ("MUST-25", "3.8.4"), ("MUST-26", "3.8.4"), ("MUST-27", "3.8.4"),
        ("MUST-28", "3.8.4"), ("MUST-29", "3.8.4"), ("MUST-30", "3.8.5"), ("MUST-31", "3.8.5"),
        ("MUST-32", "3.8.5"), ("MUST-33", "3.8.5"), ("MUST-34", "3.8.6"), ("MUST-35", "3.8.6"),
        ("MUST-36", "3.8.6.1"), ("MUST-37", "3.8.6.1"), ("MUST-38", "3.8.6.2.1"), ("MUST-39", "3.8.6.2.2"),
        ("MUST-40", "3.8.6.3"), ("MUST-41", "3.9.1.1"), ("MUST-42", "3.9.1.1"), ("MUST-43", "3.9.1.1"),
        ("MUST-44", "3.9.1.1"), ("MUST-45", "3.9.1.1"), ("MUST-46", "3.9.1.1"), ("MUST-47", "3.9.1.8"),
        ("MUST-48", "3.9.1.9"), ("MUST-49", "3.9.2"), ("MUST-50", "3.9.2"), ("MUST-51", "3.9.2.1"),
        ("MUST-52", "3.9.2.1"), ("MUST-53", "3.9.2.1"), ("MUST-54", "3.9.2.2"), ("MUST-55", "3.9.2.2"),
        ("MUST-56", "3.9.2.2"), ("MUST-57", "3.9.2.3"), ("MUST-58", "3.10.7.4"), ("MUST-59", "3.10.7.4"),
        ("MUST-60", "3.9.1.2"), ("MUST-61", "3.9.1.2"), ("MUST-62", "3.8.5"), ("MUST-63", "3.9.2.3"),
        ("MUST-64", "3.2"), ("MUST-65", "3.2"), ("MUST-66", "3.4"), ("MUST-67", "3.7.1"), ("MUST-68", "3.1"),
        ("MUST-69", "3.1"), ("SHLD-1", "3.4.1"), ("SHLD-2", "3.5.3"), ("SHLD-3", "3.6.1"), ("SHLD-4", "3.6.1"),
        ("SHLD-5", "3.7.1"), ("SHLD-6", "3.7.3"), ("SHLD-7", "3.7.4"), ("SHLD-8", "3.8.2"), ("SHLD-9", "3.8.3"),
        ("SHLD-10", "3.8.3"), ("SHLD-11", "3.8.3"), ("SHLD-12", "3.8.4"), ("SHLD-13", "3.8.5 3.9.1.2"),
        ("SHLD-14", "3.8.6"), ("SHLD-15", "3.8.6"), ("SHLD-16", "3.8.6"), ("SHLD-17", "3.8.6"),
        ("SHLD-18", "3.8.6.3"), ("SHLD-19", "3.8.6.3"), ("SHLD-20", "3.9.1.8"), ("SHLD-21", "3.9.1.9"),
        ("SHLD-22", "3.9.1.9"), ("SHLD-23", "3.9.2"), ("SHLD-24", "3.9.2.1"), ("SHLD-25", "3.9.2.2"),
        ("SHLD-26", "3.9.2.2"), ("SHLD-27", "3.9.1.2"), ("SHLD-28", "3.9.1.2"), ("SHLD-29", "3.8.6.1"),
        ("SHLD-30", "3.8.6.1"), ("SHLD-31", "3.10.7.4"), ("MAY-1", "3.6.1"), ("MAY-2", "3.6.1"), ("MAY-3", "3.7.1"),
        ("MAY-4", "3.8.1"), ("MAY-5", "3.8.4"), ("MAY-6", "3.8.4"), ("MAY-7", "3.8.6"), ("MAY-8", "3.8.6.1"),
        ("MAY-9", "3.9.1.9"), ("MAY-10", "3.9.2"), ("MAY-11", "3.9.2"), ("MAY-12", "3.10.7.4"),
        ("MAY-13", "3.10.7.4"), ("MAY-14", "3.9.1.7"), ("MAY-15", "3.9.1.2"), ("MAY-16", "3.9.1.2"),
        ("MAY-17", "3.9.1.3"), ("MAY-18", "3.8.2"), ("REC-1", "3.1"),
    )
}  # fmt: skip
"""Every numbered requirement, and the sections of the body in which it is stated."""

FIGURE_5: Final = """
CLOSED      active OPEN      create TCB, snd SYN  SYN-SENT
CLOSED      passive OPEN     create TCB           LISTEN
LISTEN      CLOSE            delete TCB           CLOSED
SYN-SENT    CLOSE            delete TCB           CLOSED
SYN RCVD    rcv RST (note 1) -                    LISTEN
LISTEN      rcv SYN          snd SYN,ACK          SYN RCVD
LISTEN      SEND             snd SYN              SYN-SENT
SYN-SENT    rcv SYN          snd SYN,ACK          SYN RCVD
SYN RCVD    rcv ACK of SYN   x                    ESTAB
SYN-SENT    rcv SYN,ACK      snd ACK              ESTAB
SYN RCVD    CLOSE            snd FIN              FIN WAIT-1
ESTAB       CLOSE            snd FIN              FIN WAIT-1
ESTAB       rcv FIN          snd ACK              CLOSE WAIT
FIN WAIT-1  rcv ACK of FIN   x                    FINWAIT-2
FIN WAIT-1  rcv FIN          snd ACK              CLOSING
CLOSE WAIT  CLOSE            snd FIN              LAST-ACK
FINWAIT-2   rcv FIN          snd ACK              TIME-WAIT
CLOSING     rcv ACK of FIN   x                    TIME-WAIT
LAST-ACK    rcv ACK of FIN   x                    CLOSED
TIME-WAIT   Timeout=2MSL     delete TCB           CLOSED
"""
"""The figure's arrows from top to bottom, as it letters them: source, event over action, target."""

PRINTED_AS: Final = {
    "SYN RCVD": "SYN-RECEIVED",
    "ESTAB": "ESTABLISHED",
    "FIN WAIT-1": "FIN-WAIT-1",
    "FINWAIT-2": "FIN-WAIT-2",
    "CLOSE WAIT": "CLOSE-WAIT",
}
""""Some state names are abbreviated or hyphenated differently in the diagram" (3.3.2)."""
