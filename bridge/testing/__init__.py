"""What a plugin author tests with: builders, in-memory ends, and the conformance suites.

    builders        valid records, of which a test names only what matters to it
    faults          what can go wrong on the way to a far side, and `Died`
    memory          both ends in memory, and their offer as plugins
    conformance     the checks that both suites are made of
    sandboxes       a plugin's own sandbox as what a suite needs of a system
    source_suite    the promises of a source: subclass `SourceSuite`
    target_suite    the promises of a target: subclass `TargetSuite`

Builders and in-memory ends need no pytest.
"""

import sys

_SUITES = ("conformance", "source_suite", "target_suite")

if "pytest" in sys.modules:  # a failing suite then shows its values, as a test of one's own does
    sys.modules["pytest"].register_assert_rewrite(*(f"{__name__}.{name}" for name in _SUITES))
