"""How a model's validator says no, with a remedy."""


class Refusal(ValueError):
    """A value is refused. pydantic collects it like any ValueError.

    A plugin's model does the same with a ValueError of two texts: what is wrong, and what to do.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
