-- Data as of when? And how did the last sync go?
--
-- Definition: one row for each stream, also for one that is empty or was never read. The row of opportunities is of
-- runs as a whole: as_of is the newest LastModifiedDate that AWS has shown, in UTC. It is the greatest watermark of all
-- runs, or else the newest last_modified_date. Every other view counts its days up to it. A list has as_of only if it
-- has a watermark. is_stale marks a list that was not read for more than a day before the last successful run, since it
-- was switched off, refused, or fails. Its tables keep what was read last. A run that loaded only what events named
-- (mode events) says nothing of the other opportunities. So the row of opportunities does not count it.
-- Pitfalls: as_of is AWS's time, never the clock of a machine. A wrong clock cannot make deals older or younger. It
-- does not move while nothing changes in Partner Central, and no age changes then. last_success_at, by the clock of the
-- machine that ran, shows whether syncs still run. A run that only held removals back counts as a success. The column
-- rejected counts records that cannot be rows now. The column outdated counts opportunities whose row is older than the
-- version that AWS has, because that version was rejected. rejected_since in opportunity_current marks them.
--
-- Columns:
--   stream [text]: The table of the stream's records. Example: opportunities.
--   as_of [timestamp]: Newest LastModifiedDate that AWS has shown; null if there is none yet, or the stream has no such
--     date. Example: 2026-06-10 12:00 UTC.
--   as_of_date [date]: The day of as_of in UTC. In the row of opportunities, every other view counts its days up to it.
--     Example: 2026-06-10.
--   last_success_at [timestamp]: When the last run ended that read all of it, by the clock of the machine that ran. For
--     opportunities, holding removals back is a success. So is a run in which only another list failed. Example:
--     2026-06-10 12:30 UTC.
--   last_run_at [timestamp]: When the last run began that asked for it, by the clock of the machine that ran. Example:
--     2026-06-10 13:00 UTC.
--   last_run_outcome [text]: How the last run ended, as outcome in sync_runs; null for other streams than
--     opportunities. Example: unavailable.
--   last_change_seen_at [timestamp]: When a sync first saw the newest version in opportunity_history; null for other
--     streams. Example: 2026-06-10 12:30 UTC.
--   history_since [timestamp]: When a sync first saw the oldest version in opportunity_history; null for other streams.
--     Example: 2026-06-01 12:30 UTC.
--   opportunities [integer]: Number of opportunities, including the ones that are gone; null for other streams.
--     Example: 10.
--   gone [integer]: Number of opportunities that the newest full listing lacks; null for other streams. Example: 1.
--   rejected [integer]: Number of records that cannot be rows now: see the table of the stream that ends in _rejected.
--     Example: 2.
--   outdated [integer]: Number of opportunities whose row is older than the version of AWS, which was rejected; null
--     for other streams. Example: 1.
--   records [integer]: Number of rows, including what is listed no more. Example: 10.
--   not_listed [integer]: How many of them AWS does not list any more, or a search of everything did not find; null for
--     streams that are read one id at a time. Example: 1.
--   is_stale [boolean]: True if it was not read for more than a day before the last successful run; null if it was
--     never read. Example: true.
--   waiting [integer]: Ids that are to be read, of a stream that is read one id at a time: they were never read,
--     changed since, were not found yet, were named by an event, or are read again after a full sync. Null for other
--     streams, and if it was never read. Ids that are read again because time has passed do not count. Example: 6.
WITH runs AS (
    SELECT
        run_id,
        started_at,
        finished_at,
        outcome,
        exit_code,
        watermark,
        complete,
        ROW_NUMBER() OVER (ORDER BY started_at DESC, run_id DESC) AS newest_first
    FROM sync_runs
    WHERE mode <> 'events'
), reads AS (
    SELECT
        sync_run_streams.stream,
        MAX(sync_run_streams.watermark) AS as_of,
        MAX(sync_run_streams.listed_at) AS listed_at,
        MAX(CASE WHEN sync_run_streams.complete THEN runs.finished_at END) AS last_success_at,
        MAX(runs.started_at) AS last_run_at
    FROM sync_run_streams
    JOIN sync_runs AS runs ON runs.run_id = sync_run_streams.run_id
    GROUP BY sync_run_streams.stream
), spine AS (
    SELECT
        data_as_of.as_of,
        data_as_of.as_of_date,
        (
            SELECT MAX(finished_at)
            FROM runs
            WHERE exit_code IN (0, 6) OR watermark IS NOT NULL OR complete
        ) AS last_success_at
    FROM data_as_of
), listed AS (
    SELECT 'opportunity_search_summaries' AS stream, last_listed_at FROM opportunity_search_summaries
    UNION ALL SELECT 'engagement_invitations' AS stream, last_listed_at FROM engagement_invitations
    UNION ALL SELECT 'engagements' AS stream, last_listed_at FROM engagement_presence
    UNION ALL SELECT 'engagement_resource_associations' AS stream, last_listed_at FROM engagement_resource_associations
    UNION ALL SELECT 'engagement_from_opportunity_tasks' AS stream, last_listed_at
    FROM engagement_from_opportunity_tasks
    UNION ALL SELECT 'engagement_by_accepting_invitation_tasks' AS stream, last_listed_at
    FROM engagement_by_accepting_invitation_tasks
    UNION ALL SELECT 'opportunity_from_engagement_tasks' AS stream, last_listed_at
    FROM opportunity_from_engagement_tasks
    UNION ALL SELECT 'solutions' AS stream, last_listed_at FROM solutions
), marked AS (
    SELECT
        stream,
        last_listed_at,
        MAX(last_listed_at) OVER (PARTITION BY stream) AS newest
    FROM listed
), counted AS (
    SELECT
        marked.stream,
        COUNT(*) AS records,
        COUNT(
            CASE WHEN marked.last_listed_at < marked.newest OR marked.last_listed_at < reads.listed_at THEN 1 END
        ) AS not_listed
    FROM marked
    LEFT JOIN reads ON reads.stream = marked.stream
    GROUP BY marked.stream
), rejections AS (
    SELECT 'opportunity_search_summaries' AS stream, COUNT(*) AS rejected FROM opportunity_search_summaries_rejected
    UNION ALL SELECT 'engagement_invitations' AS stream, COUNT(*) AS rejected FROM engagement_invitations_rejected
    UNION ALL SELECT 'engagements' AS stream, COUNT(*) AS rejected FROM engagements_rejected
    UNION ALL SELECT 'engagement_resource_associations' AS stream, COUNT(*) AS rejected
    FROM engagement_resource_associations_rejected
    UNION ALL SELECT 'engagement_from_opportunity_tasks' AS stream, COUNT(*) AS rejected
    FROM engagement_from_opportunity_tasks_rejected
    UNION ALL SELECT 'engagement_by_accepting_invitation_tasks' AS stream, COUNT(*) AS rejected
    FROM engagement_by_accepting_invitation_tasks_rejected
    UNION ALL SELECT 'opportunity_from_engagement_tasks' AS stream, COUNT(*) AS rejected
    FROM opportunity_from_engagement_tasks_rejected
    UNION ALL SELECT 'solutions' AS stream, COUNT(*) AS rejected FROM solutions_rejected
), read_ids AS (
    SELECT 'opportunity_details' AS stream, id, read_for, reading FROM opportunity_detail_reads
    UNION ALL SELECT 'aws_opportunity_summaries' AS stream, id, read_for, reading FROM aws_opportunity_summary_reads
    UNION ALL SELECT 'engagement_members' AS stream, id, read_for, reading FROM engagement_member_reads
), numbered_ids AS (
    SELECT
        stream,
        id,
        read_for,
        reading,
        MAX(reading) OVER (PARTITION BY stream) AS newest_reading
    FROM read_ids
), listed_opportunities AS (
    SELECT opportunities.id, opportunities.last_modified_date AS modified
    FROM opportunities
    LEFT JOIN opportunity_presence ON opportunity_presence.id = opportunities.id
    WHERE opportunity_presence.gone_since IS NULL
), marked_engagements AS (
    SELECT id, last_listed_at, MAX(last_listed_at) OVER () AS newest
    FROM engagement_presence
), listed_engagements AS (
    SELECT engagements.id, engagements.modified_at AS modified
    FROM engagements
    LEFT JOIN marked_engagements ON marked_engagements.id = engagements.id
    LEFT JOIN reads ON reads.stream = 'engagements'
    WHERE
        marked_engagements.last_listed_at IS NULL
        OR (
            marked_engagements.last_listed_at = marked_engagements.newest
            AND (reads.listed_at IS NULL OR marked_engagements.last_listed_at >= reads.listed_at)
        )
), ids AS (
    SELECT 'opportunity_details' AS stream, id, modified FROM listed_opportunities
    UNION ALL SELECT 'aws_opportunity_summaries' AS stream, id, modified FROM listed_opportunities
    UNION ALL SELECT 'engagement_members' AS stream, id, modified FROM listed_engagements
), waiting_ids AS (
    SELECT ids.stream, COUNT(*) AS waiting
    FROM ids
    LEFT JOIN numbered_ids ON numbered_ids.stream = ids.stream AND numbered_ids.id = ids.id
    WHERE
        numbered_ids.reading IS NULL
        OR numbered_ids.reading < 1
        OR numbered_ids.reading < numbered_ids.newest_reading
        OR numbered_ids.read_for < ids.modified
        OR (numbered_ids.read_for IS NULL AND ids.modified IS NOT NULL)
    GROUP BY ids.stream
), by_ids AS (
    SELECT
        'opportunity_details' AS stream,
        (SELECT COUNT(*) FROM opportunity_details) AS records,
        (SELECT COUNT(*) FROM opportunity_details_rejected) AS rejected,
        (SELECT COUNT(*) FROM opportunity_detail_reads) AS ids_read
    UNION ALL
    SELECT
        'aws_opportunity_summaries' AS stream,
        (SELECT COUNT(*) FROM aws_opportunity_summaries) AS records,
        (SELECT COUNT(*) FROM aws_opportunity_summaries_rejected) AS rejected,
        (SELECT COUNT(*) FROM aws_opportunity_summary_reads) AS ids_read
    UNION ALL
    SELECT
        'engagement_members' AS stream,
        (SELECT COUNT(*) FROM engagement_members) AS records,
        (SELECT COUNT(*) FROM engagement_members_rejected) AS rejected,
        (SELECT COUNT(*) FROM engagement_member_reads) AS ids_read
), streams AS (
    SELECT
        rejections.stream,
        rejections.rejected,
        COALESCE(counted.records, 0) AS records,
        COALESCE(counted.not_listed, 0) AS not_listed,
        CAST(NULL AS BIGINT) AS waiting
    FROM rejections
    LEFT JOIN counted ON counted.stream = rejections.stream
    UNION ALL
    SELECT
        by_ids.stream,
        by_ids.rejected,
        by_ids.records,
        CAST(NULL AS BIGINT) AS not_listed,
        CASE WHEN by_ids.ids_read > 0 THEN COALESCE(waiting_ids.waiting, 0) END AS waiting
    FROM by_ids
    LEFT JOIN waiting_ids ON waiting_ids.stream = by_ids.stream
)
SELECT
    'opportunities' AS stream,
    spine.as_of,
    spine.as_of_date,
    spine.last_success_at,
    (SELECT MAX(started_at) FROM runs) AS last_run_at,
    (SELECT MAX(outcome) FROM runs WHERE newest_first = 1) AS last_run_outcome,
    (SELECT MAX(first_seen_at) FROM opportunity_history) AS last_change_seen_at,
    (SELECT MIN(first_seen_at) FROM opportunity_history) AS history_since,
    (SELECT COUNT(*) FROM opportunities) AS opportunities,
    (SELECT COUNT(*) FROM opportunity_presence WHERE gone_since IS NOT NULL) AS gone,
    (SELECT COUNT(*) FROM opportunities_rejected) AS rejected,
    (SELECT COUNT(*) FROM opportunity_standing WHERE rejected_since IS NOT NULL) AS outdated,
    (SELECT COUNT(*) FROM opportunities) AS records,
    (SELECT COUNT(*) FROM opportunity_presence WHERE gone_since IS NOT NULL) AS not_listed,
    CASE WHEN spine.last_success_at IS NOT NULL THEN FALSE END AS is_stale,
    CAST(NULL AS BIGINT) AS waiting
FROM spine
UNION ALL
SELECT
    streams.stream,
    reads.as_of,
    CAST(reads.as_of AT TIME ZONE 'UTC' AS DATE) AS as_of_date,
    reads.last_success_at,
    reads.last_run_at,
    CAST(NULL AS TEXT) AS last_run_outcome,
    CAST(NULL AS TIMESTAMPTZ) AS last_change_seen_at,
    CAST(NULL AS TIMESTAMPTZ) AS history_since,
    CAST(NULL AS BIGINT) AS opportunities,
    CAST(NULL AS BIGINT) AS gone,
    streams.rejected,
    CAST(NULL AS BIGINT) AS outdated,
    streams.records,
    streams.not_listed,
    CASE
        WHEN streams.waiting = 0 THEN FALSE
        ELSE DATE_DIFF(
            'day',
            CAST(reads.last_success_at AT TIME ZONE 'UTC' AS DATE),
            CAST(spine.last_success_at AT TIME ZONE 'UTC' AS DATE)
        ) > 1
    END AS is_stale,
    streams.waiting
FROM streams
CROSS JOIN spine
LEFT JOIN reads ON reads.stream = streams.stream
