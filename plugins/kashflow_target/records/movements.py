"""KashFlow's bank transactions that bridge makes: fees, balance movements, differences.

Payments on invoices are no bank transactions (KashFlow.NET, BankTransaction). The service lists
them by account and without a period, so each look reads whole accounts, as a stream.
"""

from collections.abc import Callable, Iterator, Sequence

from bridge.api import (
    AmbiguousMatchError,
    Days,
    Kind,
    Payload,
    Reference,
    TargetMovement,
    TargetRef,
    rounded,
    token_at,
)
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.settings.names import AccountItem
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row


def as_movement(row: Row, account: AccountItem, books: ResolvedAccount) -> TargetMovement:
    """A bank transaction as it stands there; bank balances are in home currency."""
    return TargetMovement(
        ref=TargetRef(Kind.MOVEMENT, str(row.whole("ID"))),
        reference=row.text("Comment"),
        date=row.day("TransactionDate"),
        amount=rounded(row.decimal("moneyin") - row.decimal("moneyout"), books.home),
        account=account.name,
    )


class MovementRecords:
    """The bank transactions of one account."""

    def __init__(self, kashflow: KashFlowClient, books: Callable[[], ResolvedAccount]) -> None:
        self._kashflow = kashflow
        self._books = books

    def on(self, accounts: Sequence[AccountItem]) -> Iterator[TargetMovement]:
        """All bank transactions of these accounts: one call an account, read as a stream."""
        books = self._books()
        for account, row in self.rows(accounts):
            yield as_movement(row, account, books)

    def rows(self, accounts: Sequence[AccountItem]) -> Iterator[tuple[AccountItem, Row]]:
        """The same as KashFlow tells them."""
        for account in accounts:
            for row in self._kashflow.rows(
                "GetBankTransactions", "BankTransaction", AccountID=account.id
            ):
                yield account, row

    def within(self, days: Sequence[Days]) -> Iterator[TargetMovement]:
        """Those of these days, on the accounts that bridge writes to."""
        for movement in self.on(self._books().own_accounts()):
            if any(movement.date in span for span in days):
                yield movement

    def find(self, payload: Payload) -> TargetRef | None:
        """The one on the payload's account whose comment begins with its key.

        Raises:
            AmbiguousMatchError: two do.
        """
        reference = Reference(token_at(payload.reference))
        named = payload.body["accid"]
        accounts = [each for each in self._books().accounts if named in {each.id, each.code}]
        found = {
            each.ref.id: each.ref for each in self.on(accounts) if reference.heads(each.reference)
        }
        if len(found) > 1:
            raise AmbiguousMatchError(
                f"bank transactions {' and '.join(sorted(found))} carry the key {reference.token}",
                remedy="look at each in KashFlow and take the key out of those that are not ours",
                record=reference.token,
            )
        return next(iter(found.values()), None)

    def create(self, payload: Payload) -> TargetRef:
        """One call."""
        fields = self._kashflow.requests().record("BankTransaction", payload.body)
        made = self._kashflow.insert("InsertBankTransaction", record=payload.reference, bp=fields)
        return TargetRef(Kind.MOVEMENT, str(made))
