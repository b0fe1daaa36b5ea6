-- What has changed within the last 7 days?
--
-- Definition: the rows of changes on the day of data_freshness.as_of or the six days before it.
-- Pitfalls: the pitfalls of changes apply. After the first sync, opportunities that were modified in these days are
-- first seen.
SELECT
    changes.id,
    changes.customer_company_name,
    changes.what,
    changes.old_value,
    changes.new_value,
    changes.changed_at,
    changes.first_seen_at
FROM changes
CROSS JOIN data_freshness
WHERE DATE_DIFF('day', CAST(changes.changed_at AT TIME ZONE 'UTC' AS DATE), data_freshness.as_of_date) < 7
