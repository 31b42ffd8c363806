{#- DuckDB's hooks: leaving the transaction is the materialization's affair, so nothing is committed here. -#}

{% macro run_hooks(hooks, inside_transaction=True) %}
    {% for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) %}
        {% set text = render(hook.get('sql')) | trim %}
        {% if text %}
            {% call statement(auto_begin=inside_transaction) %}
                {{ text }}
            {% endcall %}
        {% endif %}
    {% endfor %}
{% endmacro %}
