"""Parses and checks the list of AWS accounts to sync, and gives the settings of each.

In `.dlt/config.toml` (or as JSON in the environment variable PARTNER_CENTRAL__ACCOUNTS, or in Airflow's Variable):

    [[partner_central.accounts]]
    name = "acme"
    profile = "acme"

Each account has a dataset of its own, unless `account_column` puts it into one that several share. The list holds no
secrets: it names profiles and roles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from partner_central.public import ConfigurationError

from .settings import DATASET, DATASET_RULE, DATASETS, Settings

NAME = re.compile(r"(?!.*_staging$)[a-z0-9]+(_[a-z0-9]+)*")
LONGEST_NAME = 30  # with what is put around it, 63 characters are PostgreSQL's limit
KEY = "partner_central.accounts"


@dataclass(frozen=True, slots=True)
class Account:
    """One account to sync.

    Attributes:
        name: what it is called here, in lines, pipelines and datasets.
        profile: AWS profile whose credentials are used; by default whatever a run of one account would use.
        role_arn: role to assume with those credentials.
        external_id: external id that the role's trust policy requires.
        catalog: `AWS` or `Sandbox`.
        dataset: where its rows go; by default `partner_central_<name>`, with `account_column` `partner_central`.
        account_column: whether its rows carry its name in a column `account`, so that others may share the dataset.
        endpoint_url: another endpoint than AWS's.
        events_queue: URL of the SQS queue with its events. A queue of another account is never used for it.
    """

    name: str
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    catalog: str = "AWS"
    dataset: str = ""
    account_column: bool = False
    endpoint_url: str | None = None
    events_queue: str | None = None

    def __post_init__(self) -> None:
        if not (NAME.fullmatch(self.name) and len(self.name) <= LONGEST_NAME):
            raise _account_error(self.name, f"its name must be {DATASET_RULE}, and at most {LONGEST_NAME} characters")
        if self.catalog not in DATASETS:
            raise _account_error(self.name, f"catalog must be {' or '.join(DATASETS)}, not {self.catalog!r}")
        if not self.dataset:
            shared = DATASETS["AWS"]
            object.__setattr__(self, "dataset", shared if self.account_column else f"{shared}_{self.name}")
        if not DATASET.fullmatch(self.dataset):
            raise _account_error(self.name, f"its dataset must be {DATASET_RULE}, not {self.dataset!r}")
        if self.role_arn is not None and not self.role_arn.startswith("arn:"):
            raise _account_error(self.name, "role_arn must be an ARN, such as arn:aws:iam::123456789012:role/reader")
        if self.external_id is not None and self.role_arn is None:
            raise _account_error(self.name, "external_id is for a role to assume: role_arn is missing")

    def settings(self, base: Settings) -> Settings:
        """Returns the settings of this account, on top of those of every run of the list."""
        options: dict[str, Any] = {
            "role_arn": self.role_arn,
            "external_id": self.external_id,
            "endpoint_url": self.endpoint_url,
        }
        source = {name: value for name, value in options.items() if value is not None}
        if self.profile is not None:
            source["credentials"] = _of_profile(self.profile)
        return replace(
            base,
            catalog=self.catalog,
            dataset=self.dataset,
            account=self.name if self.account_column else None,
            events_queue=self.events_queue,
            source=(base.source or {}) | source,
        )

    def place(self, base: Settings) -> Settings:
        """Returns where the rows of this account are, for readers, who need no credentials of AWS."""
        account = self.name if self.account_column else None
        return replace(base, catalog=self.catalog, dataset=self.dataset, account=account)


def parse_accounts(entries: object, where: str = KEY) -> tuple[Account, ...]:
    """The accounts of a list as TOML or JSON gives it, in its order.

    Args:
        entries: the list.
        where: the user's name for the place of the list.

    Raises:
        ConfigurationError: it is not a list of accounts, or two of them are in each other's way.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise ConfigurationError(f'{where} must be a list of accounts that is not empty, such as [{{"name": "acme"}}].')
    accounts = tuple(_account(entry, f"Entry {number} of {where}") for number, entry in enumerate(entries, 1))
    for name, times in Counter(account.name for account in accounts).items():
        if times > 1:
            raise ConfigurationError(f"The account {name} is in {where} {times} times.")
    sharing = Counter(account.dataset for account in accounts)
    staged = {f"{account.dataset}_{account.name}": account.name for account in accounts if account.account_column}
    for account in accounts:
        if account.dataset in staged:
            raise _account_error(
                account.name,
                f"its dataset {account.dataset} is called as if it were for {staged[account.dataset]}, which stages "
                f"its rows in {account.dataset}_staging: choose another",
            )
        if sharing[account.dataset] > 1 and not account.account_column:
            raise ConfigurationError(
                f"Several accounts of {where} share the dataset {account.dataset}, {account.name} among them: give "
                "each a dataset of its own, or set account_column = true for all of them."
            )
    return accounts


def load_accounts() -> tuple[Account, ...]:
    """The accounts of dlt's configuration.

    Raises:
        ConfigurationError: there are none, or the list is wrong.
    """
    accounts = configured_accounts()
    if not accounts:
        raise ConfigurationError(
            f"There is no list of accounts: write one [[{KEY}]] for each into .dlt/config.toml, with its name."
        )
    return accounts


def configured_accounts() -> tuple[Account, ...]:
    """The accounts of dlt's configuration, which may have none.

    Raises:
        ConfigurationError: the list is wrong.
    """
    import dlt
    from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException

    try:
        entries = dlt.config.get(KEY, list)
    except ConfigValueCannotBeCoercedException:
        raise ConfigurationError(f"{KEY} is not a list: in the environment, it must be JSON.") from None
    return () if entries is None else parse_accounts(entries)


def find_account(accounts: Sequence[Account], name: str) -> Account:
    """The account of that name.

    Raises:
        ConfigurationError: there is none.
    """
    for account in accounts:
        if account.name == name:
            return account
    raise ConfigurationError(
        f"There is no account {name}; known are {', '.join(account.name for account in accounts)}."
    )


def _account(entry: object, which: str) -> Account:
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"{which} is not a table.")
    name = entry.get("name")
    if not name:
        raise ConfigurationError(f"{which} has no name.")
    known = {field.name for field in fields(Account)}
    if unknown := sorted(set(map(str, entry)) - known):
        raise _account_error(name, f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for key, value in entry.items():
        kind, what = (bool, "true or false") if key == "account_column" else (str, "text")
        if not isinstance(value, kind) or value == "":
            raise _account_error(name, f"{key} must be {what}")
    return Account(**{str(key): value for key, value in entry.items()})


def _of_profile(profile: str) -> Any:  # noqa: ANN401 - dlt's credentials, imported only here
    """Credentials of a profile and nothing else: keys that are configured for other accounts are not mixed in."""
    from dlt.sources.credentials import AwsCredentials

    credentials = AwsCredentials()
    credentials.profile_name = profile
    credentials.resolve()
    return credentials


def _account_error(name: object, what: str) -> ConfigurationError:
    return ConfigurationError(f"The account {name}: {what}.")
