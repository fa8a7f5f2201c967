"""The API's actions, as far as a bridge or a driver of the sandbox needs them."""
