"""What a plugin author tests with: builders, in-memory ends, and the conformance suites.

    builders        valid records, of which a test names only what matters to it (amounts, bills,
                    orders are its parts)
    faults          what can go wrong on the way to a far side, and `Died`
    memory_billing  a billing system in memory, and the source that reads it
    memory_books    an accounting system in memory
    memory_target   the target that writes it
    known           what a sync log knows of invoices, in memory
    plugin          both in-memory ends as plugin offers
    stands          what a suite needs of a system: its far side, and ways to disturb it
    sandboxes       a plugin's own sandbox as such a stand
    source_suite    the promises of a source: subclass `SourceSuite`
    target_suite    the promises of a target: subclass `TargetSuite`

Builders and in-memory ends need no pytest.
"""

import sys

_SUITES = (
    "crash",
    "desk",
    "matters",
    "rehearsal",
    "source_faults",
    "source_records",
    "source_suite",
    "target_compose",
    "target_faults",
    "target_money",
    "target_records",
)

if "pytest" in sys.modules:  # a failing suite then shows its values, as a test of one's own does
    sys.modules["pytest"].register_assert_rewrite(*(f"{__name__}.{name}" for name in _SUITES))
