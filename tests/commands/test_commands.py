"""The commands an operator types: what they print for people and for machines, and their exit codes."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from backend.city.generator import City
from partners.signatures.keys import jwk_of, thumbprint
from tests.builders.server import REPOSITORY, free_port
from tests.commands.conftest import Xinyi

COMMANDS = ("up", "migrate", "city", "intake", "score", "keys", "openapi", "demo", "doctor", "bench", "rules")


def test_help_names_every_command_in_chinese_and_english(xinyi: Xinyi) -> None:
    shown = xinyi("--help", COLUMNS="200").stdout
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b.*[\u4e00-\u9fff].*[A-Za-z]{{3}}", shown), command


def test_a_command_on_a_database_without_schema_says_what_to_do(xinyi: Xinyi) -> None:
    for arguments in (("score", "reconcile"), ("keys", "list")):
        refused = xinyi(*arguments)
        assert (refused.returncode, "xinyi migrate" in refused.stderr) == (3, True), refused.stderr
        assert "Traceback" not in refused.stderr
    ill = xinyi("doctor", "--json")
    assert ill.returncode == 1
    assert [finding["name"] for finding in json.loads(ill.stdout) if not finding["good"]] == ["schema"]


def test_a_small_city_is_built_filled_scored_and_its_keys_are_kept(xinyi: Xinyi, tmp_path: Path) -> None:
    built = xinyi("city", "create", "--residents", "30", "--seed", "7", "--json")
    assert built.returncode == 0, built.stderr
    summary = json.loads(built.stdout)
    assert (summary["residents"], summary["seed"], summary["records"]) == (30, 7, 300)
    assert summary["records_accepted"] + summary["records_returned"] == summary["records"]
    again = xinyi("city", "create", "--residents", "30")
    assert (again.returncode, "已有合成城市" in again.stderr) == (3, True)

    rows = tmp_path / "rows.jsonl"
    row = {"item": "volunteer-service", "fields": {"ZY_XDR_ZJHM": "1"}}
    rows.write_text(json.dumps(row) + "\n" + "{broken\n", encoding="utf-8")
    taken = xinyi("intake", str(rows), "--source", "civil-affairs", "--json")
    assert taken.returncode == 1, taken.stderr
    assert (json.loads(taken.stdout)["accepted"], json.loads(taken.stdout)["returned"]) == (0, 2)
    for arguments in ((str(tmp_path / "nothing.csv"), "--source", "civil-affairs"), (str(rows), "--source", "nobody")):
        refused = xinyi("intake", *arguments)
        assert refused.returncode == 3, refused.stderr
        assert "Traceback" not in refused.stderr

    reconciled = xinyi("score", "reconcile", "--json")
    assert (reconciled.returncode, json.loads(reconciled.stdout)["differences"]) == (0, 0)

    before = json.loads(xinyi("keys", "list", "--json").stdout)
    rotated = xinyi("keys", "rotate", "answer").stdout.strip()
    [active] = [key["kid"] for key in before if key["purpose"] == "answer"]
    assert xinyi("keys", "revoke", active).returncode == 0
    now = {key["kid"]: key["state"] for key in json.loads(xinyi("keys", "list", "--json").stdout)}
    assert now[active] == "revoked"
    assert rotated in now
    for unknown in ("nobody", "-DECD33LyKzUNs7kOb3Zj-xPW_XxhaFkqf_zRKqQOqI"):
        refused = xinyi("keys", "revoke", unknown)
        assert (refused.returncode, unknown in refused.stderr) == (1, True)
    assert xinyi("keys", "rotate", "nothing").returncode == 3


def test_keys_of_others_are_registered_from_a_file_and_revoked(xinyi: Xinyi, tmp_path: Path) -> None:
    assert xinyi("city", "create", "--residents", "10").returncode == 0
    private_key = Ed25519PrivateKey.generate()
    public_key = private_key.public_key()
    pem, jwk, secret = (tmp_path / name for name in ("key.pem", "key.json", "secret.pem"))
    pem.write_bytes(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    jwk.write_text(json.dumps(jwk_of(public_key)), encoding="utf-8")
    secret.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    registered = xinyi("keys", "register", "civil-affairs", str(pem))
    assert registered.stdout.strip() == thumbprint(jwk_of(public_key))
    assert xinyi("keys", "register", "civil-affairs", str(jwk)).returncode == 0
    for owner, file in (
        ("nobody", jwk),
        ("market-regulation", jwk),
        ("civil-affairs", secret),
        ("civil-affairs", tmp_path),
    ):
        refused = xinyi("keys", "register", owner, str(file))
        assert (refused.returncode, "Traceback" in refused.stderr) == (3, False), (owner, file, refused.stderr)
    partner = City(seed=2026, residents=10).partners[0].credit_code
    unproven = xinyi("keys", "register", partner, str(jwk))
    assert (unproven.returncode, "proof of possession" in unproven.stderr) == (3, True)
    assert xinyi("keys", "revoke", thumbprint(jwk_of(public_key))).returncode == 0
    assert xinyi("keys", "register", "civil-affairs", str(pem)).returncode == 3


@pytest.mark.parametrize("arguments", [("city", "create", "--residents", "ten"), ("nothing",), ("intake",)])
def test_wrong_use_exits_with_two(xinyi: Xinyi, arguments: tuple[str, ...]) -> None:
    assert xinyi(*arguments).returncode == 2


def test_a_demonstration_without_a_server_is_refused(xinyi: Xinyi) -> None:
    assert xinyi("demo", "--url", f"http://127.0.0.1:{free_port()}").returncode == 3


def test_a_rule_set_is_checked_before_anybody_is_scored_by_it(xinyi: Xinyi, tmp_path: Path) -> None:
    lawful = REPOSITORY / "scoring" / "rulesets" / "taohua.yaml"
    checked = xinyi("rules", "check", str(lawful), "--json")
    assert (checked.returncode, json.loads(checked.stdout)["unknown_items"]) == (0, []), checked.stderr

    hostile = tmp_path / "hostile.yaml"
    text = (
        lawful.read_text(encoding="utf-8").replace("获得县级荣誉", "举报他人").replace("item: donation", "item: blood")
    ).replace("item: contract-kept", "item: permit")
    hostile.write_text(text, encoding="utf-8")
    refused = xinyi("rules", "check", str(hostile))
    assert refused.returncode == 1
    assert re.search(r"✗ honour-county \[informing\] .*第二十六条", refused.stdout)
    assert "✗ donation [health]" in refused.stdout
    assert "✗ donation [forbidden-item]" in refused.stdout
    assert "✗ contract-kept [other-class]" in refused.stdout
    assert "没有事项 blood" in refused.stdout
    assert xinyi("rules", "sql", str(hostile)).returncode == 3

    broken = tmp_path / "broken.yaml"
    broken.write_text("id: [", encoding="utf-8")
    for file in (broken, tmp_path / "nothing.yaml", tmp_path):
        unread = xinyi("rules", "check", str(file))
        assert (unread.returncode, "Traceback" in unread.stderr) == (3, False), unread.stderr


def test_the_format_and_the_sql_of_a_rule_set_are_printed(xinyi: Xinyi) -> None:
    assert json.loads(xinyi("rules", "schema").stdout)["$ref"] == "#/$defs/RuleSet"
    file = str(REPOSITORY / "scoring" / "rulesets" / "taohua.yaml")
    assert " DIV 10000" in xinyi("rules", "sql", file, "--day", "2026-11-23", "--contributions").stdout
    refused = xinyi("rules", "sql", file, "--dialect", "oracle")
    assert (refused.returncode, "postgres" in refused.stderr) == (3, True)


def test_a_score_is_explained_and_tried_out_with_a_reason_on_record(xinyi: Xinyi, tmp_path: Path) -> None:
    assert xinyi("city", "create", "--residents", "10").returncode == 0
    people = json.loads((tmp_path / "data" / "demo" / "sign-ins.json").read_text(encoding="utf-8"))
    phone = next(person["phone"] for person in people if person["actor"] == "resident")
    without_reason = xinyi("score", "explain", phone)
    assert (without_reason.returncode, "访问记录" in without_reason.stderr) == (3, True)
    told = xinyi("score", "explain", phone, "--reason", "复核投诉 7 号", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    lines = found["explanation"]["lines"]
    assert 600_000 + sum(line["millipoints"] for line in lines) == found["explanation"]["score"]["millipoints"]
    shown = xinyi("score", "explain", phone, "--reason", "复核投诉 7 号").stdout
    assert all(line["points"] in shown for line in lines)

    record = lines[0]["record_id"]
    tried = xinyi(
        "score",
        "what-if",
        phone,
        "--reason",
        "复核",
        "--remove",
        record,
        "--add",
        "donation:2026-11-01:50000",
        "--json",
    )
    assert tried.returncode == 0, tried.stderr
    assert {record, "~0"} >= {effect["record_id"] for effect in json.loads(tried.stdout)["effects"]} > set()
    for bad in (("--add", "donation"), ("--add", "petition:2026-11-01"), ("--remove", str(UUID(int=1)))):
        refused = xinyi("score", "what-if", phone, "--reason", "复核", *bad)
        assert (refused.returncode, "Traceback" in refused.stderr) == (3, False), refused.stderr
    assert xinyi("score", "explain", "15400000009999", "--reason", "复核").returncode == 3


def test_an_author_explains_a_file_of_facts(xinyi: Xinyi, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    hours = {
        "record_id": "r1", "item": "volunteer-service", "occurred_on": "2026-03-01", "ends_on": None,
        "state": "active", "grade": None, "amount": 25, "source": "民政局",
    }  # fmt: skip
    facts.write_text(json.dumps([hours]), encoding="utf-8")
    rules = str(REPOSITORY / "scoring" / "rulesets" / "taohua.yaml")
    asked = ("score", "explain", "--rule-set", rules, "--facts", str(facts), "--day", "2026-11-23")
    assert json.loads(xinyi(*asked, "--json").stdout)["explanation"]["score"]["points"] == "605"
    facts.write_text(json.dumps([hours, hours]), encoding="utf-8")
    assert xinyi(*asked).returncode == 3
    assert xinyi("score", "explain").returncode == 2
