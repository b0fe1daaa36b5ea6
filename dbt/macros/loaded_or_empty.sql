{#
    A table of the source. If it is not there, since its stream is off, a query of its columns without rows: so a model
    has the same columns whatever is loaded. The columns are those of models/sources.yml.
#}
{% macro loaded_or_empty(name) %}
    {%- set table = source("partner_central", name) -%}
    {%- if not execute or adapter.get_relation(table.database, table.schema, table.identifier) -%}
        {{ table }}
    {%- else -%}
        {%- set columns = graph.sources["source.partner_central.partner_central." ~ name].columns.values() -%}
        (SELECT {% for column in columns -%}
            CAST(NULL AS {{ column.data_type }}) AS {{ column.name }}{{ ", " if not loop.last }}
        {%- endfor %} WHERE 1 = 0)
    {%- endif -%}
{% endmacro %}
