"""Floor 0: the protocol. RFC 9293's endpoint, pure: no clock, no chance, no input or output.

Events and the time `now` go in, actions come out. Nothing here knows a network, a trace or a
person who looks; nothing here imports from another floor.
"""
