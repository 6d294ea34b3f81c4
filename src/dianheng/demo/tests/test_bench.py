"""The simulated benches of the story as their users meet them."""

import pytest

from dianheng.config.cli import main
from dianheng.demo.bench import Server, ServerError, seals_of


def test_each_position_gets_two_seals_of_its_own_and_of_the_load():
    sheet = {
        "load_no": "TZ2026-0061",
        "positions": [{"position_no": 1, "asset_no": "A"}, {"position_no": 60, "asset_no": "B"}],
    }
    assert seals_of(sheet) == {
        "A": [("LJ2690610011", "COVER_LEFT"), ("LJ2690610012", "COVER_RIGHT")],
        "B": [("LJ2690610601", "COVER_LEFT"), ("LJ2690610602", "COVER_RIGHT")],
    }


def test_a_server_that_is_not_there_is_said_in_words():
    with pytest.raises(ServerError, match="does not answer"):
        Server("http://127.0.0.1:9", "token").ask("bench-loads")


@pytest.mark.django_db
def test_without_the_story_there_is_no_bench_to_play(capsys):
    assert main(["simulate"]) == 2
    assert "run demo first" in capsys.readouterr().err
