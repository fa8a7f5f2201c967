"""WHMCS as a `bridge.api.Source`: the contract's methods over the API."""
