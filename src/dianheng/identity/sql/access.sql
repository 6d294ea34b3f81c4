-- The security log: rows are added, never changed, and removed only by access_clean_up().

create function access_kept() returns trigger language plpgsql as $$
begin
    -- Inside access_clean_up() the owner acts; the program's role has no way of its own.
    if tg_op = 'DELETE' and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
        return null;
    end if;
    raise exception '% of % refused: its rows are kept as written', lower(tg_op), tg_table_name
        using errcode = 'DH002';
end $$;
create trigger access_kept before update or delete or truncate on identity_accessevent
    for each statement execute function access_kept();

-- Removes what is older, and leaves number, span and digest as evidence of the open batch.
-- The digest is SHA-256 over the SHA-256 of each row's text, in the order of their numbers.
create function access_clean_up(older_than timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp
set timezone = 'UTC' set datestyle = 'ISO' as $$
declare
    gone record;
    record_id bigint;
begin
    perform audit_batch_id();
    if older_than > now() - interval '6 months' then
        raise exception 'events of the last six months are kept' using errcode = 'DH002';
    end if;
    with removed as (delete from identity_accessevent e where at < older_than returning e.id, e.at, e::text as line)
    select count(*) as n, min(at) as first_at, max(at) as last_at,
           sha256(coalesce(string_agg(sha256(convert_to(line, 'UTF8')), ''::bytea order by id), ''::bytea)) as digest
      into gone from removed;
    insert into identity_accesscleanup (before, event_count, first_at, last_at, digest)
    values (older_than, gone.n, gone.first_at, gone.last_at, gone.digest) returning id into record_id;
    return record_id;
end $$;

-- What the owner's default privileges gave away is taken back.
do $$
declare
    role_ record;
begin
    for role_ in
        select distinct grantee from information_schema.role_table_grants
         where table_schema = 'public' and grantee <> current_user and table_name = 'identity_accessevent'
    loop
        execute format('revoke update, delete, truncate, references, trigger on identity_accessevent from %I', role_.grantee);
        execute format('revoke insert on identity_accesscleanup from %I', role_.grantee);
    end loop;
end $$;
