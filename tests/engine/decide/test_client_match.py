"""Whether a client is there already: never a guess, since a second record stays."""

import pytest

from bridge.api import Hold, Kind, Payload, Reason, SourceRef, TargetClient, TargetRef, client_ref
from bridge.engine.decide.client_match import Adopt, Create, Ours, match_client
from bridge.testing.builders import a_client

PAYLOAD = Payload("client", {}, "MEM-31", None, None, None, natural_key="MEM31")
BOTH = ("code", "email")


def _there(
    number: int,
    *,
    key: str = "ACM01",
    name: str = "Acme Widgets Ltd",
    email: str = "accounts@client31.example",
    reference: str = "",
    tax_number: str = "",
) -> TargetClient:
    ref = TargetRef(Kind.CLIENT, str(number))
    return TargetClient(ref, key, reference, name, (email,), tax_number, "GBP", {})


NOBODY: dict[TargetRef, SourceRef] = {}


def test_nobody_there_is_created() -> None:
    assert match_client(a_client(), PAYLOAD, [], NOBODY, BOTH) == Create()


def test_our_own_key_comes_first() -> None:
    ours = _there(2, reference="MEM-31", email="other@example.test", name="Renamed")
    answer = match_client(a_client(), PAYLOAD, [_there(1), ours], NOBODY, BOTH)
    assert answer == Ours(ours)


def test_a_longer_key_is_another_client() -> None:
    other = _there(2, reference="MEM-311", email="x@example.test")
    assert match_client(a_client(), PAYLOAD, [other], NOBODY, BOTH) == Create()


def test_our_code_is_adopted() -> None:
    coded = _there(3, key="MEM31", name="Whoever", email="x@example.test")
    assert match_client(a_client(), PAYLOAD, [coded], NOBODY, BOTH) == Adopt(coded)


def test_one_with_the_address_and_the_name_is_adopted() -> None:
    assert isinstance(match_client(a_client(), PAYLOAD, [_there(1)], NOBODY, BOTH), Adopt)


def test_one_with_the_address_and_the_vat_number_is_adopted() -> None:
    found = _there(1, name="Old Name", tax_number="DE 811 569 869")
    client = a_client(tax_number="DE811569869")
    assert isinstance(match_client(client, PAYLOAD, [found], NOBODY, BOTH), Adopt)


def test_case_does_not_matter_to_an_address() -> None:
    client = a_client(email="Accounts@Client31.example")
    assert isinstance(match_client(client, PAYLOAD, [_there(1)], NOBODY, BOTH), Adopt)


@pytest.mark.parametrize(
    "candidates",
    [
        pytest.param([_there(1), _there(2)], id="two have the address"),
        pytest.param([_there(1, name="Somebody Else")], id="another name"),
        pytest.param([_there(1, reference="MEM-31"), _there(2, reference="MEM-31")], id="two keys"),
        pytest.param([_there(1, key="MEM31", reference="MEM-99")], id="code of one, key of other"),
    ],
)
def test_doubt_is_held(candidates: list[TargetClient]) -> None:
    answer = match_client(a_client(), PAYLOAD, candidates, NOBODY, BOTH)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.CLIENT_AMBIGUOUS
    assert "client 31" in answer.what


def test_a_record_of_another_client_of_ours_is_not_shared() -> None:
    taken = _there(1)
    answer = match_client(a_client(), PAYLOAD, [taken], {taken.ref: client_ref(8)}, BOTH)
    assert answer == Create()


def test_an_address_is_not_looked_at_where_only_codes_count() -> None:
    assert match_client(a_client(), PAYLOAD, [_there(1)], NOBODY, ("code",)) == Create()
