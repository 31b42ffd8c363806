{#- A clone of another environment's relation: a clone of a table where there is such a thing, else a view of it. -#}

{% materialization clone, default %}
    {%- if not defer_relation -%}
        {%- do log('No relation found in state manifest for ' ~ model.unique_id, info=True) -%}
        {{ return({'relations': []}) }}
    {%- endif -%}
    {%- set there = load_cached_relation(this) -%}
    {%- if there and not flags.FULL_REFRESH -%}
        {%- do log('Relation ' ~ there ~ ' already exists', info=True) -%}
        {{ return({'relations': [there]}) }}
    {%- endif -%}
    {%- set other = load_cached_relation(defer_relation) -%}
    {%- set grants = config.get('grants') -%}
    {%- if other and other.type == 'table' and can_clone_table() -%}
        {%- set target_relation = this.incorporate(type='table') -%}
        {%- if there is not none and not there.is_table -%}
            {%- do drop_relation_if_exists(there) -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {{ create_or_replace_clone(target_relation, defer_relation) }}
        {%- endcall -%}
        {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
        {%- do persist_docs(target_relation, model) -%}
        {{ return({'relations': [target_relation]}) }}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set name = 'materialization_view_' ~ adapter.type() -%}
    {%- set build = context.get(name) or context['materialization_view_default'] -%}
    {{ return(build()) }}
{% endmaterialization %}
