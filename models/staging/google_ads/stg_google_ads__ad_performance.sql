with results as (

    select
        result.value:segments.date::date as report_date,
        result.value:customer.id::varchar as account_id,
        result.value:customer.descriptiveName::varchar as account_name,
        result.value:customer.currencyCode::varchar as currency_code,
        result.value:customer.timeZone::varchar as account_timezone,
        result.value:campaign.id::varchar as campaign_id,
        result.value:campaign.name::varchar as campaign_name,
        lower(result.value:campaign.status::varchar) as campaign_status,
        lower(result.value:campaign.advertisingChannelType::varchar) as campaign_type,
        -- Performance Max has neither ad group nor ad; a key must not be null
        coalesce(result.value:adGroup.id::varchar, '(none)') as ad_group_id,
        result.value:adGroup.name::varchar as ad_group_name,
        coalesce(result.value:adGroupAd.ad.id::varchar, '(none)') as ad_id,
        lower(result.value:segments.device::varchar) as device,
        -- a metric that is zero may be left out
        coalesce(result.value:metrics.impressions::number(38, 0), 0) as impressions,
        coalesce(result.value:metrics.clicks::number(38, 0), 0) as clicks,
        coalesce({{ micros_to_units("result.value:metrics.costMicros") }}, 0) as spend,
        coalesce(result.value:metrics.conversions::number(18, 6), 0) as conversions,
        coalesce(result.value:metrics.conversionsValue::number(18, 6), 0) as conversion_value,
        {{ landing_run('batch._file') }} as pulled_at_run,
        batch._file,
        batch._file_version,
        batch._row,
        result.index as result_index,
        batch._loaded_at
    from {{ source('google_ads', 'search_stream') }} as batch,
        lateral flatten(input => batch.payload:results) as result

)

select *
from results
-- Google restates past days: what the last pull says of a row is what holds
qualify row_number() over (
    partition by report_date, account_id, campaign_id, ad_group_id, ad_id, device
    order by pulled_at_run desc, _loaded_at desc, _file desc, _row desc, result_index desc
) = 1
