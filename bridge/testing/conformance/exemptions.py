"""What every conformance suite shares: exemptions that must give their reason."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import pytest

Value = TypeVar("Value")
Test = TypeVar("Test", bound=Callable[..., Any])

MATTERS = (
    "adoption",
    "credit_notes",
    "faults",
    "foreign_currency",
    "login",
    "misnamed_settings",
    "movements",
    "removal",
    "reversals",
)
"""What a test can be about, besides what every system has: the words that `exempt` takes."""


def about(matter: str) -> Callable[[Test], Test]:
    """Mark a test as one of a matter from which a system may be exempt."""
    if matter not in MATTERS:
        raise ValueError(matter)

    def mark(test: Test) -> Test:
        vars(test)["matter"] = matter
        return test

    return mark


class Suite:
    """The base of the conformance suites.

    Attributes:
        exempt: Tests, or matters of `MATTERS`, that do not apply to this system, each with the
            reason in a sentence. Without one a test is never left out.
    """

    exempt: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _exemptions(self, request: pytest.FixtureRequest) -> None:
        self.check_exemptions(request.function)

    def check_exemptions(self, test: Callable[..., object]) -> None:
        """Skip `test` where it is exempt; fail it where an exemption is not well given."""
        for name, reason in self.exempt.items():
            if name not in MATTERS and not hasattr(self, name):
                pytest.fail(f"`exempt` names {name!r}, which is neither a test nor a matter")
            if len(reason.split()) < 3:  # a word is no reason
                pytest.fail(f"`exempt` gives no reason for {name!r}: write a sentence")
        for name in (test.__name__, vars(test).get("matter", "")):
            if name in self.exempt:
                pytest.skip(f"exempt: {self.exempt[name]}")


def given(value: Value | None, what: str) -> Value:
    """`value` of a stand; the test fails where it was not given."""
    if value is None:
        pytest.fail(f"the stand has no `{what}`: give it, or exempt this test with a reason")
    return value
