-- What has changed within the last 7 days?
--
-- Definition: the rows of changes on the day of data_freshness.as_of or the six days before it.
-- Pitfalls: the pitfalls of changes apply. After the first sync, opportunities that were modified in these days are
-- first seen.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer in the version with the change; for one that is gone, the last
--     one seen.
--   what: Kind of change: new, first seen, gone, other, or the member that changed, as in changes.
--   old_value: Value before the change, as text; null for new, first seen and other. For gone, the last stage seen.
--   new_value: Value after the change, as text; for new and first seen, the stage. Null for other and gone.
--   changed_at: When it changed: AWS's LastModifiedDate, or CreatedDate for new, or gone_since for gone.
--   first_seen_at: When a sync first saw the change; for gone, gone_since.
SELECT
    changes.id,
    changes.customer_company_name,
    changes.what,
    changes.old_value,
    changes.new_value,
    changes.changed_at,
    changes.first_seen_at
FROM changes
JOIN data_freshness ON data_freshness.stream = 'opportunities'
WHERE DATE_DIFF('day', CAST(changes.changed_at AT TIME ZONE 'UTC' AS DATE), data_freshness.as_of_date) < 7
ORDER BY changes.changed_at DESC, changes.id, changes.what
