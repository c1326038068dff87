{#
    What sqlfluff reads in place of the project's macros that models call: a value.
#}
{% macro coordinates_text(ap, ml, depth) %}null{% endmacro %}
{% macro exact_integer(value) %}null{% endmacro %}
{% macro explode(list, position, element) %}{{ list }} as {{ element }}{% endmacro %}
{% macro explode_json(value, path, known=[], keep_nulls=false) %}null{% endmacro %}
{% macro explode_list(fields, name, value, path, keep_nulls=false) %}null{% endmacro %}
{% macro instrument_name(text) %}null{% endmacro %}
{% macro invalid_columns(fields) %}null{% endmacro %}
{% macro invalid_fields(fields) %}null{% endmacro %}
{% macro is_partition_value(text) %}null{% endmacro %}
{% macro json_content(text) %}null{% endmacro %}
{% macro json_is(value, type) %}true{% endmacro %}
{% macro json_is_null(value) %}true{% endmacro %}
{% macro json_is_valid(text) %}null{% endmacro %}
{% macro json_known_object(fields, value, path, name) %}null{% endmacro %}
{% macro json_object(fields, key, name) %}null{% endmacro %}
{% macro json_object_text(value, main=none) %}null{% endmacro %}
{% macro json_or_text(value, text) %}null{% endmacro %}
{% macro json_slot(value, path) %}null{% endmacro %}
{% macro json_struct(text, shape) %}null{% endmacro %}
{% macro json_type(value) %}null{% endmacro %}
{% macro list_in_order(value, position, where='true') %}null{% endmacro %}
{% macro local_time(text) %}null{% endmacro %}
{% macro material_name(name, virus) %}null{% endmacro %}
{% macro model_hash(name, prefix) %}null{% endmacro %}
{% macro model_source_url(name, prefix) %}null{% endmacro %}
{% macro parse_number(text) %}null{% endmacro %}
{% macro parse_timestamp(text) %}null{% endmacro %}
{% macro person_name(text) %}null{% endmacro %}
{% macro parse_time_in_name(text) %}null{% endmacro %}
{% macro time_at_end_of_name(name) %}null{% endmacro %}
{% macro time_in_name(name) %}null{% endmacro %}
{% macro trimmed(text) %}null{% endmacro %}
{% macro read(fields, key) %}null{% endmacro %}
{% macro read_column(fields, column) %}null{% endmacro %}
{% macro read_rest(fields, name, keep=[]) %}null{% endmacro %}
{% macro utc_offset_minutes(text) %}null{% endmacro %}
{% macro worst_status(counts) %}null{% endmacro %}
