"""What is to be booked of one invoice. Pure: no network, no store, no clock.

In: an `Invoice` and its `Client` as the source tells them, the settings and what is booked already
(`inputs.DecisionInputs`, `inputs.PriorBooking`). Out: a `plan.Plan`, a `Skip` or a `Hold` with its
reason.
"""
