"""dlt's run context for a command, which sets up no HTTP client.

dlt sets one up at every start, for sources that read over HTTP. This one reads through botocore. To import that client
takes longer than the call of a run with nothing new.
"""

from __future__ import annotations

from dlt.common import logger
from dlt.common.configuration.container import Container
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.exec_info import dlt_version_info
from dlt.common.runtime.run_context import RunContext


def leave_out_http() -> None:
    """Puts the context in place, where dlt has none in this process yet, and no plugin of the user brings its own."""
    container = Container()
    if PluggableRunContext in container:
        return
    plugged = PluggableRunContext()
    if type(plugged.context) is RunContext:
        plugged.context = _WithoutHttp(run_dir=None)
    container[PluggableRunContext] = plugged


class _WithoutHttp(RunContext):
    """The context of dlt's own; where it reports to somebody, it is set up as dlt does."""

    def initialize_runtime(self, runtime_config: RuntimeConfiguration | None = None) -> None:
        """Sets up dlt's log as its settings say."""
        config = runtime_config or resolve_configuration(RuntimeConfiguration())
        if config.dlthub_telemetry or config.sentry_dsn or config.dlthub_dsn:
            super().initialize_runtime(config)
            return
        self._runtime_config = config
        version = dlt_version_info(config.pipeline_name)
        logger.LOGGER = logger._create_logger(  # noqa: SLF001 - what dlt's own context calls, with the same arguments
            self.name, config.log_level, config.log_format, config.pipeline_name or "", version
        )
