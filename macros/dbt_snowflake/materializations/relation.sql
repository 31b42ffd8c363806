{#- Tables, views and tests on Snowflake: replaced in one statement, under the node's query tag. -#}

{% materialization table, adapter='snowflake', supported_languages=['sql', 'python'] %}
    {%- set tag = set_query_tag() -%}
    {%- set language = model['language'] -%}
    {%- set there = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- set target_relation = api.Relation.create(
        identifier=model['alias'], schema=schema, database=database, type='table', table_format=catalog.table_format) -%}
    {%- set grants = config.get('grants') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if target_relation.needs_to_drop(there) -%}
        {{ drop_relation_if_exists(there) }}
    {%- endif -%}
    {%- call statement('main', language=language) -%}
        {{ create_table_as(False, target_relation, compiled_code, language) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do unset_query_tag(tag) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Column comments are in the statement already. -#}
{% materialization view, adapter='snowflake' %}
    {%- set tag = set_query_tag() -%}
    {%- set built = snowflake__create_or_replace_view() -%}
    {%- for relation in built['relations'] -%}
        {%- do persist_docs(relation, model, for_columns=false) -%}
    {%- endfor -%}
    {%- do unset_query_tag(tag) -%}
    {{ return(built) }}
{% endmaterialization %}

{% materialization test, adapter='snowflake' %}
    {%- set tag = set_query_tag() -%}
    {%- set found = materialization_test_default() -%}
    {%- do unset_query_tag(tag) -%}
    {{ return(found) }}
{% endmaterialization %}

{% materialization seed, adapter='snowflake' %}
    {%- set tag = set_query_tag() -%}
    {%- set found = materialization_seed_default() -%}
    {%- do unset_query_tag(tag) -%}
    {{ return(found) }}
{% endmaterialization %}

{% materialization snapshot, adapter='snowflake' %}
    {%- set tag = set_query_tag() -%}
    {%- set found = materialization_snapshot_default() -%}
    {%- do unset_query_tag(tag) -%}
    {{ return(found) }}
{% endmaterialization %}
