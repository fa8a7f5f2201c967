"""What a tale knows of a company: its clients, what it billed, and the money that moved."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

HOSTING, DOMAINS, LATE_FEES = "Web Hosting", "Domain Names", "Late Fees"
BALANCES, CARD_FEES, GOODWILL = "Client Balances", "Card Fees", "Goodwill"
EXCHANGE = "Exchange Differences"
ACCOUNTS = {
    "stripe": "Card Clearing",
    "paypal": "PayPal",
    "gocardless": "Direct Debit Clearing",
    "banktransfer": "",  # its money is left to the bank feed
}
GATEWAYS = (*ACCOUNTS, "worldpay_old")  # the last one is mapped to nothing
Side = tuple[str, str, str, Decimal]
"""Day, account, VAT code, amount: a debit above zero."""

Entry = tuple[Side, ...]

ONE, NOTHING, PENNY = Decimal(1), Decimal(0), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Words:
    """What the settings decide; what they leave open is held.

    Attributes:
        fees: ``nominal``, ``bill`` (the gateway's own), or empty while undecided.
        balances: Whether clients' balances have an account.
        gifts: Whether balance given by hand has a nominal.
        to_balance: Whether a refund to the balance lowers the price.
        reductions: Whether any other refund does.
        exchange: Whether exchange differences have a nominal.
        issued: Whether invoices are booked when they are issued, or when they are paid.
    """

    fees: str
    balances: bool
    gifts: bool
    to_balance: bool
    reductions: bool
    exchange: bool
    issued: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of client: where it is, what it pays in, and what its sales are to the VAT return.

    Attributes:
        held: Why no sale to it can be booked, if none can.
    """

    country: str
    currency: int = 1
    rate: str = "1"
    tax: Decimal = NOTHING
    number: str = ""
    places: str = "0.01"
    held: str = ""

    @property
    def at_home(self) -> bool:
        return self.currency == 1

    def units(self, number: int) -> Decimal:
        """So many of the smallest amount that there is of its currency."""
        return number * Decimal(self.places)


UK = Kind("GB", tax=Decimal(20))
KINDS = (
    UK,
    UK,
    UK,
    Kind("IM", tax=Decimal(20)),
    Kind("JE"),
    Kind("IE", 2, "1.17", number="IE1000111Q"),
    Kind("US", 3, "1.27"),
    Kind("JP", 4, "190", places="1"),
    Kind("FR", 2, "1.17", tax=Decimal(20), held="foreign_vat"),
    Kind("DE", 2, "1.17", held="vat_rule_missing"),
)


@dataclass(slots=True)
class Client:
    """One client.

    Attributes:
        balance: What WHMCS shows as credit.
        gifts: Balance given by hand: WHMCS's row, day and amount.
    """

    id: int
    kind: Kind
    balance: Decimal = NOTHING
    gifts: list[tuple[int, str, Decimal]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came on a bill.

    Attributes:
        row: WHMCS's id of it; a mass payment's is its container's.
        fee: What the gateway kept; a mass payment's is on the first bill that it pays.
        container: The mass payment's id, or 0.
    """

    row: int
    day: str
    gateway: str
    amount: Decimal
    rate: Decimal
    fee: Decimal = NOTHING
    container: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back.

    Attributes:
        row: WHMCS's id of it.
        of: The row of the payment that it returns.
        rate: That of this payment.
    """

    row: int
    of: int
    day: str
    gateway: str
    amount: Decimal
    rate: Decimal
    to_balance: bool = False


@dataclass(slots=True)
class Bill:
    """An invoice as the tale knows it.

    Attributes:
        nets: By nominal.
        inclusive: Whether its prices contain the tax.
        used: What the client's balance paid.
        paid: The day when it was settled; empty while it is not.
        gone: Cancelled or merged into another before it was booked.
        over: Nothing more happens to it: its money was taken back, or it was changed after it was
            booked.
        held: Why it must be held, as far as the events tell.
        stood: What the last run left in the books of it; None while that is nothing.
        rate: That with which it was booked; None while it is not.
        seen: How much used balance runs have booked, each with its day.
    """

    id: int
    client: Client
    nets: dict[str, Decimal]
    tax: Decimal
    issued: str
    inclusive: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    used: Decimal = NOTHING
    refunds: list[Refund] = field(default_factory=list)
    paid: str = ""
    gone: bool = False
    over: bool = False
    held: set[str] = field(default_factory=set)
    stood: list[Entry] | None = None
    rate: Decimal | None = None
    seen: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        return sum(self.nets.values(), NOTHING)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def due(self) -> Decimal:
        came = sum((one.amount for one in self.receipts), NOTHING)
        return self.gross - self.used - came + sum((one.amount for one in self.refunds), NOTHING)

    @property
    def last_rate(self) -> Decimal:
        """With which it is booked: that of its last payment."""
        return self.rate or (self.receipts[-1].rate if self.receipts else ONE)

    @property
    def open(self) -> bool:
        return not self.paid and not self.gone and not self.over

    @property
    def code(self) -> str:
        return f"{self.client.kind.tax:f} %"

    @property
    def untouched(self) -> bool:
        """Whether it is open, and no money was ever on it."""
        return self.open and not self.receipts and not self.used

    def changed(self, reason: str) -> None:
        """It is not what was booked any more, if it was."""
        if self.stood is not None:
            self.over = True
            self.held = {reason}

    def has_what_is_booked(self) -> None:
        """A line of it is in the books with another one."""
        self.over = True
        self.held.add("possible_duplicate")

    def left(self, receipt: Receipt) -> Decimal:
        """What of a payment has not gone back."""
        back = (one.amount for one in self.refunds if one.of == receipt.row)
        return receipt.amount - sum(back, NOTHING)

    def tax_anew(self) -> None:
        """The tax of prices without it, after lines changed."""
        self.tax = cents(self.net * self.client.kind.tax / 100)


@dataclass(slots=True)
class Funds:
    """Money that was put on a client's balance, and may have gone back."""

    id: int
    client: Client
    receipt: Receipt
    refunds: list[Refund] = field(default_factory=list)


def cents(amount: Decimal) -> Decimal:
    """To the penny, half up."""
    return amount.quantize(PENNY, ROUND_HALF_UP)


def in_places(amount: Decimal, kind: Kind) -> Decimal:
    """To what the client's currency can hold, half up."""
    return amount.quantize(Decimal(kind.places), ROUND_HALF_UP)
