{# A table of a stream, or a query without rows where the stream is off: each model has the same columns either way. #}
{% macro table_or_empty(name) %}
    {%- set wanted = source("partner_central", name) -%}
    {%- if not execute or adapter.get_relation(wanted.database, wanted.schema, wanted.identifier) -%}
        {{ wanted }}
    {%- else -%}
        ({{ partner_central.empty_query(name) }})
    {%- endif -%}
{% endmacro %}
