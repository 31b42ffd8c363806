{#- Seeds on DuckDB: the file is copied by the engine itself, unless `fast: false` asks for bound values. -#}

{% macro duckdb__get_binding_char() %}{{ return(adapter.get_binding_char()) }}{% endmacro %}

{% macro duckdb__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{% macro duckdb__load_csv_rows(model, agate_table) %}
    {%- if config.get('fast', true) -%}
        {%- set text = "COPY " ~ this.render() ~ " FROM '" ~ adapter.get_seed_file_path(model)
            ~ "' (FORMAT CSV, HEADER TRUE, DELIMITER '" ~ config.get('delimiter', ',') ~ "')" -%}
        {%- do adapter.add_query(text, abridge_sql_log=True) -%}
        {{- return(text) -}}
    {%- endif -%}
    {{- return(default__load_csv_rows(model, adapter.convert_datetimes_to_strs(agate_table))) -}}
{% endmacro %}
