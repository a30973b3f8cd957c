"""Catalogues of two branches are merged by message."""

import pytest

from config import catalogue_merge

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def _catalogue(**said: str) -> str:
    lines = (f'#: a.py\nmsgid "{key}"\nmsgstr "{text}"\n' for key, text in said.items())
    return "\n".join([HEAD, *lines])


@pytest.fixture
def merged(tmp_path):
    def run(base: str, ours: str, theirs: str) -> tuple[int, str]:
        paths = [tmp_path / name for name in ("base", "ours", "theirs")]
        for path, text in zip(paths, (base, ours, theirs), strict=True):
            path.write_text(text, "utf-8")
        return catalogue_merge.main(
            *map(str, paths), "locale/zh_Hans/LC_MESSAGES/django.po"
        ), paths[1].read_text("utf-8")

    return run


def test_messages_of_both_sides_are_kept_and_what_one_side_dropped_goes(merged):
    code, found = merged(
        _catalogue(stays="留", gone="去", better="旧"),
        _catalogue(stays="留", better="旧", mine="我"),
        _catalogue(stays="留", gone="去", better="新", other="他"),
    )
    assert code == 0
    assert [part in found for part in ("留", "我", "他", "新")] == [True] * 4
    assert [part in found for part in ("去", "旧", "<<<<")] == [False] * 3


def test_a_message_translated_twice_is_a_conflict_and_nothing_is_written(merged, capsys):
    ours = _catalogue(word="一")
    assert merged(_catalogue(word=""), ours, _catalogue(word="二")) == (1, ours)
    assert "word" in capsys.readouterr().err
