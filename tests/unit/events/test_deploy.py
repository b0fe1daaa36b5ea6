"""The template of the queue, and its twin in Terraform."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import hcl2

from partner_central_sync.events.address import DEAD_LETTERS, parse_address

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "deploy" / "events.yaml"
PAGE = ROOT / "docs" / "how-to" / "events.md"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/q"


def test_cfn_lint_finds_nothing() -> None:
    command = [Path(sys.executable).with_name("cfn-lint"), TEMPLATE, "--regions", "us-east-1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_statements_of_the_template_are_those_of_the_command() -> None:
    (text,) = re.findall(r"PolicyStatements:.*?!Sub >-\n(.*)", TEMPLATE.read_text(), re.DOTALL)
    arn = parse_address(URL).arn
    filled = text.replace("${Queue.Arn}", arn).replace("${DeadLetters.Arn}", arn + DEAD_LETTERS)
    assert json.loads(filled) == parse_address(URL).statements()


def test_terraform_makes_what_the_template_makes() -> None:
    (text,) = re.findall(r"```terraform\n(.*?)```", PAGE.read_text(), re.DOTALL)
    kinds = sorted(kind.strip('"') for one in hcl2.loads(text)["resource"] for kind in one)
    assert kinds == [
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_event_target",
        "aws_sqs_queue",
        "aws_sqs_queue",
        "aws_sqs_queue_policy",
    ]
    template = TEMPLATE.read_text()
    numbers = ("1209600", "300", "20", "10", "aws.partnercentral-selling", "sqs:SendMessage", "events.amazonaws.com")
    assert [one for one in numbers if (one in text) != (one in template)] == []
    assert sorted(re.findall(r"\d{2,}", text)) == sorted(
        re.findall(r"\d{2,}", re.sub(r"(?m)#.*|AllowedPattern.*|^AWSTemp.*|Description: .*", "", template))
    )
