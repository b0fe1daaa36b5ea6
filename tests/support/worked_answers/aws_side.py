"""What AWS offers, thinks and recommends, and the fields of its older feed."""

from __future__ import annotations

from decimal import Decimal

from worked_example import day, moment

from .answer import A1_SPEND, Answers

INVITED = "OpportunityInvitation"
SEEN_BEFORE = ("06-01", "06-02", "06-03", "06-05", "06-06", "06-08", "06-09")
ANSWERS: Answers = {
    "received_invitations": (
        None,
        [
            (
                *("i1", INVITED, "g1", None, "AWS", "ACCEPTED", "accepted"),
                *(moment("05-28 09:00"), moment("06-12 09:00"), None, moment("06-01 09:00"), True, 4, "A1"),
                "Qualified",
            ),
            (
                *("i2", INVITED, "g2", None, "AWS", "PENDING", "waiting"),
                *(moment("06-08 09:00"), moment("06-13 09:00"), 3, None, None, None, None, None),
            ),
            (
                *("i3", INVITED, "g3", None, "AWS", "EXPIRED", "lapsed"),
                *(moment("05-01 09:00"), moment("05-16 09:00"), None, None, None, None, None, None),
            ),
            (
                *("i4", INVITED, "g4", None, "AWS", "REJECTED", "rejected"),
                *(moment("05-20 09:00"), moment("06-04 09:00"), None, None, None, None, None, None),
            ),
            (
                *("i5", INVITED, "g5", None, "AWS", "ACCEPTED", "accepted"),
                *(moment("04-10 09:00"), moment("04-25 09:00"), None, moment("04-12 21:00"), True, 2, "C3"),
                "Launched",
            ),
            (
                *("i7", INVITED, None, None, "AWS", "REJECTED", "rejected"),
                *(moment("06-01 09:00"), moment("06-16 09:00"), None, moment("06-01 09:00"), False, 0, None, None),
            ),
            (
                *("i8", INVITED, None, None, "AWS", "PENDING", "lapsed"),
                *(moment("06-01 09:00"), moment("06-10 12:00"), None, None, None, None, None, None),
            ),
            (
                *("i9", INVITED, None, None, "Partner", "PENDING", "unclear"),
                *(moment("06-09 09:00"), moment("06-24 09:00"), None, None, None, None, None, None),
            ),
        ],
    ),
    "first_seen_as_of": (  # two runs had a watermark: one before the first of these days, one at their end
        None,
        [(moment(f"{seen} 12:30"), moment("06-01 07:00")) for seen in SEEN_BEFORE]
        + [(moment("05-30 12:30"), moment("05-30 12:30"))],
    ),
    "referral_funnel": (
        None,
        [
            (day("04-01"), "AWS", 1, 1, 0, 0, 0, 0, Decimal(100), 1, Decimal(2), 1, 0),
            (day("05-01"), "AWS", 3, 1, 1, 1, 0, 0, Decimal("33.3"), 1, Decimal(4), 0, 0),
            (day("06-01"), "AWS", 3, 0, 1, 1, 1, 0, Decimal(0), 1, Decimal(0), 0, 0),
            (day("06-01"), "Partner", 1, 0, 0, 0, 0, 1, None, 0, None, 0, 0),
        ],
    ),
    "referrals_waiting": (
        None,
        [("i2", INVITED, None, "AWS", moment("06-08 09:00"), moment("06-13 09:00"), 2, 3)],
    ),
    "aws_and_partner_stage": (
        None,
        [
            (
                *("A1", "Acme", "Ada; Zoe Zhu", "in review", True, "Qualified", "Prospect", -1),
                *(moment("06-06 08:00"), True, 4, day("08-15"), day("09-01"), A1_SPEND),
            )
        ],
    ),
    "recommendations_open": (
        None,
        [
            (
                *("A1", "Acme", "Ada; Zoe Zhu", "Qualified", "in review", kind, text),
                *("High", 70, day("08-15"), A1_SPEND, moment("06-10 11:00")),
            )
            for kind, text in (("Funding", "Ask for MAP"), ("NextBestActions", "Meet the account team"))
        ],
    ),
    "ace_opportunity_feed": (
        (
            *("apnCrmUniqueIdentifier", "opportunityOwnership", "status", "stage", "targetCloseDate"),
            *("customerCompanyName", "country", "deliveryModel", "expectedMonthlyAwsRevenue", "solutionOffered"),
            *("opportunityOwnerName", "projectDescription", "aWSStage", "aWSSalesRepName"),
            *("partnerDeveloperManager", "aWSPartnerSuccessManagerName", "lastModifiedDate"),
        ),
        [
            (
                *("A1", "Partner Referral", "In review", "Qualified", day("08-15"), "Acme", "DE", "Resell"),
                *(Decimal("1200.50"), "S-0000001;S-0000002", "Ada; Zoe Zhu", "Tapes", "Prospect", "Al Ash"),
                *(None, None, moment("06-09 08:00")),
            ),
            (
                *("B2", None, "Approved", "Committed", day("06-01"), "Bolt", None, None, None, None, None, None),
                *("Committed", None, None, None, moment("04-01 23:30")),
            ),
            (
                *("C3", "AWS Referral", "Approved", "Launched", day("06-05"), "Cargo", "DE", None, None, None, None),
                *(None, "Launched", "Al Ash", "Pia Poe", None, moment("06-05 00:01")),
            ),
            *(
                (identifier, None, review, stage, target, name, None, None, amount, *(None,) * 7, moment(changed))
                for identifier, review, stage, target, name, amount, changed in (
                    ("D4", None, "Closed Lost", day("03-15"), "Delta", None, "05-20 12:00"),
                    ("E5", None, "Closed Lost", day("12-01"), "Epic", Decimal(10), "06-08 06:00"),
                    ("G7", None, None, None, None, None, "06-10 12:00"),
                    ("H8", "Action Required", "Technical Validation", None, "Hotel", None, "06-03 10:00"),
                    ("I9", "Escalated", "Negotiation", None, "India", None, "05-11 09:00"),
                    ("J10", "Approved", "Qualified", day("06-10"), "Juno", Decimal("40.25"), "06-07 00:00"),
                )
            ),
        ],
    ),
}
