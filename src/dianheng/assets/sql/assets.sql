-- Stock: each statement that brings, moves or changes devices adds its differences.
create function assets_stock_insert() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into assets_stock (place_id, model_id, state, amount)
    select place_id, model_id, state, count(*) from changed group by 1, 2, 3;
    return null;
end $$;
create function assets_stock_update() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into assets_stock (place_id, model_id, state, amount)
    select place_id, model_id, state, sum(n) from (
        select place_id, model_id, state, 1 as n from changed
        union all
        select place_id, model_id, state, -1 from was
    ) both_ group by 1, 2, 3 having sum(n) <> 0;
    return null;
end $$;
create trigger stock_insert after insert on assets_device
    referencing new table as changed for each statement execute function assets_stock_insert();
create trigger stock_update after update on assets_device
    referencing old table as was new table as changed
    for each statement execute function assets_stock_update();

-- Merges the differences of each key into one row; sums stay as they are at any moment.
create function assets_stock_fold() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    merged bigint;
begin
    perform pg_advisory_xact_lock(77120003);
    with several as (
        select place_id, model_id, state from assets_stock group by 1, 2, 3 having count(*) > 1
    ), gone as (
        delete from assets_stock s using several k
         where s.place_id = k.place_id and s.model_id = k.model_id and s.state = k.state
        returning s.place_id, s.model_id, s.state, s.amount
    ), folded as (
        insert into assets_stock (place_id, model_id, state, amount)
        select place_id, model_id, state, sum(amount) from gone group by 1, 2, 3
        having sum(amount) <> 0 returning 1
    )
    select count(*) into merged from gone;
    return merged;
end $$;

-- Check digit of the 22-digit bar code: weights 3,1,3,1… from the right of the 21 body digits.
create function assets_check_digit(body text) returns text
language sql immutable strict parallel safe as $$
    select ((10 - (
        3 * (ascii(substr(body, 1, 1)) - 48) + (ascii(substr(body, 2, 1)) - 48) + 3 *
        (ascii(substr(body, 3, 1)) - 48) + (ascii(substr(body, 4, 1)) - 48) + 3 *
        (ascii(substr(body, 5, 1)) - 48) + (ascii(substr(body, 6, 1)) - 48) + 3 *
        (ascii(substr(body, 7, 1)) - 48) + (ascii(substr(body, 8, 1)) - 48) + 3 *
        (ascii(substr(body, 9, 1)) - 48) + (ascii(substr(body, 10, 1)) - 48) + 3 *
        (ascii(substr(body, 11, 1)) - 48) + (ascii(substr(body, 12, 1)) - 48) + 3 *
        (ascii(substr(body, 13, 1)) - 48) + (ascii(substr(body, 14, 1)) - 48) + 3 *
        (ascii(substr(body, 15, 1)) - 48) + (ascii(substr(body, 16, 1)) - 48) + 3 *
        (ascii(substr(body, 17, 1)) - 48) + (ascii(substr(body, 18, 1)) - 48) + 3 *
        (ascii(substr(body, 19, 1)) - 48) + (ascii(substr(body, 20, 1)) - 48) + 3 *
        (ascii(substr(body, 21, 1)) - 48)
    ) % 10) % 10)::text
$$;
revoke insert, update, delete on assets_stock from public;
