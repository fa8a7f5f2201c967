"""What happens in each case; importing this registers them all."""

from tests.e2e.accounting.cases import (
    abroad,
    balances,
    mass,
    refunds,
    sales,
    shapes,
    timing,
    vat,
    world,
)

__all__ = ["abroad", "balances", "mass", "refunds", "sales", "shapes", "timing", "vat", "world"]
