-- The audit trail that the application cannot skip (docs/explanation/audit.md).
--
-- audit_batch      one per transaction that writes: who, for whom, what, why, by which request
-- audit_statement  one per SQL statement that changed rows: how many, digest, a tag per row
-- audit_shape      the columns that a statement's digest covers, so that later columns change nothing
-- audit_<table>    every image that a row of <table> ever had (kind "history")
-- audit_seal       the chain: one sealer links committed batches, so no writer waits for another
--
-- Evidence tables keep no history: their rows are written once. A hidden column
-- audit_statement_id ties each row to the statement that brought it.

create table audit_batch (
    id bigint generated always as identity primary key,
    transaction_id xid8 not null default pg_current_xact_id(),
    actor_id bigint not null,
    actor_name text not null,
    acting_for_id bigint,
    acting_for_name text not null default '',
    action text not null check (action <> ''),
    reason text not null default '',
    via text not null default '',
    request_id text not null default '',
    began_at timestamptz not null default now()
);
create index audit_batch_actor on audit_batch (actor_id, id);
create index audit_batch_began on audit_batch (began_at);

create table audit_unsealed (batch_id bigint primary key);

create table audit_shape (
    id integer generated always as identity primary key,
    table_name text not null,
    columns text[] not null,
    unique (table_name, columns)
);

create table audit_table (
    table_name text primary key,
    kind text not null check (kind in ('history', 'evidence')),
    shape_id integer not null references audit_shape
);

create sequence audit_statement_seq;
create table audit_statement (
    id bigint primary key,
    batch_id bigint not null,
    shape_id integer not null,
    operation "char" not null,
    row_count bigint not null,
    first_row bigint,
    last_row bigint,
    digest bytea not null,
    row_tags bytea not null
);
create index audit_statement_batch on audit_statement (batch_id);

create table audit_seal (
    position bigint primary key,
    batch_id bigint not null unique,
    previous bytea not null,
    digest bytea not null,
    sealed_at timestamptz not null default clock_timestamp()
);

-- Opens the batch of this transaction; every later write of the transaction belongs to it.
create function audit_open(
    actor_id bigint, actor_name text, acting_for_id bigint, acting_for_name text,
    action text, reason text, via text, request_id text
) returns table (id bigint, began_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    opened audit_batch;
begin
    insert into audit_batch (actor_id, actor_name, acting_for_id, acting_for_name, action, reason, via, request_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning * into opened;
    insert into audit_unsealed values (opened.id);
    perform set_config('dianheng.batch', opened.id::text, true);
    return query select opened.id, opened.began_at;
end $$;

-- The batch of this transaction; a write without one is refused.
create function audit_batch_id() returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    batch text := current_setting('dianheng.batch', true);
begin
    if batch is null or batch = '' then
        raise exception 'write without actor' using errcode = 'DH001',
            hint = 'Open a batch with audit_open() in the same transaction.';
    end if;
    perform 1 from audit_batch b
      where b.id = batch::bigint and b.transaction_id = pg_current_xact_id_if_assigned();
    if not found then
        raise exception 'write without actor: batch % is not of this transaction', batch
            using errcode = 'DH001';
    end if;
    return batch::bigint;
end $$;

-- Number of the running statement on an evidence table; default of the hidden column.
create function audit_tag(table_name text) returns bigint
language sql stable as $$ select current_setting('dianheng.statement_' || table_name)::bigint $$;

create function audit_before_evidence() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform audit_batch_id();
    perform set_config('dianheng.statement_' || tg_table_name,
                       nextval('audit_statement_seq')::text, true);
    return null;
end $$;

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% of % refused: its rows are kept as written', lower(tg_op), tg_table_name
        using errcode = 'DH002';
end $$;

-- Puts a table under audit; called again after a migration changed its columns.
-- Hidden columns (password and token digests) are neither recorded nor covered.
create function audit_install(target text, wanted text, hidden text[] default '{}') returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    names text[];
    shape integer;
    row_text text;
    history text := 'audit_' || target;
    key text;
    column_ record;
    role_ record;
begin
    if wanted = 'evidence' then
        execute format('alter table %I add column if not exists audit_statement_id bigint', target);
        execute format('alter table %I alter audit_statement_id set default audit_tag(%L), alter audit_statement_id set not null', target, target);
    end if;
    select array_agg(attname::text order by attnum) into names from pg_attribute
     where attrelid = target::regclass and attnum > 0 and not attisdropped
       and attname <> 'audit_statement_id' and attname <> all (hidden);
    select a.attname into strict key from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indrelid = target::regclass and i.indisprimary and i.indnkeyatts = 1;
    insert into audit_shape (table_name, columns) values (target, names)
        on conflict (table_name, columns) do update set table_name = excluded.table_name
        returning id into shape;
    insert into audit_table values (target, wanted, shape)
        on conflict (table_name) do update set shape_id = excluded.shape_id, kind = excluded.kind;
    select string_agg(format('n.%I', name), ', ' order by ord) into row_text
      from unnest(names) with ordinality as u(name, ord);

    if wanted = 'history' then
        if to_regclass(history) is null then
            execute format('create table %I (statement_id bigint not null)', history);
        end if;
        for column_ in
            select attname, format_type(atttypid, atttypmod) as type from pg_attribute
             where attrelid = target::regclass and attname = any (names)
        loop
            execute format('alter table %I add column if not exists %I %s',
                           history, column_.attname, column_.type);
        end loop;
        execute format('create index if not exists %I on %I (%I)', history || '_key', history, key);
    end if;

    execute format($f$
        create or replace function %1$I() returns trigger
        language plpgsql security definer set search_path = public, pg_temp
        set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'iso_8601'
        set bytea_output = 'hex' set extra_float_digits = 1 as $body$
        declare
            batch bigint := audit_batch_id();
            statement bigint;
        begin
            if not exists (select from changed) then return null; end if;
            %2$s
            insert into audit_statement
            select statement, batch, %3$s, tg_op::"char", count(*), min(id), max(id),
                   sha256(string_agg(h, ''::bytea order by id)),
                   string_agg(substr(h, 1, 8), ''::bytea order by id)
              from (select n.%5$I as id, sha256(convert_to(row(%4$s)::text, 'UTF8')) as h from changed n) hashed;
            return null;
        end $body$ $f$,
        'audit_write_' || target,
        case wanted when 'history' then format($f$
            statement := nextval('audit_statement_seq');
            insert into %I (statement_id, %s) select statement, %s from changed n;
            $f$, history,
            (select string_agg(format('%I', name), ', ' order by ord) from unnest(names) with ordinality as u(name, ord)),
            row_text)
        else format($f$
            statement := current_setting(%L)::bigint;
            if exists (select from changed where audit_statement_id <> statement) then
                raise exception 'audit_statement_id is not for the writer to set' using errcode = 'DH002';
            end if;
            $f$, 'dianheng.statement_' || target)
        end,
        shape, row_text, key);

    execute format('create or replace trigger audit_insert after insert on %I referencing new table as changed for each statement execute function %I()', target, 'audit_write_' || target);
    if wanted = 'history' then
        execute format('create or replace trigger audit_update after update on %I referencing new table as changed for each statement execute function %I()', target, 'audit_write_' || target);
        execute format('create or replace trigger audit_delete after delete on %I referencing old table as changed for each statement execute function %I()', target, 'audit_write_' || target);
        execute format('create or replace trigger audit_truncate before truncate on %I for each statement execute function audit_refuse()', target);
    else
        execute format('create or replace trigger audit_before before insert on %I for each statement execute function audit_before_evidence()', target);
        execute format('create or replace trigger audit_refuse before update or delete or truncate on %I for each statement execute function audit_refuse()', target);
    end if;

    -- What the owner's default privileges gave away is taken back.
    for role_ in
        select distinct grantee, table_name from information_schema.role_table_grants
         where table_schema = 'public' and grantee <> current_user
           and table_name in (target, history, 'audit_batch', 'audit_unsealed', 'audit_shape',
                              'audit_table', 'audit_statement', 'audit_seal')
    loop
        execute format('revoke %s on %I from %I',
            case when role_.table_name <> target then 'insert, update, delete, truncate, references, trigger'
                 when wanted = 'evidence' then 'update, delete, truncate, references, trigger'
                 else 'truncate, references, trigger' end,
            role_.table_name, role_.grantee);
    end loop;
end $$;

-- The text that the chain covers; dates in UTC whatever the session.
create function audit_batch_text(wanted bigint) returns text
language sql stable set timezone = 'UTC' set datestyle = 'ISO' set search_path = public, pg_temp as $$
    select row(id, actor_id, actor_name, acting_for_id, acting_for_name, action, reason, via,
               request_id, began_at)::text
      from audit_batch where id = wanted
$$;
create function audit_statement_text(s audit_statement) returns text
language sql stable set search_path = public, pg_temp as $$
    select row(s.id, s.batch_id, h.table_name, h.columns, s.operation, s.row_count,
               s.first_row, s.last_row, encode(s.digest, 'hex'),
               encode(sha256(s.row_tags), 'hex'))::text
      from audit_shape h where h.id = s.shape_id
$$;
create function audit_batch_digest(previous bytea, wanted bigint) returns bytea
language sql stable set search_path = public, pg_temp as $$
    select sha256(previous || convert_to(audit_batch_text(wanted) || coalesce(
        (select string_agg(e'\n' || audit_statement_text(s), '' order by s.id)
           from audit_statement s where s.batch_id = wanted), ''), 'UTF8'))
$$;

-- Chains what has been committed, oldest first; returns how many batches.
create function audit_seal_batches(at_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    batch bigint;
    place bigint;
    link bytea;
    next_link bytea;
    sealed integer := 0;
begin
    perform pg_advisory_xact_lock(77120001);
    select position, digest into place, link from audit_seal order by position desc limit 1;
    place := coalesce(place, 0);
    link := coalesce(link, sha256('dianheng audit 1'::bytea));
    for batch in select batch_id from audit_unsealed order by batch_id limit at_most loop
        next_link := audit_batch_digest(link, batch);
        place := place + 1;
        insert into audit_seal (position, batch_id, previous, digest) values (place, batch, link, next_link);
        delete from audit_unsealed where batch_id = batch;
        link := next_link;
        sealed := sealed + 1;
    end loop;
    return sealed;
end $$;
