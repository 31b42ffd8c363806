{#- Snapshot strategies: how a row's versions are told apart. -#}

{#- The macro `snapshot_NAME_strategy`, of the project or of the package before the dot. -#}
{% macro strategy_dispatch(name) -%}
    {%- set parts = name.split('.', 1) -%}
    {%- set package = parts[0] if parts | length == 2 else none -%}
    {%- set wanted = 'snapshot_' ~ parts[-1] ~ '_strategy' -%}
    {%- if package is not none and package not in context -%}
        {%- do exceptions.raise_compiler_error("Could not find package '" ~ package ~ "', called with '" ~ name ~ "'") -%}
    {%- endif -%}
    {%- if package is not none -%}
        {%- set strategy = context[package][wanted] -%}
    {%- elif wanted in context -%}
        {%- set strategy = context[wanted] -%}
    {%- else -%}
        {%- set strategy = context['dbt'][wanted] -%}
    {%- endif -%}
    {%- if strategy is not defined -%}
        {%- do exceptions.raise_compiler_error(
            "The specified strategy macro '" ~ parts[-1] ~ "' was not found in package '" ~ package ~ "'") -%}
    {%- endif -%}
    {{ return(strategy) }}
{%- endmacro %}

{% macro snapshot_hash_arguments(args) -%}{{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
    md5({% for value in args -%}
        coalesce(cast({{ value }} as varchar ), '')
        {% if not loop.last %} || '|' || {% endif %}
    {%- endfor %})
{%- endmacro %}

{#- Columns that dbt adds, under the names the node gives them. -#}
{% macro get_snapshot_table_column_names() %}
    {{- return({
        'dbt_valid_to': 'dbt_valid_to',
        'dbt_valid_from': 'dbt_valid_from',
        'dbt_scd_id': 'dbt_scd_id',
        'dbt_updated_at': 'dbt_updated_at',
        'dbt_is_deleted': 'dbt_is_deleted',
    }) -}}
{% endmacro %}

{% macro merganser__snapshot_columns() %}
    {%- set names = get_snapshot_table_column_names() -%}
    {%- do names.update(config.get('snapshot_table_column_names') or {}) -%}
    {{- return(names) -}}
{% endmacro %}

{#- The arguments of a row's id: its key, then the time of its version. -#}
{% macro merganser__scd_id(unique_key, updated_at) %}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {{- return(snapshot_hash_arguments([] + keys + [updated_at])) -}}
{% endmacro %}

{#- What a strategy returns. Deleted rows: `ignore`, `invalidate` or `new_record`; the older flag means `invalidate`. -#}
{% macro merganser__strategy(model_config, updated_at, row_changed) %}
    {%- set unique_key = config.get('unique_key') or model_config.get('unique_key') -%}
    {%- set deletes = adapter.get_hard_deletes_behavior(config) -%}
    {{- return({
        'unique_key': unique_key,
        'updated_at': updated_at,
        'row_changed': row_changed,
        'scd_id': merganser__scd_id(unique_key, updated_at),
        'invalidate_hard_deletes': deletes == 'invalidate',
        'hard_deletes': deletes,
    }) -}}
{% endmacro %}

{#- Changed when the source's time is after the version's. -#}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set updated_at = config.get('updated_at') -%}
    {%- set changed = '(' ~ snapshotted_rel ~ '.' ~ merganser__snapshot_columns().dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')' -%}
    {{- return(merganser__strategy(model_config, updated_at, changed)) -}}
{% endmacro %}

{#- A pair: whether the query has columns that the snapshot lacks, and the columns both have, quoted. -#}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
    {%- if not target_exists -%}{{ return((false, [])) }}{%- endif -%}
    {%- set query = node['compiled_code'] -%}
    {%- if check_cols_config != 'all' -%}
        {%- set query = 'select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ query ~ '\n) subq' -%}
    {%- endif -%}
    {%- set present = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
    {%- set known = adapter.get_columns_in_relation(present) | map(attribute='name') | map('lower') | list -%}
    {%- set shared = [] -%}
    {%- set added = [] -%}
    {%- for name in get_columns_in_query(query) -%}
        {%- if name | lower in known -%}
            {%- do shared.append(adapter.quote(name)) -%}
        {%- else -%}
            {%- do added.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return((added | length > 0, shared)) }}
{%- endmacro %}

{#- Changed when one of the checked columns differs, a null counting as a value. A new column changes every row. -#}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set checked = config.get('check_cols') -%}
    {%- if checked != 'all' and not (checked is iterable and checked is not string and checked | length > 0) -%}
        {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ checked) -%}
    {%- endif -%}
    {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
    {%- set added, columns = snapshot_check_all_get_existing_columns(node, target_exists, checked) -%}
    {%- set tests = [] -%}
    {%- for column in columns -%}
        {%- set old = snapshotted_rel ~ '.' ~ column -%}
        {%- set new = current_rel ~ '.' ~ column -%}
        {%- do tests.append(old ~ ' != ' ~ new ~ ' or ( ((' ~ old ~ ' is null) and not (' ~ new ~ ' is null)) or ((not '
            ~ old ~ ' is null) and (' ~ new ~ ' is null)) )') -%}
    {%- endfor -%}
    {%- set changed = '(' ~ (get_true_sql() if added else tests | join(' or ')) ~ ')' -%}
    {{- return(merganser__strategy(model_config, updated_at, changed)) -}}
{% endmacro %}
