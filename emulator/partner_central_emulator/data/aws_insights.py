"""AWS's insights into an opportunity: recommendations, and what it spends on products by source."""

from __future__ import annotations

from typing import Final

from . import words
from .draws import Draws
from .records import Json, currency_of

RECOMMENDATIONS_AT_MOST: Final = 5

_KINDS: Final = ("OpportunityQuality", "SolutionRecommendation", "SpecialistRecommendation")
_BY_CODE: Final = {one.code: one for one in words.AWS_PRODUCTS}


def recommendations(draws: Draws, number: int, count: int) -> list[Json]:
    """Returns AWS's recommendations once it has looked at an opportunity this often; some have no attributes."""
    size = int((RECOMMENDATIONS_AT_MOST + 1) * draws.share("recommended", number) ** 2)
    return [_recommendation(draws, number, place + count) for place in range(size)]


def _recommendation(draws: Draws, number: int, place: int) -> Json:
    kind = _KINDS[place % len(_KINDS)]
    share = draws.share(f"recommendation {place}", number)
    solution = words.SOLUTIONS[int(len(words.SOLUTIONS) * share)]
    made: dict[str, Json] = {
        "OpportunityQuality": {
            "Attributes": None,
            "Details": words.NEXT_BEST_ACTIONS[int(len(words.NEXT_BEST_ACTIONS) * share)],
        },
        "SolutionRecommendation": {
            "Attributes": {"SolutionId": solution.id, "SolutionName": solution.name},
            "Details": f"{solution.name} fits the use case.",
        },
        "SpecialistRecommendation": {
            "Attributes": {"Confidence": f"{share:.2f}", "Specialty": words.USE_CASES[place % len(words.USE_CASES)]},
            "Details": "A specialist can support the evaluation.",
        },
    }
    return {"Type": kind, **made[kind]}


def spend_insights(draws: Draws, number: int, whole: Json) -> Json | None:
    """Returns what an opportunity spends a month on its products, by the partner and by AWS."""
    products = [
        _BY_CODE[code]
        for code in (whole.get("RelatedEntityIdentifiers") or {}).get("AwsProducts") or ()
        if code in _BY_CODE
    ]
    if not products:
        return None
    by_aws = draws.chance(0.5, "spend of aws", number)
    currency = currency_of((whole.get("Customer") or {}).get("Account") or {})
    return {
        "AWS": _spend(draws, number, "aws", currency, products) if by_aws else None,
        "Partner": _spend(draws, number, "partner", currency, products),
    }


def _spend(draws: Draws, number: int, source: str, currency: str, products: list[words.Product]) -> Json:
    amounts = {one.code: 1_000 + int(5_000_000 * draws.share(f"{source} {one.code}", number) ** 3) for one in products}
    savings = {code: amount // 10 * (amount % 3) for code, amount in amounts.items()}
    categories: dict[str, int] = {}
    for one in products:
        categories[one.categories[0]] = categories.get(one.categories[0], 0) + amounts[one.code]
    total, saved = sum(amounts.values()), sum(savings.values())
    return {
        "AwsProducts": [
            {
                "Amount": _money(amounts[one.code]),
                "Categories": list(one.categories),
                "OptimizedAmount": _money(amounts[one.code] - savings[one.code]),
                "Optimizations": _optimizations(savings[one.code]),
                "PotentialSavingsAmount": _money(savings[one.code]),
                "ProductCode": one.code,
                "ServiceCode": one.service,
            }
            for one in products
        ],
        "CurrencyCode": currency,
        "Frequency": "Monthly",
        "TotalAmount": _money(total),
        "TotalAmountByCategory": {name: _money(amount) for name, amount in sorted(categories.items())},
        "TotalOptimizedAmount": _money(total - saved),
        "TotalPotentialSavingsAmount": _money(saved),
    }


def _optimizations(saved: int) -> list[Json]:
    if not saved:
        return []
    parts = {"Commit to a year": saved // 2, "Use Graviton processors": saved - saved // 2}
    return [{"Description": name, "SavingsAmount": _money(amount)} for name, amount in parts.items()]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
