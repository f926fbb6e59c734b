"""Every mistake in a document is found, with its line and key, in one reading."""

from pathlib import Path

import pytest

from cti.kernel.document import DocumentError, Section, documents_in, read_document
from cti.kernel.errors import ConfigurationError


def document(tmp_path: Path, text: str) -> Section:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def complaints(top: Section) -> list[tuple[int, str, str]]:
    return [(error.line, error.key, error.message) for error in top.value.report.errors]


def test_values_are_read_by_kind(tmp_path: Path) -> None:
    top = document(
        tmp_path, "name: main\nseconds: 2.5\ncount: 3\nopen: yes\nlist: [a, b]\none: c\n"
    )
    assert top.need("name", "a name").text() == "main"
    assert top.need("seconds", "").number(0, 10) == 2.5
    assert top.need("count", "").whole(1, 5) == 3
    assert top.need("open", "").truth() is True
    assert [item.text() for item in top.need("list", "").items()] == ["a", "b"]
    assert [item.text() for item in top.need("one", "").items()] == ["c"]
    top.close()
    top.value.report.check()


def test_all_mistakes_are_raised_together_in_order(tmp_path: Path) -> None:
    top = document(tmp_path, "count: many\ncount: 2\nnmae: main\nopen: perhaps\nhalf: 0.5\n")
    top.need("open", "").truth()
    top.need("count", "").whole(1, 5)
    top.need("half", "").whole(0, 5)
    top.need("name", "the flow's name")
    top.close()
    with pytest.raises(DocumentError) as caught:
        top.value.report.check()
    assert [(error.line, error.key) for error in caught.value.errors] == [
        (1, "count"),
        (1, ""),
        (2, "count"),
        (3, "nmae"),
        (4, "open"),
        (5, "half"),
    ]
    lines = str(caught.value).splitlines()
    assert lines[1].endswith("needs `name`: the flow's name")
    assert lines[3].endswith("some.yaml:3: nmae: is not known here; did you mean `name`?")


def test_paths_lead_into_sections_and_lists(tmp_path: Path) -> None:
    top = document(tmp_path, "a:\n  b:\n    - c: []\n")
    inner = top.need("a", "").section().need("b", "").items()[0].section().need("c", "")
    inner.text()
    assert complaints(top) == [(3, "a.b[0].c", "must be a text")]


def test_a_scalar_where_a_section_belongs(tmp_path: Path) -> None:
    top = document(tmp_path, "a: 1\n")
    empty = top.need("a", "").section()
    assert empty.keys == ()
    assert empty.need("b", "something").text() == ""
    assert complaints(top) == [(1, "a", "must hold keys and values")], "once is enough"


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1\n", 2), ("- a\n", 1), ("", 1), ("a: b: c\n", 1)]
)
def test_files_that_are_no_mapping(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        document(tmp_path, text)
    assert caught.value.file.endswith("some.yaml")
    assert caught.value.line == line


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_document(tmp_path / "missing.yaml")


def test_a_folder_must_hold_documents(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no flow"):
        documents_in(tmp_path, "flow")
    with pytest.raises(ConfigurationError, match="is no folder"):
        documents_in(tmp_path / "missing", "flow")
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in documents_in(tmp_path, "flow")] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: b\nname: Zürich".encode("latin-1"), "UTF-8"),
        (b"a: b\nname: \x00", "forbids"),
        (b"a: b\nname: c: d", "look at indentation"),
        (b"a: b\n? [name]\n: c", "a key is a plain word"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "some.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_document(tmp_path / "some.yaml").value.report.check()
    assert caught.value.line == 2
