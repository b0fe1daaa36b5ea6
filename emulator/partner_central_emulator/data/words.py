"""The words that invented opportunities are made of."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """The place of a customer. `#` in `postal_code` stands for a digit that the customer chooses."""

    country: str
    region: str
    city: str
    postal_code: str
    currency: str
    legal_form: str


PLACES = (
    Place("US", "Washington", "Seattle", "981##", "USD", "Inc."),
    Place("US", "Texas", "Austin", "787##", "USD", "LLC"),
    Place("US", "New York", "Buffalo", "142##", "USD", "Corp."),
    Place("US", "Illinois", "Chicago", "606##", "USD", "Inc."),
    Place("US", "Colorado", "Denver", "802##", "USD", "LLC"),
    Place("US", "Georgia", "Atlanta", "303##", "USD", "Inc."),
    Place("CA", "Ontario", "Toronto", "M5V #A#", "CAD", "Ltd."),
    Place("CA", "Quebec", "Montréal", "H2X #B#", "CAD", "inc."),
    Place("DE", "Bavaria", "München", "803##", "EUR", "GmbH"),
    Place("DE", "Hamburg", "Hamburg", "203##", "EUR", "AG"),
    Place("AT", "Vienna", "Wien", "10#0", "EUR", "GmbH"),
    Place("CH", "Zurich", "Zürich", "80##", "CHF", "AG"),
    Place("FR", "Auvergne-Rhône-Alpes", "Lyon", "6900#", "EUR", "SAS"),
    Place("NL", "North Holland", "Amsterdam", "10## AB", "EUR", "B.V."),
    Place("ES", "Catalonia", "Barcelona", "080##", "EUR", "S.L."),
    Place("IT", "Lombardy", "Milano", "201##", "EUR", "S.r.l."),
    Place("PL", "Lesser Poland", "Kraków", "31-0##", "PLN", "Sp. z o.o."),
    Place("SE", "Stockholm", "Stockholm", "111 ##", "SEK", "AB"),
    Place("GB", "England", "Manchester", "M# 4BT", "GBP", "Ltd"),
    Place("IE", "Leinster", "Dublin", "D0# X2Y4", "EUR", "Ltd"),
    Place("BR", "São Paulo", "São Paulo", "01310-###", "BRL", "Ltda."),
    Place("IN", "Karnataka", "Bengaluru", "5600##", "INR", "Pvt. Ltd."),
    Place("JP", "Osaka", "Osaka", "530-00##", "JPY", "K.K."),
    Place("AU", "Victoria", "Melbourne", "30##", "AUD", "Pty Ltd"),
    Place("SG", "Singapore", "Singapore", "0486##", "SGD", "Pte. Ltd."),
)

FIRST = (
    *("Alder", "Amber", "Anchor", "Argent", "Aspen", "Beacon", "Birch", "Blue", "Boreal", "Bright"),
    *("Cedar", "Cinder", "Clear", "Cobalt", "Copper", "Coral", "Crest", "Dawn", "Delta", "Drift", "Ember"),
    *("Fern", "Flint", "Garnet", "Glacier", "Granite", "Harbor", "Hazel", "Heron", "Iron", "Ivory"),
    *("Kestrel", "Lark", "Linden", "Lunar", "Maple", "Marble", "Meadow", "Merid", "Nimbus", "North", "Oak"),
    *("Opal", "Orchard", "Osprey", "Pine", "Quartz", "Raven", "Ridge", "Saffron", "Silver", "Slate", "Solar"),
    *("Sterling", "Summit", "Tidal", "Umber", "Vale", "Verdant", "Willow", "Wren"),
)
SECOND = (
    *("bank", "bridge", "brook", "cliff", "court", "dale", "field", "ford", "forge", "gate", "grove"),
    *("hill", "holm", "lake", "land", "mark", "moor", "point", "port", "stone", "vale", "view", "well"),
)
TRADES = (
    ("Aviation", "Aerospace"),
    ("Farms", "Agriculture"),
    ("Mobility", "Automotive"),
    ("Electronics", "Computers and Electronics"),
    ("Foods", "Consumer Goods"),
    ("Academy", "Education"),
    ("Power", "Energy - Power and Utilities"),
    ("Capital", "Financial Services"),
    ("Games", "Gaming"),
    ("Clinics", "Healthcare"),
    ("Hotels", "Hospitality"),
    ("Biotech", "Life Sciences"),
    ("Works", "Manufacturing"),
    ("Media", "Media and Entertainment"),
    ("Relief", "Non-Profit Organization"),
    ("Advisory", "Professional Services"),
    ("Homes", "Real Estate and Construction"),
    ("Stores", "Retail"),
    ("Software", "Software and Internet"),
    ("Networks", "Telecommunications"),
    ("Freight", "Transportation and Logistics"),
    ("Supply", "Wholesale and Distribution"),
    ("Collective", "Other"),
)
COMPANIES = len(FIRST) * len(SECOND) * len(TRADES)

STAGES = ("Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed", "Launched")
LOST = "Closed Lost"
LOST_REASONS = (
    *("Price", "No Opportunity", "Customer Deficiency", "Delay / Cancellation of Project", "Partner Gap"),
    *("Security / Compliance", "Technical Limitations", "Lost to Competitor - Other"),
)
OPPORTUNITY_TYPES = ("Net New Business", "Net New Business", "Expansion", "Flat Renewal")
DELIVERY_MODELS = (*("SaaS or PaaS", "BYOL or AMI", "Managed Services", "Professional Services", "Resell", "Other"),)
NEXT_STEPS = (
    *("Workshop with the platform team is booked", "Waiting for the customer's security questionnaire"),
    *("Proof of concept runs until the end of the month", "Commercial terms sent, legal review pending"),
    *("Migration plan to be presented to the board", "Pilot users selected"),
)
REVIEW_REMARKS = (
    ("Describe the business problem in more detail.", "Incomplete information"),
    ("State the expected monthly AWS revenue.", "Missing spend estimate"),
    ("The customer could not be matched; check name and website.", "Customer not validated"),
)
USE_CASES = ("Database", "Migration", "Analytics", "Machine Learning", "Storage", "Containers")
PROBLEMS = (
    "Nightly reports take until noon, and planners decide on figures of the day before.",
    "The lease of the data center ends, and the remaining systems need a new home in time.",
    "Peaks in demand bring the ordering system to a halt several times a season.",
    "Measurements from the plants arrive in five formats and cannot be compared.",
)
NEEDS = (
    *("Co-Sell - Architectural Validation", "Co-Sell - Technical Consultation", "Co-Sell - Deal Support"),
    *("Co-Sell - Pricing Assistance", "Co-Sell - Total Cost of Ownership Evaluation"),
)
SALES_ACTIVITIES = (
    *("Initialized discussions with customer", "Customer has shown interest in solution"),
    *("Conducted POC / Demo", "In evaluation / planning stage", "Agreed on solution to Business Problem"),
)
CAMPAIGNS = ("Cloud days", "Data and breakfast", "Modern workplaces")
CHANNELS = ("Email", "Live Event", "Search", "Social", "Virtual Event", "AWS Marketing Central", "Display")
COMPETITORS = ("Google Cloud Platform", "Microsoft Azure", "On-Prem", "Oracle Cloud", "No Competition", "*Other")
PEOPLE = (
    *(("Ada", "Lindqvist"), ("Bruno", "Keller"), ("Chidi", "Okoro"), ("Dana", "Morel"), ("Emil", "Novak")),
    *(("Farah", "Siddiq"), ("Greta", "Hansen"), ("Hugo", "Marin"), ("Ines", "Duarte"), ("Jun", "Watari")),
)


class Product(NamedTuple):
    """A product of AWS, with its service and categories."""

    code: str
    service: str
    categories: tuple[str, ...]


AWS_PRODUCTS = (
    Product("AmazonEC2", "EC2", ("Compute",)),
    Product("AmazonS3", "S3", ("Storage",)),
    Product("AmazonRDS", "RDS", ("Database",)),
    Product("AmazonEKS", "EKS", ("Compute", "Containers")),
    Product("AmazonRedshift", "Redshift", ("Analytics", "Database")),
    Product("AWSLambda", "Lambda", ("Compute", "Serverless")),
    Product("AmazonBedrock", "Bedrock", ("Machine Learning",)),
)
# The stages that AWS may have for each stage of the partner, the later the further along.
AWS_STAGES = {
    "Prospect": ("Not Started", "Research", "Prospect", "Engaged"),
    "Qualified": ("Identified", "Qualify", "Qualified"),
    "Technical Validation": ("Seller Engaged", "Evaluating", "Technical Validation"),
    "Business Validation": ("On-hold", "Term Sheet Negotiation", "Business Validation"),
    "Committed": ("Contract Negotiation", "Committed"),
    "Launched": ("Onboarding", "Launched", "Completed"),
    "Closed Lost": ("Closed Lost",),
}
AWS_NEXT_STEPS = (
    *("The account team meets the customer", "A specialist reviews the architecture", "Funding request is prepared"),
    *("Waiting for the partner's estimate", "The partner is asked for an update"),
)
AWS_TEAM = (
    *(("AWSSalesRep", "Kim", "Aalto"), ("AWSAccountOwner", "Lior", "Ben-Ami"), ("PDM", "Mona", "Faye")),
    *(("PSM", "Nils", "Ekberg"), ("WWPSPDM", "Olga", "Petrenko"), ("ISVSM", "Pia", "Romano")),
)
NEXT_BEST_ACTIONS = (
    *("Add the use case and the expected close date.", "Engage a specialist for the proof of concept."),
    *("Confirm the expected monthly spend with the customer.", "Share the plan for the launch."),
)
INVOLVEMENT_CHANGES = (
    *("Expansion Opportunity", "Change in Deal Information", "Customer Requested", "Technical Complexity"),
    *("Risk Mitigation",),
)


class Solution(NamedTuple):
    """A solution that the partner offers."""

    id: str
    name: str
    category: str
    status: str
    created: str
    marketplace_arn: str | None = None


_LISTED = "arn:aws:partnercentral:us-east-1:123456789012:catalog/AWS/solution/soln-0a1b2c3d4e5f6"
SOLUTIONS = (
    Solution("S-0100017", "Ledger", "Software Product", "Active", "2024-03-04T08:00:00Z", _LISTED),
    Solution("S-0100034", "Lakeside", "Software Product", "Active", "2024-05-13T09:30:00Z"),
    Solution("S-0100051", "Move to the cloud", "Consulting Service", "Active", "2024-07-22T10:00:00Z"),
    Solution("S-0100068", "Run in the cloud", "Managed Service", "Active", "2024-09-02T11:15:00Z"),
    Solution("S-0100085", "Cloud for beginners", "Training Service", "Inactive", "2024-11-18T12:00:00Z"),
    Solution("S-0100102", "Ledger for banks", "Software Product", "Draft", "2026-02-09T07:45:00Z"),
)
ACTIVE_SOLUTIONS = tuple(one.id for one in SOLUTIONS if one.status == "Active")
APN_PROGRAMS = ("APN Immersion Days", "ISV Workload Migration", "Migration Acceleration Program", "SaaS Factory")
TEAMS = ("east", "north", "public-sector", "south", "west")
