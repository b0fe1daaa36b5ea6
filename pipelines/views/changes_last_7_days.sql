-- What has changed within the last 7 days?
--
-- Definition: the rows of changes on the day of data_freshness.as_of or the six days before it.
-- Pitfalls: the pitfalls of changes apply. After the first sync, opportunities that were modified in these days are
-- first seen.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: G7.
--   customer_company_name [text]: Company name of the customer in the version with the change; for one that is gone,
--     the last one seen. Example: Acme.
--   what [text]: Kind of change: new, first seen, gone, other, or the member that changed, as in changes. Example:
--     first seen.
--   old_value [text]: Value before the change, as text; null for new, first seen and other. For gone, the last stage
--     seen. Example: 2026-07-31.
--   new_value [text]: Value after the change, as text; for new and first seen, the stage. Null for other and gone.
--     Example: 2026-08-15.
--   changed_at [timestamp]: When it changed: AWS's LastModifiedDate, or CreatedDate for new, or gone_since for gone.
--     Example: 2026-06-10 12:00 UTC.
--   first_seen_at [timestamp]: When a sync first saw the change; for gone, gone_since. Example: 2026-06-10 12:30 UTC.
SELECT
    changes.id,
    changes.customer_company_name,
    changes.what,
    changes.old_value,
    changes.new_value,
    changes.changed_at,
    changes.first_seen_at
FROM changes
CROSS JOIN data_as_of
WHERE DATE_DIFF('day', CAST(changes.changed_at AT TIME ZONE 'UTC' AS DATE), data_as_of.as_of_date) < 7
ORDER BY changes.changed_at DESC, changes.id, changes.what
