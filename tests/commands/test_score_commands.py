"""`xinyi score batch` over the database, as an operator types it."""

import json
from pathlib import Path

from tests.commands.conftest import Xinyi


def test_a_batch_over_the_database_says_what_it_wrote_and_where(xinyi: Xinyi, tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    early = xinyi("score", "batch", "--output", str(folder))
    assert (early.returncode, "xinyi migrate" in early.stderr, folder.exists()) == (3, True, False)
    assert xinyi("city", "create", "--residents", "20").returncode == 0
    done = xinyi("score", "batch", "--output", str(folder), "--shard", "7", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["subjects"], summary["shards"], sum(summary["levels"].values())) == (19, 3, 19)
    again = xinyi("score", "batch", "--output", str(folder), "--shard", "7")
    assert (again.returncode, str(folder) in again.stdout, "个人信息" in again.stdout) == (0, True, True)
    unpublished = xinyi(
        "score", "batch", "--output", str(tmp_path / "other"), "--rule-set", "scoring/rulesets/taohua.yaml"
    )
    assert (unpublished.returncode, (tmp_path / "other").exists()) == (2, False)
    doctor = json.loads(xinyi("doctor", "--json").stdout)
    assert [finding["good"] for finding in doctor if finding["name"] == "scores"] == [True]
