-- All pairs of neighbouring signs of a text, for words of two Chinese characters.
create function bigrams(text text) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct substr(text, i, 2)), '{}')
      from generate_series(1, length(text) - 1) i
$$;
create index place_pieces on assets_place using gin (bigrams(upper(code || ' ' || name)));
