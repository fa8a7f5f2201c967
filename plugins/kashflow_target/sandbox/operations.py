"""Which function answers which operation."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kashflow_target.sandbox import customers, invoices, issuing, payments, reference
from kashflow_target.sandbox.call import SoapCall

Operation: TypeAlias = Callable[[SoapCall, Mapping[str, Any]], str | None]

OPERATIONS: Mapping[str, Operation] = {
    "GetCustomers": customers.get_customers,
    "GetCustomer": customers.get_customer,
    "GetCustomerByID": customers.get_customer_by_id,
    "GetCustomerByEmail": customers.get_customer_by_email,
    "GetCustomersModifiedSince": customers.get_customers_modified_since,
    "InsertCustomer": customers.insert_customer,
    "UpdateCustomer": customers.update_customer,
    "DeleteCustomer": customers.delete_customer,
    "InsertInvoice": issuing.insert_invoice,
    "GetInvoice": invoices.get_invoice,
    "GetInvoiceByID": invoices.get_invoice_by_id,
    "GetInvoicesByDateRange": invoices.get_invoices_by_date_range,
    "GetInvoicesForCustomer": invoices.get_invoices_for_customer,
    "DeleteInvoice": invoices.delete_invoice,
    "DeleteInvoiceByID": invoices.delete_invoice_by_id,
    "InsertInvoicePayment": payments.insert_invoice_payment,
    "GetInvoicePayment": payments.get_invoice_payment,
    "DeleteInvoicePayment": payments.delete_invoice_payment,
    "GetInvoicePaymentsByDateRange": payments.get_invoice_payments_by_date_range,
    "GetInvPayMethods": reference.get_inv_pay_methods,
    "GetBankAccounts": reference.get_bank_accounts,
    "GetCurrencies": reference.get_currencies,
    "GetProducts": reference.get_products,
    "GetNominalCodesExtended": reference.get_nominal_codes_extended,
    "GetVATRates": reference.get_vat_rates,
    "isUserVATRegistered": reference.is_user_vat_registered,
    "GetCompanyDetails": reference.get_company_details,
    "applyCreditNoteToInvoice": payments.apply_credit_note_to_invoice,
    "InsertBankTransaction": reference.insert_bank_transaction,
    "GetBankTransactions": reference.get_bank_transactions,
    "GetBankTxTypes": reference.get_bank_tx_types,
}


def writes(operation: str) -> bool:
    """Whether the operation changes the books."""
    return operation.startswith(("Insert", "Update", "Delete", "apply"))
