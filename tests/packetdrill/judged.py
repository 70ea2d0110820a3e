"""Scripts for tests, which say themselves what becomes of them.

A script passes, unless one of its lines bears a remark: `// failed: ack, flags` names the fields that differ there,
`// not run` and `// malformed` the other ends. Each begins as `SERVER` or `CLIENT` does, or with its own first line.
"""

from __future__ import annotations

import re

from tcpsim.packetdrill import Result, Ways, run_text

LISTEN = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
"""
SERVER = f"""{LISTEN}
+0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
+.1 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
"""
CLIENT = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0)
+.1 < S. 0:0(0) ack 1 win 1000
+0 > . 1:1(0) ack 1
"""

_REMARK = re.compile(r"//\s*(failed|not run|malformed)(?::\s*(.*))?$", re.MULTILINE)


def judge(script: str, *, profile: str = "plain", **ways: object) -> Result:
    """Run a script and return what came of it."""
    return run_text(script, "judged.pkt", Ways(profile, **ways))[0]  # type: ignore[arg-type]  # tests know the names


def check(script: str, *, profile: str = "plain", **ways: object) -> Result:
    """Run a script and hold it to its own remark."""
    result = judge(script, profile=profile, **ways)
    remark = _REMARK.search(script)
    if remark is None:
        assert result.passed, result
        return result
    line = script.count("\n", 0, remark.start()) + 1
    assert (result.verdict, result.place.line) == (remark[1], line), result
    if remark[2] is not None:
        assert {each.field for each in result.differences} == set(re.split(r",\s*", remark[2])), result
    return result
