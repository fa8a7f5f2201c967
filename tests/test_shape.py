"""What `tools/shape.py` counts, on a small tree whose figures are known."""

from pathlib import Path

import pytest

from tools import shape
from tools.shape import Shape, Size, measure

MODULE = '''"""A docstring
of two lines."""

# A comment.

LIMIT = 3
"""What a constant is."""


class Order:  # a comment behind code
    """A docstring."""

    text = """no
    docstring"""


class _Hidden:
    pass
'''

TREE = {
    "bridge/__init__.py": "",
    "bridge/money.py": "class Order: ...\nclass _Hidden: ...\nclass Once: ...\n",
    "bridge/engine/__init__.py": '"""The engine."""\n',
    "bridge/engine/book.py": MODULE,
    "bridge/engine/write/money.py": "def pay():\n    class Once: ...\n",
    "bridge/engine/write/match.py": "",
    "bridge/engine/write/match_money.py": "",
    "bridge/engine/write/page.html": "<p>\n",
    "plugins/bank_source/plugin.py": "",
    "plugins/bank_source/api/money.py": "class Order: ...",
    "plugins/books_target/plugin.py": "",
    "plugins/books_target/sandbox/plugin.py": "",
    "plugins/notes/money.py": "class Once: ...\n",
    "tests/engine/test_book_twice.py": "class Once: ...\n",
    "tests/engine/write/test_match_money.py": "",
    "tests/engine/test_money.py": "",
}


@pytest.fixture
def small(tmp_path: Path) -> Shape:
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return measure(tmp_path)


def test_files_and_lines_are_counted_for_each_package(small: Shape) -> None:
    assert small.packages == {
        "bridge": Size(2, 3, 3),
        "bridge/engine": Size(2, 19, 6),
        "bridge/engine/write": Size(3, 2, 2),
        "plugins/bank_source": Size(1, 0, 0),
        "plugins/bank_source/api": Size(1, 0, 1),
        "plugins/books_target": Size(1, 0, 0),
        "plugins/books_target/sandbox": Size(1, 0, 0),
    }


def test_totals_are_the_sums_of_the_packages(small: Shape) -> None:
    assert small.totals == {
        "bridge": Size(7, 24, 11),
        "plugins": Size(4, 0, 1),
        "together": Size(11, 24, 12),
    }


def test_a_public_class_name_counts_from_the_second_module_on(small: Shape) -> None:
    """Neither a class inside a function nor one outside the packages is a second one."""
    places = ["bridge/engine/book.py", "bridge/money.py", "plugins/bank_source/api/money.py"]
    assert small.classes == {"Order": places}


def test_a_module_stem_counts_from_the_third_package_on(small: Shape) -> None:
    assert small.stems == {
        "money": ["bridge/engine/write", "bridge", "plugins/bank_source/api"],
        "plugin": ["plugins/bank_source", "plugins/books_target", "plugins/books_target/sandbox"],
    }


def test_a_test_mirrors_the_module_of_its_folder_with_the_longest_name(small: Shape) -> None:
    assert small.unmirrored == ["bridge/engine/write/match.py", "bridge/engine/write/money.py"]


def test_every_limit_has_its_figure_in_the_page(small: Shape) -> None:
    ran = {"run": ["bridge/money.py", "bridge/engine/book.py"], "invoice": ["bridge/money.py"]}
    assert shape.figures(small, ran) == {
        "lines": 24,
        "invoice files": 1,
        "class names": 1,
        "stems": 2,
        "unmirrored": 2,
    }
    page = shape.as_markdown(small, ran)
    assert "| lines | 24 | 50,000 |" in page
    assert "| bridge/engine | 2 | 19 | 6 |" in page
    assert "Module stems of more than two packages: 2" in page
    assert set(shape.LIMITS) == set(shape.figures(small, ran))
