import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.rendering.findings import Finding, Rule
from homelab_assets.rendering.github_annotations import github_annotations
from homelab_assets.rendering.junit import Case, junit
from homelab_assets.rendering.sarif import sarif
from homelab_assets_tests.rendering.sarif_schema import faults

ODD = Finding(
    rule="HL001",
    level="warning",
    message="100% odd\n::set-output name=x::y\x1b[31m",
    file="stacks/a b,c:d/é\udcff.yml",
    line=3,
    remedy="Mend it.",
)
PLAIN = Finding(rule="HL999", level="note", message="no place")


def test_annotations_are_one_line_each_and_can_not_be_broken_out_of() -> None:
    assert github_annotations([ODD, PLAIN]) == (
        "::warning file=stacks/a b%2Cc%3Ad/é?.yml,line=3,title=HL001"
        "::100%25 odd%0A::set-output name=x::y?[31m Mend it.\n"
        "::notice title=HL999::no place\n"
    )
    assert github_annotations([]) == ""


def test_sarif_names_rules_places_and_stable_fingerprints() -> None:
    rule = Rule(id="HL001", title="Tags are pinned", level="error", rationale="Why.", remedy="Pin it.")
    (run,) = json.loads(sarif([ODD, PLAIN], [rule], complete=False))["runs"]
    assert run["invocations"] == [{"executionSuccessful": False}]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["HL001", "HL999"]
    first, second = run["results"]
    assert (first["ruleIndex"], first["level"]) == (0, "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3}
    assert place["artifactLocation"] == {"uri": "stacks/a%20b%2Cc%3Ad/%C3%A9%FF.yml", "uriBaseId": "SRCROOT"}
    assert (second["ruleIndex"], "locations" in second) == (1, False)
    moved = Finding(rule=ODD.rule, level=ODD.level, message=ODD.message, file=ODD.file, line=99)
    (again,) = json.loads(sarif([moved], [rule]))["runs"]
    assert again["results"][0]["partialFingerprints"] == first["partialFingerprints"]


def test_sarif_keeps_the_published_schema() -> None:
    rule = Rule(id="HL001", title="Tags are pinned", level="error", rationale="Why.", remedy="Pin it.")
    assert faults(sarif([ODD, PLAIN], [rule], complete=False)) == []
    assert faults(sarif([])) == []
    assert faults(sarif([PLAIN]).replace('"note"', '"nothing"')) != []


def test_junit_counts_and_keeps_suites_apart() -> None:
    cases = [
        Case(suite="a", name="one", seconds=1.5),
        Case(suite="b", name="two", outcome="failed", message="<bad> & \x00", detail="]]>", file="f", line=2),
        Case(suite="a", name="three", outcome="error", message="no answer"),
        Case(suite="a", name="four", outcome="skipped", message="not asked"),
    ]
    root = ElementTree.fromstring(junit(cases, name="all", timestamp="2026-11-23T06:00:00Z"))
    counts = ("tests", "failures", "errors", "skipped", "time")
    assert [root.get(count) for count in counts] == ["4", "1", "1", "1", "1.500"]
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("a", "3"), ("b", "1")]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("<bad> & ?", "]]>")


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_text_gives_well_formed_output(message: str, file: str) -> None:
    finding = Finding(rule="HL001", level="error", message=message, file=file or None, line=1)
    assert github_annotations([finding]).count("\n") == 1
    assert json.loads(sarif([finding]).encode("utf-8"))
    case = Case(suite=file, name=message, outcome="failed", message=message, detail=message)
    assert ElementTree.fromstring(junit([case], name=message)) is not None
