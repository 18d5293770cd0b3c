-- Order confirmations and the like are few and leave before all else: they are found without passing by the others.
CREATE INDEX outbox_transactional ON outbox (channel, due_at)
    WHERE kind = 'transactional' AND state IN ('queued', 'deferred');
