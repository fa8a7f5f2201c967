"""What happens in each case; importing this registers them all."""

from tests.e2e.accounting.stories import balances, mass, refunds, sales, shapes, timing, vat, world

__all__ = ["balances", "mass", "refunds", "sales", "shapes", "timing", "vat", "world"]
