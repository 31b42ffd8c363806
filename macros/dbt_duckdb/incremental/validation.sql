{#- Checks of a node's merge settings. Each adds to a list of errors; all are reported together. -#}

{% macro validate_string_field(field_value, field_name, errors) %}
    {%- if field_value is not none and field_value is not string -%}
        {%- do errors.append(field_name ~ ' must be a string, found: ' ~ field_value) -%}
    {%- endif -%}
{% endmacro %}

{% macro validate_string_list_field(field_value, field_name, errors) %}
    {%- if field_value is none -%}
    {%- elif field_value is string or field_value is mapping or field_value is not iterable -%}
        {%- do errors.append(field_name ~ ' must be a list') -%}
    {%- else -%}
        {%- for value in field_value if value is not string -%}
            {%- do errors.append(field_name ~ ' must contain only string values, found: ' ~ value) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro validate_dict_field(field_value, field_name, errors) %}
    {%- if field_value is not none and field_value is not mapping -%}
        {%- do errors.append(field_name ~ ' must be a dictionary, found: ' ~ field_value) -%}
    {%- endif -%}
{% endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) %}
    {{- return(normalize_string_or_list(incremental_predicates, 'incremental_predicates')) -}}
{% endmacro %}

{% macro normalize_string_or_list(raw, field_name) %}
    {%- if not raw -%}
        {{- return([]) -}}
    {%- elif raw is string -%}
        {{- return([raw]) -}}
    {%- elif raw is mapping or raw is not iterable -%}
        {%- do exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') -%}
    {%- endif -%}
    {{- return(raw | list) -}}
{% endmacro %}

{% macro validate_merge_config(config, target_relation=none) %}
    {%- set errors = [] -%}
    {%- for field in ['merge_update_condition', 'merge_insert_condition'] -%}
        {%- do validate_string_field(config.get(field), field, errors) -%}
    {%- endfor -%}
    {%- for field in ['merge_update_columns', 'merge_exclude_columns', 'merge_on_using_columns', 'merge_returning_columns'] -%}
        {%- do validate_string_list_field(config.get(field), field, errors) -%}
    {%- endfor -%}
    {%- do validate_dict_field(config.get('merge_update_set_expressions'), 'merge_update_set_expressions', errors) -%}
    {%- if config.get('merge_clauses') is not none -%}
        {%- do validate_merge_clauses(config, ['merge_update_condition', 'merge_insert_condition', 'merge_update_columns',
            'merge_exclude_columns', 'merge_update_set_expressions'], errors) -%}
    {%- endif -%}
    {%- do validate_ducklake_restrictions(config, target_relation, errors) -%}
    {%- if errors -%}
        {%- do exceptions.raise_compiler_error('MERGE configuration errors:\n' ~ errors | join('\n')) -%}
    {%- endif -%}
{% endmacro %}

{#- Whole clauses and the settings that make the default ones exclude each other. -#}
{% macro validate_merge_clauses(config, base_configuration_fields, errors) %}
    {%- set clauses = config.get('merge_clauses') -%}
    {%- if clauses is not mapping -%}
        {%- do errors.append('merge_clauses must be a dictionary, found: ' ~ clauses) -%}
    {%- else -%}
        {%- for field in base_configuration_fields if config.get(field) -%}
            {%- do errors.append(field ~ ' cannot be used together with merge_clauses') -%}
        {%- endfor -%}
        {%- for kind, entries in clauses.items() -%}
            {%- if kind in ['when_matched', 'when_not_matched'] -%}
                {%- do validate_merge_clause_list(entries, kind, errors) -%}
            {%- else -%}
                {%- do errors.append('merge_clauses has an unknown key: ' ~ kind) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro validate_merge_clause_list(merge_clauses, clause_type, errors) %}
    {%- set field = 'merge_clauses.' ~ clause_type -%}
    {%- if merge_clauses is string or merge_clauses is mapping or merge_clauses is not iterable -%}
        {%- do errors.append(field ~ ' must be a list') -%}
    {%- else -%}
        {%- set actions = ['update', 'delete', 'do_nothing', 'error'] if clause_type == 'when_matched' else ['insert', 'do_nothing', 'error'] -%}
        {%- for clause in merge_clauses -%}
            {%- if clause is not mapping -%}
                {%- do errors.append(field ~ ' must contain only dictionaries, found: ' ~ clause) -%}
            {%- elif clause.get('action') not in actions -%}
                {%- do errors.append(field ~ ' action must be one of ' ~ actions | join(', ') ~ ', found: ' ~ clause.get('action')) -%}
            {%- elif clause.get('mode', 'by_name') not in ['by_name', 'by_position', 'star', 'explicit'] -%}
                {%- do errors.append(field ~ ' mode must be one of by_name, by_position, star, explicit, found: ' ~ clause.mode) -%}
            {%- else -%}
                {%- do validate_string_field(clause.get('condition'), field ~ ' condition', errors) -%}
                {%- do validate_string_field(clause.get('error_message'), field ~ ' error_message', errors) -%}
                {%- do validate_dict_field(clause.get('update'), field ~ ' update', errors) -%}
                {%- do validate_dict_field(clause.get('insert'), field ~ ' insert', errors) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#- DuckLake runs a merge with one update or delete. -#}
{% macro validate_ducklake_restrictions(config, target_relation, errors) %}
    {%- if target_relation is not none and adapter.is_ducklake(target_relation) -%}
        {%- set changing = [] -%}
        {%- for clause in (config.get('merge_clauses') or {}).get('when_matched') or [] if clause.get('action') in ['update', 'delete'] -%}
            {%- do changing.append(clause.action) -%}
        {%- endfor -%}
        {%- if changing | length > 1 -%}
            {%- do errors.append('DuckLake supports only a single UPDATE or DELETE action in merge_clauses.when_matched') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
