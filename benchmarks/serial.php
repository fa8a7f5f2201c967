<?php
/* What one would write by hand: a loop over SoapClient that sends each invoice and its payment.
 *
 *     php serial.php ENDPOINT USERNAME PASSWORD INVOICES CUSTOMER NOMINAL METHOD ACCOUNT
 *
 * It prints the seconds that the loop took. It looks nothing up, writes nothing down and compares
 * nothing: it does less than bridge does.
 */

[, $endpoint, $username, $password, $count, $customer, $nominal, $method, $account] = $argv;

ini_set('soap.wsdl_cache_enabled', '0');
$client = new SoapClient("$endpoint?wsdl", ['keep_alive' => true, 'exceptions' => true]);
$login = ['UserName' => $username, 'Password' => $password];

function line(int $sort, string $nominal): SoapVar
{
    return new SoapVar([
        'Quantity' => '1',
        'Description' => 'Business Hosting - customer.example.co.uk (01/01/2025 - 31/01/2025)',
        'Rate' => '10.00', 'ChargeType' => $nominal, 'VatRate' => '20', 'VatAmount' => '2.00',
        'ProductID' => 0, 'Sort' => $sort, 'ProjID' => 0, 'LineID' => 0,
    ], SOAP_ENC_OBJECT, 'InvoiceLine', 'KashFlow');
}

function checked(object $reply): object
{
    if ($reply->Status !== 'OK') {
        fwrite(STDERR, "refused: {$reply->StatusDetail}\n");
        exit(1);
    }
    return $reply;
}

$started = microtime(true);
for ($number = 1; $number <= (int) $count; $number++) {
    $lines = ['anyType' => [line(1, $nominal), line(2, $nominal), line(3, $nominal)]];
    $made = checked($client->InsertInvoice($login + ['Inv' => [
        'InvoiceDBID' => 0, 'InvoiceNumber' => 0, 'InvoiceDate' => '2024-01-01T00:00:00',
        'DueDate' => '2024-01-07T00:00:00', 'CustomerID' => $customer, 'Paid' => 0,
        'CustomerReference' => "PHP-$number", 'SuppressTotal' => 0, 'ProjectID' => 0,
        'CurrencyCode' => 'GBP', 'ExchangeRate' => '1', 'Lines' => $lines, 'NetAmount' => 0,
        'VATAmount' => 0, 'AmountPaid' => 0, 'UseCustomDeliveryAddress' => false,
    ]]));
    checked($client->InsertInvoicePayment($login + ['InvoicePayment' => [
        'PayID' => 0, 'PayInvoice' => $made->InsertInvoiceResult,
        'PayDate' => '2024-01-01T00:00:00', 'PayNote' => "PHP-T$number",
        'PayMethod' => $method, 'PayAccount' => $account, 'PayAmount' => '36.00',
    ]]));
}
printf("%.6f\n", microtime(true) - $started);
