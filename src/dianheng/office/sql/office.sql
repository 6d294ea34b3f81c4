-- What runs out when: each statement that files, corrects or destroys pieces changes the counts.
-- One row a key, changed in place: who files waits for the number of the same series anyhow.
create function office_archive_insert() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into office_archivecount as had (fonds_id, ends_on, retention, is_secret, pieces)
    select fonds_id, ends_on, retention, secrecy = 'business', count(*) from changed
     where state = 'kept' and ends_on is not null
     group by 1, 2, 3, 4 order by 1, 2, 3, 4
        on conflict (fonds_id, ends_on, retention, is_secret)
        do update set pieces = had.pieces + excluded.pieces;
    return null;
end $$;
create function office_archive_update() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into office_archivecount as had (fonds_id, ends_on, retention, is_secret, pieces)
    select fonds_id, ends_on, retention, is_secret, sum(n) from (
        select fonds_id, ends_on, retention, secrecy = 'business' as is_secret, 1 as n from changed
         where state = 'kept' and ends_on is not null
        union all
        select fonds_id, ends_on, retention, secrecy = 'business', -1 from was
         where state = 'kept' and ends_on is not null
    ) both_ group by 1, 2, 3, 4 having sum(n) <> 0 order by 1, 2, 3, 4
        on conflict (fonds_id, ends_on, retention, is_secret)
        do update set pieces = had.pieces + excluded.pieces;
    return null;
end $$;
create trigger count_insert after insert on office_archivepiece
    referencing new table as changed for each statement execute function office_archive_insert();
create trigger count_update after update on office_archivepiece
    referencing old table as was new table as changed
    for each statement execute function office_archive_update();

insert into office_archivecount (fonds_id, ends_on, retention, is_secret, pieces)
select fonds_id, ends_on, retention, secrecy = 'business', count(*) from office_archivepiece
 where state = 'kept' and ends_on is not null group by 1, 2, 3, 4;
