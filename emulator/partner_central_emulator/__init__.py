"""A local Partner Central that real AWS clients can call.

    from partner_central_emulator import Emulator

    with Emulator(opportunities=500, seed=1) as emulator:
        client = boto3.client("partnercentral-selling", "us-east-1", endpoint_url=emulator.endpoint)
        client.list_opportunities(Catalog="AWS")
        emulator.advance(days=3)

It offers opportunities, the search for them, AWS's summaries of them, invitations, engagements with leads and members,
the tasks that link them, and solutions, in the catalogs `AWS` and `Sandbox`. Its data is invented and follows from the
seed. Days move opportunities through their stages. `docs/how-to/emulator.md` describes what a test can change and
spoil.

- Protocol, for any operation: `server.py` HTTP · `signature.py` · `quota.py` · `faults.py` · `tokens.py` NextTokens ·
  `service_model.py` validation · `service.py` the answer to a call · `control.py` control from outside ·
  `publisher.py` events to EventBridge
- `emulator.py` its life · `changes.py` its records, as tests see and change them
- `operations/` one file a family of operations
- `data/` invented records, the lists of them, and events over days
"""

from __future__ import annotations

from .data.merge import ABSENT
from .data.records import Skew
from .data.search_request import SearchState
from .data.single_reads import SingleReads
from .emulator import NOW, Emulator
from .faults import Fault, Kind
from .foreground import Options, serve
from .messages import Call, Parameters
from .publisher import EventState
from .service_model import use_loader
from .tokens import TokenKind

__all__ = [
    "ABSENT",
    "NOW",
    "Call",
    "Emulator",
    "EventState",
    "Fault",
    "Kind",
    "Options",
    "Parameters",
    "SearchState",
    "SingleReads",
    "Skew",
    "TokenKind",
    "serve",
    "use_loader",
]
