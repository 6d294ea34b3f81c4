-- What people and spreadsheets put around and into codes, taken off: full width to plain,
-- blanks of all kinds at both ends, marks that nobody sees.
create function assets_clean(given text) returns text
language sql immutable strict parallel safe as $$
    select btrim(translate(given,
        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ．－／（）　' || U&'\00A0\200B\FEFF\2060',
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-/()  '), E' \t\r\n''')
$$;

-- The day that a text means, or null: 2026-05-01, 2026/5/1, 2026.5.1, 20260501, 2026年5月1日,
-- each also with a time behind, and the day numbers of spreadsheets (from 20000: 1954).
create function assets_day(given text) returns date
language plpgsql immutable strict parallel safe as $$
declare
    parts text[] := regexp_match(given, '^([12][0-9]{3})[-/.年]([01]?[0-9])[-/.月]([0-3]?[0-9])日?([ T].*)?$');
begin
    if parts is null then
        parts := regexp_match(given, '^([12][0-9]{3})([01][0-9])([0-3][0-9])$');
    end if;
    if parts is null then
        if given ~ '^[2-7][0-9]{4}(\.[0-9]+)?$' then
            return date '1899-12-30' + floor(given::numeric)::int;
        end if;
        return null;
    end if;
    return make_date(parts[1]::int, parts[2]::int, parts[3]::int);
exception when datetime_field_overflow then
    return null;
end $$;
