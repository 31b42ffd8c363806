{#- What a Python model finds at run time: `dbt.ref`, `dbt.source`, `dbt.config`, `dbt.this`, `dbt.is_incremental`. -#}

{% macro resolve_model_name(input_model_name) %}
    {{- return(adapter.dispatch('resolve_model_name', 'dbt')(input_model_name)) -}}
{% endmacro %}

{% macro default__resolve_model_name(input_model_name) -%}{{ input_model_name | string }}{%- endmacro %}

{#- Relations by `[package.]name[.vN]`, as the model refers to them. -#}
{% macro build_ref_function(model) %}
    {%- set found = {} -%}
    {%- for wanted in model.refs -%}
        {%- set names = [wanted.package, wanted.name] if wanted.get('package') else [wanted.name] -%}
        {%- set version = wanted.get('version') -%}
        {%- set relation = ref(*names, v=version) if version is not none else ref(*names) -%}
        {%- do found.update({names | join('.') ~ ('.v' ~ version if version is not none else ''): resolve_model_name(relation)}) -%}
    {%- endfor %}
_refs = {{ tojson(found, sort_keys=true) }}


def ref(*names, dbt_load_df_function, v=None, version=None):
    pinned = v or version
    name = ".".join(names) + (f".v{pinned}" if pinned else "")
    return dbt_load_df_function(_refs[name])
{% endmacro %}

{% macro build_source_function(model) %}
    {%- set found = {} -%}
    {%- for names in model.sources -%}
        {%- do found.update({names | join('.'): resolve_model_name(source(*names))}) -%}
    {%- endfor %}
_sources = {{ tojson(found, sort_keys=true) }}


def source(*names, dbt_load_df_function):
    return dbt_load_df_function(_sources[".".join(names)])
{% endmacro %}

{#- The settings that the model reads, with its own defaults. -#}
{% macro build_config_dict(model) %}
    {%- set values = {} -%}
    {%- for name in model.config.get('config_keys_used') or [] -%}
        {%- set default = (model.config.get('config_keys_defaults') or [])[loop.index0] -%}
        {%- do values.update({name: model.config.get(name, default)}) -%}
    {%- endfor -%}
    {%- set meta = {} -%}
    {%- for name in model.config.get('meta_keys_used') or [] -%}
        {%- set default = (model.config.get('meta_keys_defaults') or [])[loop.index0] -%}
        {%- do meta.update({name: (model.config.get('meta') or {}).get(name, default)}) -%}
    {%- endfor %}
config_dict = {{ values }}
meta_dict = {{ meta }}
{% endmacro %}

{% macro py_script_postfix(model) %}

# Below: what `dbt` is while the model runs.
{{ build_ref_function(model) }}
{{ build_source_function(model) }}
{{ build_config_dict(model) }}

class config:
    @staticmethod
    def get(name, default=None):
        return config_dict.get(name, default)

    @staticmethod
    def meta_get(name, default=None):
        return meta_dict.get(name, default)


class this:
    database = {{ tojson(this.database) }}
    schema = {{ tojson(this.schema) }}
    identifier = {{ tojson(this.identifier) }}

    def __repr__(self):
        return {{ tojson(resolve_model_name(this)) }}


class dbtObj:
    def __init__(self, load_df_function):
        self._load = load_df_function
        self.config = config
        self.this = this()
        self.is_incremental = {{ is_incremental() }}

    def ref(self, *names, **version):
        return ref(*names, dbt_load_df_function=self._load, **version)

    def source(self, *names):
        return source(*names, dbt_load_df_function=self._load)

{{ py_script_comment() }}
{% endmacro %}

{#- For adapters that add a comment on how to run the script by hand. -#}
{% macro py_script_comment() %}{% endmacro %}
