"""Every loss, copy, delay and early timeout within a bound, on the real endpoint.

What can happen is shown, what cannot is proven within the bound; see docs/explore.md for what a fault is.
"""
