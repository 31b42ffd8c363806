{#- Clauses of `create` statements. -#}

{#- A line `NAME = VALUE`, or nothing. -#}
{% macro optional(name, value, quote_char = '', equals_char = '= ') %}
{% if value is not none %}{{ name }} {{ equals_char }}{{ quote_char }}{{ value }}{{ quote_char }}{% endif %}
{% endmacro %}

{#- Policies, tags and grants that the relation shall have, in Snowflake's order. -#}
{% macro merganser__snowflake_governance() %}
    {{- '\n    copy grants' if copy_grants() -}}
    {%- set policy = config.get('row_access_policy') -%}
    {%- set tag = config.get('table_tag') -%}
    {{- '\n    with row access policy ' ~ policy if policy -}}
    {{- '\n    with tag (' ~ tag ~ ')' if tag -}}
{% endmacro %}

{#- The column list of a `create` that masks columns: `NAME [TYPE] [with masking policy P] [COMMENT ..]` for every column,
    or nothing without policies. A policy whose column is not in the list is an error: its column would be readable. -#}
{% macro merganser__masked_columns(comments={}, types=true) %}
    {%- set policies = config.get('merganser_policies') or {} -%}
    {%- if not policies -%}{{- return('') -}}{%- endif -%}
    {%- set parts = [] -%}
    {%- set seen = [] -%}
    {%- for column in config.get('merganser_columns') or [] -%}
        {%- set name = column.name if column is mapping else column -%}
        {%- set type = column.get('data_type') if column is mapping and types else none -%}
        {%- do parts.append(name ~ (' ' ~ type if type else '')
            ~ (' with masking policy ' ~ policies[name] if name in policies else '')
            ~ (' ' ~ comments[name] if name in comments else '')) -%}
        {%- do seen.append(name) -%}
    {%- endfor -%}
    {%- do merganser__require_masked(policies, seen) -%}
    {{- return('(\n    ' ~ parts | join(',\n    ') ~ '\n  )') -}}
{% endmacro %}

{#- The columns and constraints of an enforced contract, with masking policies. -#}
{% macro merganser__contract_columns() %}
    {%- set policies = config.get('merganser_policies') or {} -%}
    {%- if not policies -%}{{- return(get_table_columns_and_constraints()) -}}{%- endif -%}
    {%- set parts = [] -%}
    {%- set seen = [] -%}
    {%- for key, column in model['columns'].items() -%}
        {%- set name = adapter.quote(column['name']) if column.get('quote') else column['name'] -%}
        {%- set text = adapter.render_raw_columns_constraints(raw_columns={key: column}) | first -%}
        {%- do parts.append(text ~ (' with masking policy ' ~ policies[name] if name in policies else '')) -%}
        {%- do seen.append(name) -%}
    {%- endfor -%}
    {%- do merganser__require_masked(policies, seen) -%}
    {%- do parts.extend(adapter.render_raw_model_constraints(raw_constraints=model['constraints']) or []) -%}
    {{- return('\n  (\n    ' ~ parts | join(',\n    ') ~ '\n  )') -}}
{% endmacro %}

{% macro merganser__require_masked(policies, columns) %}
    {%- for name in policies if name not in columns -%}
        {%- do exceptions.raise_compiler_error('masking policy ' ~ policies[name] ~ ' is for column ' ~ name
            ~ ', which is not among the columns of ' ~ this ~ ': ' ~ columns | join(', ')) -%}
    {%- endfor -%}
{% endmacro %}
