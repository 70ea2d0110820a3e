"""Other views of a trace than the ladder: a state timeline, a time-sequence graph, congestion variables, queues."""
