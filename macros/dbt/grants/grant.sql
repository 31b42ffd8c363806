{#- Grants: what a node's `grants` asks for against what is there. -#}

{#- Whether a rebuilt relation still has the grants of the one it replaces. -#}
{% macro copy_grants() %}{{ return(adapter.dispatch('copy_grants', 'dbt')()) }}{% endmacro %}

{% macro default__copy_grants() %}{{ return(True) }}{% endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() %}
    {{- return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) -}}
{% endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() -%}{{ return(True) }}{%- endmacro %}

{#- Nothing to revoke on what is new, or was made anew without its grants. -#}
{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
    {{- return(False if not existing_relation else (copy_grants() if full_refresh_mode else True)) -}}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}{{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}{% endmacro %}

{% macro default__get_show_grant_sql(relation) %}
    show grants on {{ relation.render() }}
{% endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}
    {{- return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) -}}
{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
    grant {{ privilege }} on {{ relation.render() }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}
    {{- return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) -}}
{% endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
    {%- set quoted = [] -%}
    {%- for name in grantees -%}
        {%- do quoted.append(adapter.quote(name)) -%}
    {%- endfor -%}
    revoke {{ privilege }} on {{ relation.render() }} from {{ quoted | join(', ') }}
{%- endmacro %}

{#- One statement per privilege, or one per privilege and grantee. -#}
{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
    {{- return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) -}}
{% endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) -%}
    {%- set together = support_multiple_grantees_per_dcl_statement() -%}
    {%- set statements = [] -%}
    {%- for privilege, grantees in grant_config.items() if grantees -%}
        {%- for group in ([grantees] if together else grantees | batch(1)) -%}
            {%- do statements.append(get_dcl_macro(relation, privilege, group)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}
    {{- adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list) -}}
{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
    {%- call statement('grants') -%}
        {%- for text in dcl_statement_list %}
            {{ text }};
        {%- endfor %}
    {%- endcall -%}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke) %}
    {{- return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) -}}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
    {%- if grant_config -%}
        {%- set extra = {} -%}
        {%- set missing = grant_config -%}
        {%- if should_revoke -%}
            {%- set present = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) -%}
            {%- set missing = diff_of_two_dicts(grant_config, present) -%}
            {%- set extra = diff_of_two_dicts(present, grant_config) -%}
            {%- if not (missing or extra) -%}
                {%- do log('On ' ~ relation.render() ~ ': All grants are in place, no revocation or granting needed.') -%}
            {%- endif -%}
        {%- endif -%}
        {%- if missing or extra -%}
            {%- do call_dcl_statements(
                get_dcl_statement_list(relation, extra, get_revoke_sql)
                + get_dcl_statement_list(relation, missing, get_grant_sql)) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
