"""`partner-central emulator`: runs a local Partner Central."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Token = Literal["offset", "position", "snapshot"]
Skew = Literal["uniform", "skewed", "minute", "hour", "instant"]


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    opportunities: Annotated[int, typer.Option(min=0, help="How many the catalog AWS starts with.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same data.")] = 1,
    latency_ms: Annotated[float, typer.Option(min=0, help="Milliseconds each answer takes.")] = 0,
    rps: Annotated[float, typer.Option(min=0, help="Reads a second before ThrottlingException; 0 for no limit.")] = 10,
    burst: Annotated[float, typer.Option(min=1, help="Reads that may come at once.")] = 10,
    token: Annotated[Token, typer.Option(help="What a NextToken remembers.")] = "offset",  # noqa: S107 - of a page
    change_rate: Annotated[float, typer.Option(min=0, help="Opportunities a minute that change by themselves.")] = 0,
    fault_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of calls that meet a random fault.")] = 0,
    milliseconds: Annotated[bool, typer.Option("--milliseconds", help="Timestamps with milliseconds.")] = False,
    skew: Annotated[
        Skew,
        typer.Option(
            help="How CreatedDates lie: over 18 months, skewed to two hours and one instant, a third within a minute, "
            "or all in an hour or an instant."
        ),
    ] = "uniform",
    events_endpoint: Annotated[
        str | None, typer.Option(help="URL of an EventBridge endpoint that is told of each change.", metavar="URL")
    ] = None,
) -> None:
    """Run a local Partner Central until Ctrl-C, for any AWS client. It listens on 127.0.0.1 only."""
    from botocore.loaders import create_loader

    from partner_central.public import with_extras
    from partner_central_emulator import Emulator, serve, use_loader

    use_loader(with_extras(create_loader()))

    def ready(running: Emulator) -> None:
        typer.echo(
            f"Partner Central is emulated on {running.endpoint}. Point any AWS client at it (any credentials do):\n"
            f"  export AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING={running.endpoint}\n"
            f"Let days pass: curl -d '{{\"days\": 3}}' {running.endpoint}/_control/advance"
        )

    try:
        serve(
            ready,
            port=port,
            opportunities=opportunities,
            seed=seed,
            latency_ms=latency_ms,
            rps=rps or None,
            burst=burst,
            token=token,
            change_rate=change_rate,
            fault_rate=fault_rate,
            milliseconds=milliseconds,
            skew=skew,
            events=events_endpoint,
        )
    except OSError as error:
        typer.echo(f"Port {port} cannot be used: {error.strerror}.", err=True)
        raise typer.Exit(2) from None
