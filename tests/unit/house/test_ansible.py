"""The collection in examples/ansible: linted, documented from its argument specs, on ansible.builtin."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.lab.playbooks import BIN, COLLECTION, PROJECT, environment

ROLE = COLLECTION / "roles" / "restream"
README = COLLECTION / "README.md"
VARIABLES = re.compile(r"(<!-- variables: [^\n]+ -->\n)(.*?)(<!-- end of variables -->\n)", re.DOTALL)
FILES = sorted(path for path in COLLECTION.rglob("*") if path.suffix in (".yml", ".j2"))


def specs() -> dict[str, Any]:
    """Return the variables of the role's main entry and of the removal, by name."""
    entries = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]
    found: dict[str, Any] = {**entries["main"]["options"], **entries["remove"]["options"]}
    return found


def rows() -> Iterator[str]:
    """Yield the README's table of the variables."""
    yield "| variable | type | default | what it is |"
    yield "|---|---|---|---|"
    for name, spec in specs().items():
        kind = " or ".join(f"`{each}`" for each in spec.get("choices", ())) or spec["type"]
        told = spec["description"]
        text = marked(" ".join(told) if isinstance(told, list) else told)
        for inner, option in spec.get("options", {}).items():
            text += (
                f" `{inner}`: {marked(option['description'])[0].lower()}{marked(option['description'])[1:]}"
            )
        default = yaml.safe_dump(spec["default"], default_flow_style=True).removesuffix("...\n").strip()
        yield f"| `{name}` | {kind} | `{default}` | {text.strip()} |"


def marked(text: str) -> str:
    """Return a description of Ansible's notation as Markdown."""
    return re.sub(r"[COV]\(([^)]+)\)", r"`\1`", text).strip()


def test_the_readme_has_every_variable() -> None:
    """Its table is made from meta/argument_specs.yml."""
    table = "".join(f"{row}\n" for row in rows())
    text = README.read_text()
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(VARIABLES.sub(lambda found: f"{found[1]}\n{table}\n{found[3]}", text))
    found = VARIABLES.search(README.read_text())
    assert found is not None
    assert found[2] == f"\n{table}\n"


def test_defaults_are_those_of_the_argument_specs() -> None:
    """Ansible does not take a default from there."""
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert defaults == {name: spec["default"] for name, spec in specs().items()}


def test_the_rules_of_the_firewall_are_those_of_the_example() -> None:
    """Comments aside, with the default port and without a list of addresses."""
    template = (ROLE / "templates/restream-agent.nft.j2").read_text()
    jinja = jinja2.Environment(trim_blocks=True)
    jinja.tests["search"] = lambda text, part: part in text
    rendered = jinja.from_string(template).render(restream_firewall_sources=[], restream_firewall_port=1935)
    example = (PROJECT / "examples/nftables/restream-agent.nft").read_text()
    assert without_comments(rendered) == without_comments(example)


def without_comments(rules: str) -> list[str]:
    """Return the lines of rules."""
    return [line for line in rules.splitlines() if line.strip() and not line.startswith("#")]


def test_modules_are_builtin() -> None:
    """No other collection has to be installed: every name of a module is ansible.builtin's."""
    key = re.compile(r"^ *(?:- )?([a-z]\w+\.\w+\.\w+):", re.MULTILINE)
    used = {name for path in FILES for name in key.findall(path.read_text())}
    assert len(used) > 10
    assert {name for name in used if not name.startswith("ansible.builtin.")} == set()


def test_ansible_lint_finds_nothing(tmp_path: Path) -> None:
    """At its production profile, and it ignores nothing."""
    place = tmp_path / "ansible_collections" / "restream" / "agent"
    shutil.copytree(COLLECTION, place)
    argv = (str(BIN / "ansible-lint"), "--offline", "--profile", "production", "--nocolor", "--strict")
    done = subprocess.run(
        argv,
        cwd=place,
        env=environment(tmp_path, tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed: 0 failure(s), 0 warning(s)" in done.stdout + done.stderr
    assert not list(COLLECTION.glob(".ansible-lint*"))
    assert [path.name for path in FILES if "noqa" in path.read_text()] == []


def test_the_collection_can_be_built_and_installed(tmp_path: Path) -> None:
    """As the README says, without a network."""
    argv = (
        str(BIN / "ansible-galaxy"),
        "collection",
        "install",
        "--offline",
        "-p",
        str(tmp_path),
        str(COLLECTION),
    )
    env = environment(tmp_path, tmp_path)
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "ansible_collections/restream/agent/playbooks/provision.yml").is_file()
