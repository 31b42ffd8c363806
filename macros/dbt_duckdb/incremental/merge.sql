{#- DuckDB's merge: by name unless the node lists columns, or whole clauses in `merge_clauses`. Where the node names no strategy,
    the table's columns are listed, so that a new column is left out as it is by the default strategy of dbt. -#}

{% macro duckdb__get_incremental_merge_sql(args_dict) -%}
    {%- do validate_merge_config(config, args_dict['target_relation']) -%}
    {{ return(duckdb__get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'],
        args_dict['dest_columns'], args_dict.get('incremental_predicates'))) }}
{%- endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
    {%- if merge_on_using_columns -%}
        USING ({{ merge_on_using_columns | join(', ') }})
    {%- else -%}
        {%- set conditions = [] -%}
        {%- for key in ([] if not unique_key else ([unique_key] if unique_key is string else unique_key)) -%}
            {%- do conditions.append('(DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key ~ ')') -%}
        {%- else -%}
            {%- do conditions.append('(FALSE)') -%}
        {%- endfor -%}
        {%- for predicate in normalize_incremental_predicates(incremental_predicates) -%}
            {%- do conditions.append('(' ~ predicate ~ ')') -%}
        {%- endfor -%}
        ON {{ conditions | join(' AND ') }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set clauses = config.get('merge_clauses') or {} -%}
    {%- set updates = config.get('merge_update_columns') or [] -%}
    {%- set excludes = config.get('merge_exclude_columns') or [] -%}
    {%- set expressions = config.get('merge_update_set_expressions') or {} -%}
    {%- set defaults = merge_clause_defaults(
        config.get('merge_update_condition'), config.get('merge_insert_condition'), updates, excludes, expressions) -%}
    {%- set listed = not config.get('incremental_strategy') -%}
    {%- set matched = clauses.get('when_matched') or [defaults['when_matched_update_explicit']
        if listed or updates or excludes or expressions else defaults['when_matched_update_by_name']] -%}
    {%- set columns = dest_columns | map(attribute='quoted') | list -%}
    {%- set explicit_insert = {
        'action': 'insert', 'mode': 'explicit', 'condition': config.get('merge_insert_condition'),
        'insert': {'columns': columns, 'values': columns},
    } -%}
    {%- set unmatched = clauses.get('when_not_matched')
        or [explicit_insert if listed else defaults['when_not_matched_insert_by_name']] -%}
    {{ config.get('sql_header', none) or '' }}

    MERGE INTO {{ target }} AS DBT_INTERNAL_DEST
        USING {{ source }} AS DBT_INTERNAL_SOURCE
        {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns'), incremental_predicates) }}
    {%- for clause in matched %}
    WHEN MATCHED{{ ' AND ' ~ clause.condition if clause.get('condition') }} THEN {{ merganser__merge_action(clause, dest_columns) }}
    {%- endfor %}
    {%- for clause in unmatched %}
    WHEN NOT MATCHED{{ ' AND ' ~ clause.condition if clause.get('condition') }} THEN {{ merganser__merge_action(clause, dest_columns) }}
    {%- endfor %}
    {%- set returned = config.get('merge_returning_columns') %}
    {{ 'RETURNING ' ~ returned | join(', ') if returned }}
{%- endmacro %}

{% macro merganser__merge_action(clause, dest_columns) -%}
    {%- set action = clause.get('action') -%}
    {%- set mode = clause.get('mode', 'by_name') -%}
    {%- if action == 'update' and mode == 'explicit' -%}
        UPDATE SET {{ merganser__assignments(clause.get('update') or {}, dest_columns) }}
    {%- elif action == 'insert' and mode == 'explicit' -%}
        {%- set insert = clause.get('insert') or {} -%}
        INSERT ({{ insert.get('columns', []) | join(', ') }}) VALUES ({{ insert.get('values', []) | join(', ') }})
    {%- elif action in ['update', 'insert'] -%}
        {{ action | upper }} {{ {'by_name': 'BY NAME', 'by_position': 'BY POSITION', 'star': 'SET *' if action == 'update' else '*'}[mode] }}
    {%- elif action == 'delete' -%}
        DELETE
    {%- elif action == 'do_nothing' -%}
        DO NOTHING
    {%- elif action == 'error' -%}
        ERROR{{ " '" ~ clause.error_message ~ "'" if clause.get('error_message') }}
    {%- else -%}
        {%- do exceptions.raise_compiler_error('Unknown action in merge_clauses: ' ~ action) -%}
    {%- endif -%}
{%- endmacro %}

{#- Expressions first, then the included columns, or all but the excluded ones. -#}
{% macro merganser__assignments(update, dest_columns) -%}
    {%- set expressions = update.get('set_expressions') or {} -%}
    {%- set parts = [] -%}
    {%- set done = [] -%}
    {%- for name, value in expressions.items() -%}
        {%- do parts.append(name ~ ' = ' ~ value) -%}
        {%- do done.append(name | lower) -%}
    {%- endfor -%}
    {%- for name in get_merge_update_columns(update.get('include'), update.get('exclude'), dest_columns) if name.strip('"') | lower not in done -%}
        {%- do parts.append(name ~ ' = DBT_INTERNAL_SOURCE.' ~ name) -%}
    {%- endfor -%}
    {{ parts | join(', ') }}
{%- endmacro %}

{% macro merge_clause_defaults(
    merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}
) %}
    {{- return({
        'when_matched_update_by_name': {'action': 'update', 'condition': merge_update_condition, 'mode': 'by_name'},
        'when_not_matched_insert_by_name': {'action': 'insert', 'condition': merge_insert_condition, 'mode': 'by_name'},
        'when_matched_update_explicit': {
            'action': 'update',
            'condition': merge_update_condition,
            'mode': 'explicit',
            'update': {
                'include': merge_update_columns,
                'exclude': merge_exclude_columns,
                'set_expressions': merge_update_set_expressions,
            },
        },
    }) -}}
{% endmacro %}
